"""How the descriptions of ``--listen`` are read."""

from __future__ import annotations

import re


def arguments(text: str) -> tuple[str, dict[str, str]]:
    r"""The argument without a name, empty if there is none, and those with names, in what follows
    the kind of an endpoint: ``/run/chatd.sock:mode=660``.

    ``\`` quotes the character after it, as in Twisted's own endpoints.
    """
    plain, named = "", {}
    for part in re.findall(r"(?:\\.|[^\\:])+", text):
        name, value = re.findall(r"^(?:([a-z]+)=)?(.*)$", part, re.DOTALL)[0]
        value = re.sub(r"\\(.)", r"\1", value)
        if name:
            named[name] = value
        else:
            plain = value
    return plain, named
