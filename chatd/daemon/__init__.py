"""The server as a process: the user that it runs as, its log file and pid file, and the sockets on
which it listens.

Nothing here knows the chat.
"""
