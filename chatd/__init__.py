"""chatd: one chat, every door.

A person or a program connects through a *door* (``doors/``), which turns a transport into lines. A
*codec* (``codecs/``) turns lines into commands, and events into lines. The core (``core/``) does
not use Twisted: an action carries out each command, and a room appends what happens to its log. The
fan-out (``delivery/``) broadcasts new events to one outlet per connection. ``store/`` keeps the
logs on disk, ``tap.py`` connects the parts, and ``client/`` is the terminal client.
"""

from __future__ import annotations

__version__ = "0.1.0"
