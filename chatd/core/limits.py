"""Every limit, with its unit and the reason for its value."""

from __future__ import annotations

from typing import Final

# -- Lines and texts -------------------------------------------------------------------------------

LINE_BYTES: Final = 4096
"""The longest line a person may send, in bytes without the line end. Eight times IRC's 512 (RFC
2812, 2.3): enough for a paragraph in a script with three or four bytes a character, and small
enough that a thousand unfinished lines take 4 MiB."""

TEXT_LINES: Final = 60
"""The most lines of one message: a long trace of a program, and less than three screens of a
terminal, where each is a line of its own."""

IRC_LINE_BYTES: Final = 512
"""The longest line of IRC, in bytes with its end and without its tags (RFC 1459, 2.3)."""

IRC_TAGS_BYTES: Final = 4096
"""The longest tags of a line from an IRC client, in bytes with the ``@`` and the space after them
(IRCv3 message-tags: 4,094 between these)."""

IRC_CAP_BYTES: Final = 400
"""How many bytes of capabilities are in one line: with everything around them it fits into
``IRC_LINE_BYTES``."""

IRC_TARGETS: Final = 4
"""How many targets one PRIVMSG, NOTICE, KICK or WHOIS of IRC has, in number: each is a command of
its own."""

IRC_SASL_CHUNK: Final = 400
"""How many characters of base64 one AUTHENTICATE has at most; with so many, more follows (IRCv3
sasl)."""

IRC_SASL_BYTES: Final = 1200
"""How many characters of base64 an IRC client sends to log in: the longest nick and password take
900."""

IRC_PING_LINES: Final = 0.1
"""What a PING or PONG of an IRC client costs, in lines: programs send them by themselves."""

IRC_SILENCE_SECONDS: Final = 30.0
"""After how much silence a guest is asked whether they are still there, when somebody else wants
their nick, in seconds."""

IRC_SIGN_SECONDS: Final = 10.0
"""How long such a guest has for any sign of life, in seconds: more than a telephone takes to wake
up. The kernel gives a dead connection up after about 130 s only."""

IRC_MODES: Final = 24
"""How many letters and signs of one MODE are looked at, in number: some clients change six people
at once."""

MARKS_ON_ONE_BASE: Final = 8
"""The combining marks that are shown on one base, in characters. The longest stack that is written
is the Tibetan emblem of Kalachakra, a consonant with eight below and above it; a Hebrew letter with
points and cantillation has five, an Arabic one of the Quran four, a Burmese syllable seven, a
Vietnamese vowel two. More would cover the lines of others."""

BLANKS_IN_A_ROW: Final = 16
"""The blanks that are shown in a row, in characters: four levels of indentation by four. Even twice
as wide (U+3000) and behind the longest nick they stay in the first row of an 80-column terminal."""

NICK_CHARACTERS: Final = 32
"""The longest nick, in characters after normalisation: it must leave space for text on a line of 80
columns."""

ROOM_CHARACTERS: Final = 50
"""The longest room name, in characters without the ``#``: IRC's limit for a channel (RFC 2812,
1.3)."""

NAME_BYTES_A_CHARACTER: Final = 3
"""How many bytes of UTF-8 a nick or a room name may have for each of these characters: letters that
have four, of scripts that are hardly written any more, make a name shorter. So a line of IRC, with
512 bytes, has room for three nicks and a room."""

TOPIC_CHARACTERS: Final = 300
"""The longest topic, in characters: what most IRC networks allow (TOPICLEN)."""

AWAY_CHARACTERS: Final = 300
"""The longest away text, in characters: as long as a topic, since lists of members contain hundreds
of them."""

USER_CHARACTERS: Final = 20
"""How much is kept of the name that a person has on their own machine, in characters: Linux has 32,
and IRC servers keep 10 to 20."""

REALNAME_CHARACTERS: Final = 150
"""The longest text with which people say who they are, in characters."""

TOKEN_CHARACTERS: Final = (16, 128)
"""The shortest and the longest token of a program, in characters: 16 characters of base64 have 96
random bits."""

ID_CHARACTERS: Final = 64
"""The longest ``id`` of a message, in characters: a UUID has 36."""

