"""The client, ``chatd-client``: a person at a terminal, or a program behind a pipe, talks to a
chatd server in its JSON codec.

The way of the data: keys from the terminal (`keys`, `editor`) become commands (`fit`), which `link`
carries to the server until they are answered; what comes back goes through `conversation`, which
knows what is going on, and `wording`, which makes lines of it, to the `display` and its `screen`.
What was before comes from the server's log: `lookback` asks for it, `past` lays it out. What came
while one was away is gathered in a `backlog`, since `remembered` knows up to where one has seen.
`talk` joins these for a terminal, `pipe` for a program; `terminal`, `files` and `main` alone touch
the real terminal, files and reactor.
"""
