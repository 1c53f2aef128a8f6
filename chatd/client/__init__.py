"""The client, ``chatd-client``: a person at a terminal, or a program behind a pipe, talks to a
chatd server with its JSON codec.

The way of the data: keys from the terminal (`keys`, `editor`, `completion`) become commands
(`splitting` makes several messages of a long text). `link` sends them to the server and keeps them
until they are answered. What the server sends goes to `conversation`, which knows the state, then
to `formatter`, which makes styled lines, then to `display` and its `screen`. Earlier messages come
from the server's log: `history_view` fetches them, `history_window` lays them out. What happened
while the user was away is collected by `catch_up`; `saved_state` has the last events seen.
`terminal_client` joins all this for a person, `pipe_client` for a program. Only `terminal`, `files`
and `main` use the real terminal, files and reactor.
"""