# -- Rooms and people ------------------------------------------------------------------------------

NUMBER_DIGITS: Final = 12
"""The longest number in a command of the text protocol, in digits: a seq has at most 2^40."""

ROOMS_PER_PERSON: Final = 20
"""The rooms that one person can be in at once: more than anybody follows, and a bound on the cost
of one connection."""

ROOMS: Final = 1000
"""How many rooms a server has. Together with ``LOG_BYTES`` this bounds the size of all logs."""

ROOMS_PER_ADDRESS: Final = 200
"""The rooms that are made from one address (IPv6: one /64 network) and still there, in number,
since the server started: a school that has a room for each class, and not the table of a server."""

WATCHED_PER_SESSION: Final = 100
"""The people whom one session watches, in number."""

FORMER_PEOPLE: Final = 1000
"""How many of those who have left are remembered for ``/whowas``, in number; some 300 bytes
each."""

PEOPLE_SHOWN: Final = 500
"""How many people one answer describes in full, in number: some 5 ms."""

IGNORED_PER_PERSON: Final = 100
"""The nicks that one person can ignore, in number."""

ALERT_WORDS: Final = 50
"""The words that one person can be alerted to, in number."""

ALERT_CHARACTERS: Final = 50
"""The longest word to be alerted to, in characters."""

SEATS_PER_IGNORED: Final = 8
"""The seats that are remembered of one ignored person, in number: their devices, and some
reconnections."""

IGNORE_LISTS: Final = 1000
"""The owners of accounts who are not here and of whom it is remembered whom they ignore, in
number, until the server ends."""

SCROLLBACK_EVENTS: Final = 20
"""How many events are shown on entering a room: a screenful."""

SCROLLBACK_LINES: Final = 500
"""How many of these events are remembered with their lines, in number, since the next newcomer will
be shown most of them again: those of 25 rooms, in 10 MiB at most."""

HISTORY_EVENTS: Final = 100
"""How many events one answer contains at most: as many as delay nobody else."""

HISTORY_PAGES: Final = 10
"""How often one request for messages is answered with further events, in number, where they are
mostly no messages."""

RECENT: Final = 100
"""How many conversations one answer lists, in number."""

TALKS_EVENTS: Final = 5_000
"""In how many of the last private messages of a person their talks are found, in number: on the
disk some 20 ms, in the thread that reads."""

EDIT_SECONDS: Final = 3600
"""For how long people can change what they have said, in seconds: an hour, in which a mistake is
noticed. Later, others have read and answered it."""

SEARCH_RESULTS: Final = 20
"""How many messages a search shows, unless it asks for more (at most ``HISTORY_EVENTS``): a
screenful."""

SEARCHED_EVENTS: Final = 5_000
"""How many events a search scans if the logs are only in memory: it blocks the server for about
10 ms."""

SEARCH_TERMS: Final = 50
"""How many words and phrases a search has at most: it looks for each in every event that it
scans."""

FOLDED_CHARACTERS: Final = 32_768
"""How many different characters the folding for searches remembers: more than a language uses, in
about 4 MB."""

NAMES_SHOWN: Final = 500
"""How many members or rooms one answer lists at most: the cost of a room of ten thousand must not
grow with the square of its size."""

# -- Accounts --------------------------------------------------------------------------------------

ACCOUNTS: Final = 20_000
"""How many accounts a server has, in number; all of them are in memory, about 1 KiB each."""

ACCOUNTS_PER_ADDRESS: Final = 20
"""The accounts that are made from one address (IPv6: one /64 network), in number, since the server
started: a family or a class in one lesson, and not the table of a server."""

REMOVED_MS: Final = 10_000
"""How long somebody who was removed from their current room may not have noticed, in milliseconds:
as long as it takes to finish and send a line that was begun before."""

BAN_PREFIXES: Final = {4: 8, 6: 16}
"""The shortest prefix of a range that can be banned, in bits, by version of IP: a wider range is a
large part of all people."""

CREDENTIALS: Final = 20
"""The credentials of each kind that one account has, in number: session secrets, keys, invitations.
More than anybody has devices."""

MARKS: Final = 100
"""In how many rooms and private talks it is known for one account what its owner has read; those
that were read longest ago are forgotten."""

