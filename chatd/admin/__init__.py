"""``chatd-admin``: what an operator does with a server's data (``docs/operating.md``).

``main`` knows the command line and the exit statuses, ``data`` opens the folder, and ``progress``
shows what takes long; the commands are in ``copying`` (backup), ``checking``, ``exporting``,
``importing`` and ``deleting`` (forget, vacuum).
"""
