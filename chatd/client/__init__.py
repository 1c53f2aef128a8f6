"""The client, ``chatd-client``: a person at a terminal, or a program behind a pipe, talks to a
chatd server with its JSON codec.

`link` sends commands to the server, keeps them until they are answered, and goes on after a broken
connection where it was. `chatd.tui` is the screen for a person, on the real `terminal`;
`saved_state` has what was seen in the last run. `pipe_client` is for a program. Only `terminal`,
`files` and `main` use the real terminal, files and reactor.
"""
