"""The reason why the server does not start."""

from __future__ import annotations


class CannotStart(Exception):
    """The server cannot start as it was asked to; the text says why in one line, for the
    operator."""
