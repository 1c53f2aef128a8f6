"""``python -m benchmarks hostile``: what others notice of somebody who means harm."""
