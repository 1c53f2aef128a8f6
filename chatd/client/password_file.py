"""Reading a password from a file, for programs."""

from __future__ import annotations

import os
from typing import Final

FILE_BYTES: Final = 1024
"""How much of the file is read, in bytes (1 KiB): the longest password takes 512."""

OTHERS: Final = 0o077
"""The rights of everybody but the owner of a file."""


def read_password(path: str) -> str:
    """The password in the first line of the file ``path``. Raises ValueError, with a sentence for
    people, that has nothing of what is in the file."""
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                raise ValueError(f"{path}: others can read this file; chmod 600 makes it yours alone")
            line = file.readline(FILE_BYTES)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    try:
        password = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: the first line is not UTF-8") from None
    if not password:
        raise ValueError(f"{path}: the first line is empty; write the password there")
    return password
