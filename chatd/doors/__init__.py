"""Doors: each speaks the language of a transport, and nothing of chat."""
