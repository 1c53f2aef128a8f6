"""``python -m benchmarks hostile``: what other people notice of an attack."""
