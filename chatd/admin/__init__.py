"""``chatd-admin``: what an operator does with the data of a server (``docs/operating.md``).

``main`` runs a command, ``options`` has the command line, ``data`` opens the data folder, and
``progress`` shows how far a long command is. The commands are in ``backup``, ``checking`` (check,
rooms), ``exporting``, ``importing`` (with ``jsonl``) and ``deleting`` (forget,
remove, vacuum).
"""