READ_PER_PERSON: Final = 40
"""In how many rooms and private talks it is known until when somebody has read who is here: twice
as many as the rooms that a person is in."""

ROLES_PER_ROOM: Final = 1000
"""The people who have a role in one room, in number; each takes some 100 bytes."""

BANS_PER_ROOM: Final = 1000
"""The bans and mutes of one room, in number."""

PATTERNS_PER_ROOM: Final = 100
"""How many of these may be patterns of nicks. Each is compared with everybody who speaks or enters
after a change of the bans, which takes 1 to 2 us."""

INVITED_PER_ROOM: Final = 1000
"""The people who are invited to one room, in number; a further one makes the first lose their
invitation."""

BAN_PATTERN_STARS: Final = 3
"""The stars in the pattern of a ban, in number: the time to compare a nick grows with each."""

VERDICTS: Final = 10_000
"""The people of whom a room remembers whether a ban is about them, in number, as many as a server
has sessions."""

SLOW_SECONDS: Final = 3600
"""The longest time between two messages of a person in slow mode, in seconds."""

ROOM_KEY_CHARACTERS: Final = (4, 64)
"""The shortest and the longest key of a room, in characters."""

KEY_CHARACTERS: Final = 3000
"""The longest public key, in characters of base64: an RSA key of 16,384 bits has 2,800."""

KEY_COMMENT_CHARACTERS: Final = 100
"""The longest comment of a public key, in characters: usually it is USER@HOST."""

PASSWORD_CHARACTERS: Final = (8, 128)
"""The shortest and the longest password, in characters (NIST SP 800-63B, 3.1.1.2: at least 8, and
at least 64 must be accepted)."""

HASHING_THREADS: Final = 2
"""How many passwords are hashed at the same time, each with 19 MiB of memory: two, so that one that
is slow holds nobody up, and the processor is left to the rest."""

HASHINGS_WAITING: Final = 1000
"""How many passwords may wait to be hashed, in number: some 15 s of work."""

HASHINGS_PER_ADDRESS: Final = 8
"""Those of one address among them (IPv6: one /64 network), in number."""

BUSY_SECONDS: Final = 1.0
"""How long a connection waits whose password is not checked, because too many wait, in seconds: it
must not ask again at once."""

LOGIN_LINES: Final = 50
"""What a password costs the address, in lines, right or wrong: the hash takes some 30 ms in a
thread of its own, which holds up nobody but others who log in."""

FAILED_LOGIN_LINES: Final = 450
"""What a wrong password costs besides: an address can guess twice a second on average, and ten
times at once."""

LOCAL_GUESSES: Final = 10
"""How many wrong passwords all callers at UNIX sockets can give at once, in number."""

LOCAL_GUESS_MS: Final = 500
"""The time between two wrong passwords of theirs after that, in milliseconds: as for an address."""

LOCAL_GUESSES_WAITING: Final = 60
"""How many of their passwords may wait until they are checked, in number: for 30 s."""

FAILED_LOGIN_SECONDS: Final = 30.0
"""The longest time that one connection waits after a wrong password, in seconds: it waits 1 s after
the first, and twice as long after each further one."""

# -- The log ---------------------------------------------------------------------------------------

LOG_EVENTS: Final = 10_000
"""How many events a log in memory holds: a busy day of a team."""

LOG_BYTES: Final = 2 << 20
"""How much a log in memory holds, in bytes (2 MiB, some 5,000 messages with ids): 2 GiB at worst,
with ``ROOMS`` full rooms and no log on disk."""

TAIL_SECONDS: Final = 60.0
"""How long memory holds the events of a room where the log is on disk, in seconds: enough to
reconnect after a lost connection. Older ones are read from the disk by whoever wants them."""

TAIL_EVENTS: Final = 100
"""How many events of a room memory holds there, however old they are: as many as one answer
contains (``HISTORY_EVENTS``), so that no newcomer reads the disk."""

TAILS_BYTES: Final = 64 << 20
"""How much memory holds of the ends of all rooms together where the log is on disk, in bytes
(64 MiB): 32 rooms as full as they can be, or 1,000 with 160 messages each."""

