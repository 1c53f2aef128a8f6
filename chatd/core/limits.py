"""Every limit, with its unit and where the figure comes from."""

from __future__ import annotations

from typing import Final

# -- Lines and texts -------------------------------------------------------------------------------

LINE_BYTES: Final = 4096
"""The longest line a person may send, in bytes without its end. Eight times IRC's 512 (RFC 2812,
2.3): room for a paragraph in a script of three or four bytes a character, small enough that a
thousand unfinished lines are 4 MiB."""

NICK_CHARACTERS: Final = 32
"""The longest nick, in characters after normalisation: it must leave room for a text on an
80-column line."""

ROOM_CHARACTERS: Final = 50
"""The longest room name, in characters without the ``#``: IRC's limit for a channel (RFC 2812,
1.3)."""

TOPIC_CHARACTERS: Final = 300
"""The longest topic, in characters: what most IRC networks allow (TOPICLEN)."""

AWAY_CHARACTERS: Final = 300
"""The longest text of somebody who is away, in characters: a topic's, since lists of members hold
hundreds of them."""

TOKEN_CHARACTERS: Final = (16, 128)
"""The shortest and longest token of a program, in characters: 16 of base64 hold 96 random bits."""

ID_CHARACTERS: Final = 64
"""The longest ``id`` of a message, in characters: a UUID has 36."""

# -- Rooms and persons -----------------------------------------------------------------------------

ROOMS_PER_SESSION: Final = 20
"""The rooms that one person can be in at once: more than anybody follows, and a bound on what one
connection costs."""

ROOMS: Final = 1000
"""The rooms that a server keeps, in number. With ``LOG_BYTES`` this bounds what all logs take."""

IGNORED_PER_SESSION: Final = 100
"""The nicks that one person can ignore, in number."""

SCROLLBACK_EVENTS: Final = 20
"""The events shown on entering a room, in number: a screenful."""

HISTORY_EVENTS: Final = 100
"""The most events that one answer holds, in number: what fits into an answer without holding up
anybody."""

FOUND_EVENTS: Final = 20
"""The messages that a search shows, in number, unless it asks for more (at most
``HISTORY_EVENTS``): a screenful."""

SEARCHED_EVENTS: Final = 5_000
"""The events that a search looks through where the log is in memory alone, in number: some 10 ms,
in which nobody is served."""

NAMES_SHOWN: Final = 500
"""The most members or rooms that one answer names, in number: a room of ten thousand must not cost
the square of that."""

# -- The log ---------------------------------------------------------------------------------------

LOG_EVENTS: Final = 10_000
"""The events that a log in memory holds, in number: a busy day of a team."""

LOG_BYTES: Final = 2 << 20
"""The text that a log in memory holds, in bytes (2 MiB): with ``ROOMS`` full rooms, 2 GiB at the
very worst."""

LOG_PAGE_EVENTS: Final = 128
"""The events that are read from the disk at once, in number: about what a reader who is behind is
given at once."""

LOG_PAGES: Final = 64
"""The pages of older events that are kept in memory for all readers together, in number: some 4 MiB
of usual talk."""

PENDING_EVENTS: Final = 50_000
"""The events that may be on their way to the disk, in number: a disk that hangs must not fill the
memory."""

IDS_KNOWN: Final = 200_000
"""The ids, in number, that memory knows of messages that it no longer has, so that a new one is
known to be new: 14 to 19 MiB, and 22 for the moment in which a table grows (measured)."""

IDS_PER_SENDER: Final = 10_000
"""The ids that are learnt from the disk of a sender who comes back, in number: some milliseconds.
Of one who has used more, each message is looked up."""

KEEP_NOTICE_SECONDS: Final = 86_400
"""How long it is announced that a room will be kept for a shorter time, in seconds, before
something is deleted: whoever looks in once a day can object."""

KEEP_STEP_SECONDS: Final = 600
"""The smallest step in which what is too old is deleted, in seconds; otherwise it is a
twenty-fourth of the time that is kept."""

UNKEPT_SECONDS: Final = 600
"""How long memory holds what is said in a room of which nothing is kept, in seconds: a link that
breaks can be mended by then."""

ROOMS_STORED: Final = 10_000
"""The rooms that a log on disk keeps, in number: the end of each is in memory, some 5 KiB."""

RUNS_KNOWN: Final = 1000
"""The runs of a server, in number, whose events a client can resume from: a year of restarts, some
three a day."""

RUN_STARTS: Final = 50_000
"""The starts of rooms, in number, that are remembered with these runs; where there are more, fewer
runs are. They take some 7 MiB."""

PRIVATE_IDS: Final = 10_000
"""The private messages, in number, whose ``id`` is remembered, also over a restart, so that one
sent again is not told twice."""

# -- Connections -----------------------------------------------------------------------------------

GREETING_SECONDS: Final = 0.3
"""How long a caller may be silent before it is taken for a person and greeted, in seconds: programs
speak at once, and a person does not notice the wait."""

