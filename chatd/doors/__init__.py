"""Doors: each speaks the language of a transport, and knows nothing of chat."""
