"""The core: the chat itself, without a transport, a codec or a disk.

A :mod:`command <chatd.core.commands>` arrives, an action carries it out, and whatever happens in a
room becomes an :mod:`event <chatd.core.events>` in the room's :mod:`log <chatd.core.log>`; what one
person is told is an :mod:`answer <chatd.core.answers>`. Nothing here imports Twisted or does I/O:
the clock, the logs and the output of a session are passed in.
"""