HANDSHAKE_SECONDS: Final = 10.0
"""How long a TLS handshake may take, in seconds: two or three ways over the worst of links; not
renewed by anything sent."""

LOGIN_SECONDS: Final = 60.0
"""How long a caller has to get a nick, in seconds from connecting; not renewed by anything it
sends."""

HALF_OPEN: Final = 8192
"""The callers without a nick, in number: twice what ``BACKLOG`` lets wait, so that 5,000 clients
may well come back in the same second. One that is silent holds about 2 KiB, one amid a TLS
handshake 54 KiB (measured): at the very worst 440 MiB."""

STALL_SECONDS: Final = 30.0
"""How long somebody may take nothing while something waits for them, in seconds, before they are
let go."""

KEEPALIVE_SECONDS: Final = (60, 15, 5)
"""TCP keepalive: silence before the first probe and between probes, in seconds, and how many may
fail. A dead link is found after 60 + 5 * 15 = 135 s, within the 150 s that are promised."""

UNACKNOWLEDGED_SECONDS: Final = 120
"""How long sent bytes may stay unacknowledged by the other host, in seconds (TCP_USER_TIMEOUT, RFC
5482)."""

CLOSE_SECONDS: Final = 5.0
"""How long a connection that is being closed may take to accept what is queued for it, in
seconds."""

BACKLOG: Final = 4096
"""Connections waiting to be accepted, in number. With Twisted's 50, 135 of 3,000 that called at
once were never greeted."""

ACCEPTS: Final = 20
"""The connections accepted in one turn of the reactor, in number: some 2 ms of its time. While a
program opened 20,000 connections a second, a message took 2 ms at the median; with Twisted's own
way, which accepts ever more at once, 230 ms."""

SESSIONS: Final = 10_000
"""The connections that a server takes, in number, unless ``--max-sessions`` says otherwise."""

SESSIONS_PER_ADDRESS: Final = 256
"""The connections taken from one address (IPv6: one /64 network), in number, unless
``--max-per-address`` says otherwise: a whole school behind one translated address fits."""

FLOOD_RATE: Final = 10.0
"""The lines taken from one connection, in lines a second, once its burst is used up
(``--flood-rate``)."""

FLOOD_BURST: Final = 40
"""The lines taken at once, in number (``--flood-burst``): a paste of 30 lines passes."""

TELNET_BYTES: Final = 4096
"""The longest telnet subnegotiation that is listened to, in bytes; what goes on longer is
dropped."""

# -- Writing ---------------------------------------------------------------------------------------

BATCH_BYTES: Final = 16 << 10
"""What a reader who is behind is given at once, in bytes (16 KiB): a thousand of them hold 16
MiB."""

INBOX_BYTES: Final = 256 << 10
"""What may wait for one person besides the rooms, in bytes (256 KiB): a thousand private messages,
or a few of the longest answers, of which the last may go beyond it."""

REST_READERS: Final = 400
"""The readers, in number, to whom the fan-out writes in one turn before it rests: to sleep and to
be woken costs as much as some fifty writes, so below this a rest costs more than the larger batch
saves."""

REST_DELIVERIES: Final = 20_000
"""The deliveries (messages times readers), in number, of one turn after which the fan-out rests
whatever the readers: so many only come of many people talking at once, and what they say during the
rest shares the next chunk."""

REST_FACTOR: Final = 2.0
"""How long the fan-out rests, as a multiple of the time that the last one took: it takes at most a
third of the reactor's time, and under load messages gather into larger batches instead."""

REST_SECONDS: Final = 0.02
"""The longest rest of the fan-out, in seconds: what a batch may add to the latency."""

GARBAGE_OBJECTS: Final = 50_000
"""The new objects, in number, after which the garbage collector looks for cycles: those of about a
thousand connections."""

# -- The browser -----------------------------------------------------------------------------------

REQUEST_SECONDS: Final = 10.0
"""How long the first HTTP request, the one that opens a WebSocket included, may take to arrive, in
seconds from the connection's start; not renewed by anything that comes."""

IDLE_SECONDS: Final = 75.0
"""How long after an answer a web connection may take for the next request, in seconds: as common
servers give, and longer than ``LOGIN_SECONDS``. A browser that reloads the page prefers a
connection that it has used to one that it has opened in advance; on this port that one was greeted
as a person, and is spoilt for HTTP, but it ends first."""

REQUEST_BYTES: Final = 8192
"""The longest request line with all headers, in bytes: what common servers take."""

REQUEST_HEADERS: Final = 64
"""The most headers of a request, in number: a browser sends some twenty."""

MESSAGE_BYTES: Final = 16 << 10
"""The longest WebSocket message, in bytes (16 KiB): four lines of the greatest length."""

PING_SECONDS: Final = 30.0
"""How often a WebSocket is pinged, in seconds: below the 60 s after which common proxies cut a
silent connection."""

PEER_SECONDS: Final = 110.0
"""How long a WebSocket may be silent, pongs included, in seconds. It is looked at with each ping: a
dead peer is found after 140 s at most, within the 150 s that are promised."""