LOG_PAGE_EVENTS: Final = 128
"""How many events are read from the disk at once: about as many as a reader that is behind gets at
once."""

LOG_PAGES: Final = 64
"""How many pages of older events are cached for all readers together: about 4 MiB of typical
messages."""

PENDING_EVENTS: Final = 50_000
"""How many events may wait to be stored: a disk that hangs must not fill the memory."""

SHOWN_A_TURN: Final = 500
"""How many messages that are stored become visible in one turn of the reactor: some 5 ms of its
time. When 250 people who were in 20 rooms each disconnected at once, one turn took 0.34 s."""

PRESENCE_SHOWN: Final = 10
"""How many messages another event counts as in this, in number: it changes who is present."""

CACHED_IDS: Final = 200_000
"""How many ids are cached of messages that are only on the disk, so that a new id needs no look-up:
14 to 19 MiB, and 22 while a table grows."""

IDS_PER_SENDER: Final = 10_000
"""How many ids are loaded from the disk for a sender that returns: it takes some milliseconds. If a
sender has used more, the server looks up each of their messages."""

RETENTION_NOTICE_SECONDS: Final = 86_400
"""How long a shorter retention is announced before anything is deleted, in seconds: somebody who
looks in once a day can object."""

DELETION_STEP_SECONDS: Final = 600
"""The shortest period that a deletion of old events covers, in seconds; otherwise it is 1/24 of the
retention."""

MEMORY_ONLY_SECONDS: Final = 600
"""How long the events of a room with the retention ``none`` stay in memory, in seconds: enough to
reconnect after a lost connection."""

ROOMS_STORED: Final = 10_000
"""How many rooms are stored on disk: the end of each log is in memory, about 5 KiB."""

RUNS_KNOWN: Final = 1000
"""The runs of a server, in number, whose events a client can resume from: a year of restarts, some
three a day."""

RUN_STARTS: Final = 50_000
"""The starts of rooms, in number, that are remembered with these runs; where there are more, fewer
runs are. They take some 7 MiB."""

# -- Private messages ------------------------------------------------------------------------------

INBOX_EVENTS: Final = 10_000
"""How many events the inbox of an account holds: years of most people. Older ones are deleted."""

INBOX_LOG_BYTES: Final = 256 << 10
"""How much an inbox that is only in memory holds, in bytes (256 KiB), some 700 messages: that of a
guest, and those of all accounts where no log is on disk. It is twice ``PRIVATE_BYTES``, so that
nothing is dropped that is not read yet."""

GUEST_INBOXES_BYTES: Final = 64 << 20
"""How much the inboxes of all guests who are here take together, in bytes (64 MiB), apart from what
they have not received yet. 250 full ones need all of it; more guests can cause that only by writing
thousands of messages, and lose what is old."""

LEFT_INBOXES: Final = 250
"""How many inboxes of guests who have left are held for ``MEMORY_ONLY_SECONDS``, in number: 64 MiB
at worst."""

INBOX_CORRESPONDENTS: Final = 1000
"""Of how many people it is known for one inbox that its owner has written to them; others count as
strangers."""

STRANGERS_BURST: Final = 500
"""How many messages an account gets at once from people to whom its owner has not written, in
number: as many as somebody looks through who was away for a week."""

STRANGER_BURST: Final = 50
"""How many of them come from one sender, in number: it takes ten to keep all other strangers from
writing. All guests at one address are one sender."""

STRANGERS_RATE: Final = 1 / 60
"""How many of them it gets after that, in messages a second: 1,440 a day, so that they take a week
to fill an inbox."""

PRIVATE_BYTES: Final = 128 << 10
"""The private messages that may wait for somebody who is not here, or reads nothing, in bytes (128
KiB): some 400, or thirty of the longest lines."""

SENDER_BYTES: Final = 16 << 10
"""Those of one sender among them, in bytes (16 KiB), some 50: it takes eight senders to keep all
others from writing. All guests at one address (IPv6: one /64 network) are one sender."""

# -- Connections -----------------------------------------------------------------------------------

GREETING_SECONDS: Final = 0.7
"""How long a caller may be silent before it is greeted as a person, in seconds: programs send
something immediately, most browsers too, and a person hardly notices the delay."""

