"""Codecs: bytes into commands, events and answers into bytes.

A codec knows nothing of the transport that its bytes travel on; ``base.py`` says what every codec
offers.
"""
