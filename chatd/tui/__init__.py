"""The screen for a person: the keys, the line being typed, the conversation and its past.

It knows no transport and no server, only a `link.Link`, a `display.Terminal` and a clock. So the
same screen is in chatd-client, and in the doors that give a screen to people who have only a
terminal.

The way of the data: keys (`keys`, `editor`, `completion`) become lines (`line_input`), which
`sending` makes commands of (`splitting` makes several messages of a long text). What the server
sends goes to `incoming`, and through `conversation`, which knows the state, to `formatter`, which
makes styled lines, then to `display` and its `screen`. Earlier messages come from the log of the
server: `history_view` fetches them, `history_window` lays them out, `history_opening` opens them.
What happened while the user was away is collected by `catch_up`; `saving` says what was seen.
`questions` asks for another nick and for passwords. `tui` joins all this.
"""