BROWSER_GREETING_SECONDS: Final = 15.0
"""The same for a caller from an address from which a browser has called lately: a browser opens
connections in advance, and cannot load the page over one on which it was greeted. Chromium keeps
one that it has not used for 10 s."""

BROWSER_SECONDS: Final = 600.0
"""How long a browser has called lately, in seconds: longer than anybody takes to open a page and to
reload it, and short enough that people there are soon greeted promptly again."""

ANSWER_SECONDS: Final = 0.3
"""How long lines wait after the refusal of a nick, in seconds: nobody reads it and types another in
less, and the input of a script that sent them ends meanwhile."""

HANDSHAKE_SECONDS: Final = 10.0
"""How long a TLS handshake may take, in seconds: two or three round trips over a very bad link.
Sending something does not extend it."""

LOGIN_SECONDS: Final = 60.0
"""How long a caller has to get a nick, in seconds from connecting. Sending something does not
extend it."""

PROXY_BYTES: Final = 4096
"""The longest header of the PROXY protocol, in bytes: addresses take 232 at most, and what a proxy
may add about TLS (names of certificates) some hundred more."""

FORWARDED_HOPS: Final = 100
"""How many elements a header ``Forwarded`` may have: no request passes so many proxies, and reading
them takes 0.1 ms."""

RARE_LOG_SECONDS: Final = 60.0
"""How often the log has the same warning that strangers can cause, in seconds: a proxy or a page
that is configured wrongly causes one with each connection."""

HALF_OPEN: Final = 8192
"""How many callers may have no nick: twice ``BACKLOG``, so that 5,000 clients can reconnect in the
same second. A silent one takes about 2 KiB, one in a TLS handshake 54 KiB (measured), and a request
that is not complete 40 KiB more: 770 MiB at worst."""

STALL_SECONDS: Final = 30.0
"""How long a connection may accept no data while something is queued for it, in seconds, before it
is aborted."""

KEEPALIVE_SECONDS: Final = (60, 15, 5)
"""TCP keepalive: silence before the first probe and between probes, in seconds, and how many may
fail. A dead link is found after 60 + 5 * 15 = 135 s, within the promised 150 s."""

UNACKNOWLEDGED_SECONDS: Final = 120
"""How long sent bytes may stay unacknowledged by the other host, in seconds (TCP_USER_TIMEOUT, RFC
5482)."""

RETURN_SECONDS: Final = 10.0
"""How long a seat is kept for whoever has its token after the connection was lost, in seconds: a
page that is loaded again over a slow link comes back within some, and longer the room would list
people who have gone."""

CLOSE_SECONDS: Final = 5.0
"""How long a connection that is closing may take to accept what is queued for it, in seconds."""

BACKLOG: Final = 4096
"""How many connections may wait to be accepted. With Twisted's default of 50, 135 of 3,000
simultaneous connections were never greeted."""

SOCKET_MODE: Final = 0o660
"""The mode of a UNIX socket that ``--listen`` makes: callers need no password, so only the user of
the server and its group may call, unless ``mode=`` says otherwise."""

REFUSED_LOG_SECONDS: Final = 60.0
"""How often the log says that connections could not be accepted, in seconds, and how many."""

REFUSED_SOON_SECONDS: Final = 1.0
"""How long the first such line waits, in seconds, so that it counts more than one."""

ACCEPTS: Final = 20
"""How many connections one turn of the reactor accepts at most. While a program opened 20,000
connections a second, the median latency of a message was 2 ms; with Twisted's own method, which
accepts more and more at once, it was 230 ms."""

RUSH_SECONDS: Final = 0.01
"""How long after a connection was accepted others are likely to wait, in seconds: so many are
accepted in one turn then, and otherwise one."""

SESSIONS: Final = 10_000
"""How many connections a server accepts (``--max-sessions``)."""

SESSIONS_PER_ADDRESS: Final = 256
"""How many connections the server accepts from one address (IPv6: one /64 network;
``--max-per-address``): enough for a whole school behind NAT."""

FLOOD_RATE: Final = 10.0
"""How many lines a second one connection may send after its burst (``--flood-rate``)."""

FLOOD_BURST: Final = 40
"""How many lines one connection may send at once (``--flood-burst``): enough to paste 30 lines."""

