"""The core: what a chat is, without a transport, a codec or a disk.

A :mod:`command <chatd.core.commands>` comes in, an action carries it out, and what happens in a
room is an :mod:`event <chatd.core.events>` in the room's :mod:`log <chatd.core.log>`. Nothing here
imports Twisted or does I/O: time, logs and the way out to a person are passed in.
"""
