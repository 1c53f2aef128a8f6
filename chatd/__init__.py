"""chatd: one chat, every door.

A person or a program comes in through a *door* (``doors/``), which turns a transport into lines; a
*codec* (``codecs/``) turns lines into commands, and events into lines. Between them stands the
core, which knows no Twisted: ``actions`` carries out ``commands`` on the ``registry`` and its
rooms, and every ``room`` appends ``events`` to its ``log``. What is new in a log goes out through
``fanout`` and one ``outlet`` a connection. ``tap`` wires it all; ``client/`` is the terminal
client.
"""

from __future__ import annotations

__version__ = "0.1.0"