ADDRESS_RATE: Final = 1000.0
"""The work done for one address (IPv6: one /64 network), in lines a second, unless
``--address-rate`` says otherwise: a tenth of the server's time. A school of 200 behind one address
may say five lines a second each."""

ADDRESS_SECONDS: Final = 5.0
"""The burst of an address, in seconds of its rate: the whole school comes in at once."""

ADDRESS_PEAK: Final = 5000.0
"""The work done for one address while it spends its burst, in lines a second: half of the server's
time, so that everybody else has the other half."""

NETWORKS_PARSED: Final = 1000
"""How many addresses are remembered with what counts as one address with them, in number: to parse
one takes 5 us, and each connection asks several times."""

ADDRESSES: Final = 10_000
"""The addresses of which is known what they have spent, in number: some 3 MiB."""

WAITING: Final = 256
"""How many connections of one address may wait at the front until it has paid, in number, if
``--max-per-address`` does not say how many it may have; further ones are dropped."""

WAITING_BYTES: Final = 16 << 10
"""How much of a connection that waits there is read, in bytes (16 KiB), before its end is no longer
watched for. It may be one read more, of 64 KiB."""

TURN_LINES: Final = 50
"""The work done for one connection in one turn of the reactor, or at once for all connections of an
address, in lines, before others are served: some 5 ms."""

CONNECTION_LINES: Final = 2
"""What a connection costs its address, in lines: to accept and to recognise it takes 0.2 ms."""

HANDSHAKE_LINES: Final = 20
"""What a TLS handshake costs its address, in lines: it takes 1 to 2 ms."""

REQUEST_LINES: Final = 3
"""What an HTTP request costs its address, in lines, with its answer: some 0.3 ms, since a page is
made once and then only sent."""

HEADER_LINES: Final = 0.07
"""What each header of a request costs its address, in lines: reading it takes some 5 us."""

FRAME_LINES: Final = 0.25
"""What a WebSocket frame costs that is neither a whole message nor a ping, in lines: some 25 us."""

JOIN_LINES: Final = 5
"""What entering a room costs the address, in lines, leaving it included: two events, and the list
of who is there."""

EVENT_LINES: Final = 2
"""What another event than a message costs the address, in lines: a topic, a nick in each room."""

RIGHT_LINES: Final = 0.1
"""What each role, ban and invitation of a room costs who changes its state, in lines: all of them
are written to the disk again, and the bans are compiled for the next message. A thousand take some
10 ms."""

HISTORY_LINES: Final = 3
"""What reading back costs the address, in lines, besides the bytes of the answer."""

SHOWN_LINES: Final = 0.05
"""What each event of the past that is shown costs the address, in lines, besides its bytes: with
both, a hundred take 2 ms."""

ROOM_LINES: Final = 0.07
"""What each room of a list costs the address, in lines, besides its bytes: with both, five hundred
take 6 ms."""

SEARCH_LINES: Final = 20
"""What a search, or a list of conversations, costs the address, in lines."""

SEARCHED_ROOM_LINES: Final = 0.02
"""What each room that is searched costs the address, in lines: whether the person may read it takes
some 2 us."""

BYTES_A_LINE: Final = 1024
"""The bytes of a long answer that cost its address one line, in number."""

TEXT_BYTES_A_LINE: Final = 256
"""The bytes of a line that cost its address one line more, in number: the longest line takes up to
2 ms, where it consists of joiners, selectors or emoji, or of many beginnings of lines."""

SERIES_LINES: Final = 100
"""The most lines that are taken together as one series of messages, in number: with more, a message
costs hardly less."""

TELNET_BYTES_A_LINE: Final = 256
"""The bytes of telnet's own commands that cost one line, in number: 128 of the shortest ones take
0.1 ms."""

TELNET_PIECE_BYTES: Final = 2048
"""How many bytes of a telnet client are looked at before it is seen whether they must be paid for,
in number: 8 lines at most."""

TELNET_BYTES: Final = 4096
"""The longest telnet subnegotiation that is read, in bytes; a longer one is discarded."""

