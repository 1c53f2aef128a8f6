"""The codec for IRC clients (RFC 1459, RFC 2812, modern.ircdocs.horse, IRCv3).

``message`` reads and writes single lines, ``events`` encodes what happens in rooms, once for all
clients with the same capabilities, and ``talk`` is the half that belongs to one client: it turns
lines into commands (``requests`` and the modules that it lists) and answers into lines
(``answers``, ``refusals``). docs/irc.md describes what is supported.
"""