LAST_LINES_SECONDS: Final = 60.0
"""For how long lines are taken that were received before their connection ended, in seconds, where
they wait for flood control: 640 of them at its default rate, which is about what one read can hold.
Their writer keeps the nick meanwhile."""

# -- Writing ---------------------------------------------------------------------------------------

BATCH_BYTES: Final = 16 << 10
"""How much a reader that is behind gets at once, in bytes (16 KiB): a thousand of them take 16
MiB."""

INBOX_BYTES: Final = 256 << 10
"""The answers that may wait for one session, in bytes (256 KiB): a few of the longest. At half of
it no further command is taken; a session that has reached all of it reads nothing, and ends."""

ANSWER_BYTES: Final = 640
"""What is kept free for the answer to a message, in bytes: an ``ack`` with the longest id and room
in a script of four bytes a character."""

REST_READERS: Final = 400
"""How many readers the fan-out writes to in one turn before the next message waits for others.
Sleeping and waking up costs about fifty writes, so with fewer readers waiting costs more than
larger batches save."""

REST_DELIVERIES: Final = 20_000
"""After how many deliveries (messages times readers) in one turn the next message waits, however
few the readers are. So many happen only if many people talk at once."""

REST_FACTOR: Final = 2.0
"""How long the fan-out should rest after a run, as a multiple of the time that it takes: then it
uses a third of the reactor's time. As many messages as arrive meanwhile are sent together."""

REST_SECONDS: Final = 0.015
"""The longest that a message waits for these, in seconds: how much batching may add to the
latency."""

REST_RUNS: Final = 8
"""How many runs tell how long one takes and how many messages arrive. A single one may have been
disturbed."""

REST_FORGOTTEN_SECONDS: Final = 0.2
"""How long without such a run it takes until the earlier ones tell nothing more, in seconds."""

REST_EVIDENCE: Final = 16
"""How many messages must have arrived in the first half of a wait, and none in the second, to show
that nobody says more before they hear others: by chance that happens once in 65,000 waits."""

REST_EVIDENCE_SECONDS: Final = 0.5
"""How long that is believed, in seconds: no more messages than came then are waited for."""

LEAVING_SECONDS: Final = 0.1
"""How long the leaving of somebody whose connection ends waits for something else that is stored
with it, in seconds. Whoever quits is told goodbye so much later."""

LEAVING_COMMITS: Final = 10
"""How many commits there must have been just before, in number, on average one in
``LEAVING_SECONDS``, for a leaving to wait: then another one is likely to come meanwhile."""

PRESENCE_READERS: Final = 100
"""From how many readers on the joinings and leavings in a room are gathered. In smaller rooms one
costs less than the person's connection itself."""

PRESENCE_SECONDS: Final = 1.0
"""How long after the last of them such joinings and leavings wait for one another at least, in
seconds, unless something else is sent in their room: nobody minds to see a second later who has
entered."""

PRESENCE_SENDS: Final = 250
"""How many readers a second are told of them at most: where there are more, they wait longer."""

PRESENCE_LATEST_SECONDS: Final = 4.0
"""How long they wait at most, in seconds, however many readers there are."""

GARBAGE_OBJECTS: Final = 50_000
"""After how many new objects the garbage collector looks for cycles: those of about a thousand
connections."""

# -- The log file ----------------------------------------------------------------------------------

LOG_FILE_BYTES: Final = 10 << 20
"""How large the log file becomes before the server begins a new one, in bytes (10 MiB): larger than
a day of most servers, so that logrotate comes first."""

LOG_FILES: Final = 10
"""How many log files there are, in number: 100 MiB in all."""

# -- The browser -----------------------------------------------------------------------------------

REQUEST_SECONDS: Final = 10.0
"""How long the first HTTP request, or the one that opens a WebSocket, may take to arrive, in
seconds from connecting. Sending a part of it does not extend it."""

IDLE_SECONDS: Final = 75.0
"""How long a web connection may wait between an answer and the next request, in seconds: as with
common servers, and longer than ``LOGIN_SECONDS``. A browser that reloads the page reuses a
connection rather than one that it has opened in advance. The latter may have been greeted as a
person, which makes it useless for HTTP, but it times out first."""

REQUEST_BYTES: Final = 40 << 10
"""The longest request line with all headers, in bytes (40 KiB): 32 KiB that nobody reads, such as
cookies of other programs at the same host, besides a long line and what proxies add."""

REQUEST_HEADERS: Final = 500
"""How many headers a request may have: a browser sends about twenty, and proxies may add many. So
many take 3 ms."""

MESSAGE_BYTES: Final = 16 << 10
"""The longest WebSocket message, in bytes (16 KiB): four lines of the maximum length."""

PING_SECONDS: Final = 30.0
"""How often a WebSocket is pinged, in seconds: less than the 60 s after which common proxies close
an idle connection."""

PEER_SECONDS: Final = 110.0
"""How long a WebSocket may send nothing, not even pongs, in seconds. This is checked with each
ping: a dead peer is found after at most 140 s, within the promised 150 s."""

# -- Screens for people, and SSH -------------------------------------------------------------------

SCREEN_BYTES: Final = 32 << 10
"""How much the server holds for a screen that has not shown it yet, in bytes (32 KiB); what comes
then waits in the logs, as for every slow reader."""

SCREEN_NEWS: Final = 20
"""How many events a screen takes in at once: some 2 ms of the server's time."""

SCREEN_WORK_SECONDS: Final = 0.005
"""How long all screens together work in one turn of the reactor, in seconds, before others are
served."""

SCREEN_LINES_A_SECOND: Final = 10_000
"""What a second of the server's time costs the address of a screen, in lines: as much as its time
is worth elsewhere."""

SCREEN_SIZE: Final = (500, 200)
"""The largest screen, in columns and rows: no real one has more, and painting it takes 10 ms."""

SCREEN_KEPT_LINES: Final = 100
"""How many printed lines the server keeps for painting a screen again, in number: more than the
rows of most terminals, in some 60 KiB; fewer if they are long (``tui/kept_lines.py``)."""

SCREEN_WAITING_LINES: Final = 500
"""How many new lines wait while the history is open on a screen of the server, in number: some 300
KiB. The history has the older ones."""

SCREEN_COMMANDS: Final = 256
"""How many commands of a screen wait for flood control, in number, before its keys wait too: a
paste of 200 lines."""

NEGOTIATION_SECONDS: Final = 1.0
"""How long a client on the telnet port may take to say what its terminal is, in seconds: a few
round trips. Afterwards it gets what it can surely show."""

KEYS_A_LINE: Final = 64
"""The bytes of keys that cost their address one line, in number: a key costs some 20 us, besides
painting."""

SSH_PACKET_BYTES: Final = 36_000
"""The longest packet of SSH, in bytes: RFC 4253 (6.1) asks for 35,000."""

SSH_WINDOW_BYTES: Final = 32 << 10
"""How much an SSH client may send on its channel before it is read, in bytes (32 KiB)."""

SSH_PACKET_LINES: Final = 0.5
"""What a packet of SSH costs its address, in lines: some 50 us to decrypt and to answer it."""

SSH_HANDSHAKE_LINES: Final = 30
"""What a key exchange of SSH costs its address, in lines: it takes 2 to 3 ms."""

SSH_SIGNATURE_LINES: Final = 5
"""What it costs to check a signature of SSH, in lines: 0.1 to 0.5 ms."""

SSH_KEX_SECONDS: Final = 20.0
"""How long a key exchange of SSH may take, in seconds: a few round trips over a very bad link."""

SSH_REKEY_BYTES: Final = 1 << 30
"""After how much data the server asks for new keys of SSH, in bytes (1 GiB; RFC 4253, 9)."""

SSH_REKEY_SECONDS: Final = 3600.0
"""After how long it asks for them, in seconds (RFC 4253, 9): with the next packet, since keys that
are not used do not wear out."""

SSH_ATTEMPTS: Final = 6
"""How many keys and passwords an SSH client may offer that are not accepted, in number, as with
OpenSSH (MaxAuthTries)."""

SSH_UNREAD_PACKETS: Final = 1000
"""How many packets of SSH are taken from a client that reads no answers, in number: at most 1 MiB
is queued for it."""

SSH_ENVIRONMENT: Final = (20, 100)
"""How many variables of its environment an SSH client may send, and how long each may be, in
characters."""
