"""The command line of ``chatd-admin``."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from chatd import __version__
from chatd.admin import accounts, backup, checking, deleting, exporting, importing

Run = Callable[[Path, Namespace], int]
"""A command: takes the data folder and the options, returns the exit status."""

CLOSING: Final = """\
exit status: 0 done; 1 not done, or damage found; 2 wrong usage;
             130 stopped by Ctrl-C; 141 nobody reads the output

Run it as the user that runs the server. More is in docs/operating.md.
"""

BACKUP: Final = """\
Copy all data into FILE, as it is at one moment, whether the server is
running or not. FILE appears when it is complete; an existing file is not
overwritten.

  chatd-admin backup /backups/chatd-2026-11-23.db

To restore: stop the server, move chatd.db, chatd.db-wal and chatd.db-shm
out of its data folder, put FILE there as chatd.db, start the server.
"""

CHECK: Final = """\
Look for damage in all data, whether the server is running or not: errors
that SQLite finds, and gaps in the numbers of each room. The exit status is
1 if there is any.

  chatd-admin check && echo sound
"""

ROOMS: Final = """\
List the rooms, and the inboxes of accounts (@ada), which have their private
messages, each with the number of its oldest and of its newest event.
If all events of a room are deleted, the oldest is the number of the next one.

  chatd-admin rooms
"""

EXPORT: Final = """\
Write the events of ROOM to standard output, in UTF-8, whether the server is
running or not: as text with local times, or as JSON lines (docs/protocol.md).
@ada is the inbox of ada, with all private messages from and to ada.

  chatd-admin export lobby | less
  chatd-admin export '#lobby' --json > lobby.jsonl
  chatd-admin export @server
"""

IMPORT: Final = """\
Make a room from the events in FILE (-: standard input), which are JSON lines
as export --json writes them. If anything is wrong, nothing is imported. The
server must be stopped, and the room must be new. If there is no data yet, a
new database is made. Times, numbers and ids stay the same, but the imported
messages belong to no sender: a client that sends one again posts it twice.

  chatd-admin import lobby.jsonl --dry-run
  chatd-admin import old.jsonl --room lobby-2025
  zcat lobby.jsonl.gz | chatd-admin --data /srv/chatd import -
"""

FORGET: Final = """\
Delete all events of ROOM, or those from before TIME, which is a local time:
12:30, 2026-11-23 or 2026-11-23T12:30. The server must be stopped, except for
--dry-run. The numbers continue as before, and the name and the topic of the
room stay. Run vacuum afterwards to erase the words from the file.

  chatd-admin forget lobby --before 2026-01-01 --dry-run
  chatd-admin forget lobby --before 2026-01-01 && chatd-admin vacuum
"""

REMOVE: Final = """\
Delete ROOM with all its events, its topic and its numbers: a room of that
name begins again with number 1. The server must be stopped, except for
--dry-run. Run vacuum afterwards to erase the words from the file.

  chatd-admin remove lobby-2025 --dry-run
  chatd-admin remove lobby-2025 && chatd-admin vacuum
"""

ACCOUNTS: Final = """\
List the accounts, whether the server is running or not; or change one, while
the server is stopped. A password is asked for, or is the first line of
standard input.

  chatd-admin accounts list
  chatd-admin accounts add ada
  chatd-admin accounts rename ada lovelace
  chatd-admin accounts disable ada
  chatd-admin accounts enable ada
  chatd-admin accounts reset-password ada
  chatd-admin accounts remove ada
  chatd-admin accounts release ada
  chatd-admin accounts invite

disable and reset-password also end the sessions that are remembered; rename
keeps the private messages, and remove deletes them. Rights in rooms belong to
the nick: a renamed account begins without any, and nobody can register its
old nick, or that of a removed one, until you release it.
"""

VACUUM: Final = """\
Write the database again without the deleted events, and free the space.
Meanwhile this needs free disk space of twice the size of the data. The
server must be stopped, except for --dry-run.

  chatd-admin vacuum --dry-run
"""


class Parser(ArgumentParser):
    """Reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


def parser() -> ArgumentParser:
    """The parser of the command line; ``run`` in its result is a :data:`Run`."""
    plain = argparse.RawDescriptionHelpFormatter
    top = Parser(
        "chatd-admin",
        description="Back up, check, export, import and delete the data of a chatd server.",
        epilog=CLOSING,
        formatter_class=plain,
    )
    top.add_argument("--version", action="version", version=f"chatd-admin {__version__}")
    _add_folder(top, default="")
    commands = top.add_subparsers(required=True, metavar="COMMAND", title="commands", description="COMMAND --help explains one.")

    def command(name: str, run: Run, help: str, more: str) -> ArgumentParser:
        added: ArgumentParser = commands.add_parser(name, help=help, description=more, formatter_class=plain)
        added.set_defaults(run=run)
        _add_folder(added, default=argparse.SUPPRESS)  # So that --data before the command is kept.
        return added

    added = command("backup", backup.backup, "copy all data into FILE, even while the server is running", BACKUP)
    added.add_argument("file", type=Path, metavar="FILE")
    command("check", checking.check, "look for damage, even while the server is running", CHECK)
    command("rooms", checking.rooms, "list the rooms, with the numbers of their oldest and newest events", ROOMS)
    added = command("export", exporting.export, "write the events of ROOM to standard output", EXPORT)
    added.add_argument("room", metavar="ROOM")
    added.add_argument("--json", action="store_true", help="as JSON lines instead of text")
    added = command("import", importing.import_room, "make a room from an exported FILE", IMPORT)
    added.add_argument("file", metavar="FILE")
    added.add_argument("--room", default="", help="the name of the new room (default: the one in FILE)")
    _add_dry_run(added, "only check FILE, and say what would be imported")
    added = command("forget", deleting.forget, "delete the oldest events of ROOM", FORGET)
    added.add_argument("room", metavar="ROOM")
    added.add_argument("--before", default="", metavar="TIME", help="only events from before TIME")
    _add_dry_run(added, "only say how many events that is")
    added = command("remove", deleting.remove, "delete ROOM with all its events", REMOVE)
    added.add_argument("room", metavar="ROOM")
    _add_dry_run(added, "only say how many events that is")
    added = command("vacuum", deleting.vacuum, "free the space of deleted events", VACUUM)
    _add_dry_run(added, "only say how much that is")
    _add_accounts(command("accounts", accounts.show, "list, add, rename and disable accounts, reset passwords", ACCOUNTS))
    return top


def _add_accounts(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    def action(name: str, run: Run, *arguments: str) -> None:
        added = actions.add_parser(name)
        added.set_defaults(run=run)
        _add_folder(added, default=argparse.SUPPRESS)
        for argument in arguments:
            added.add_argument(argument, metavar=argument.upper())

    action("list", accounts.show)
    action("add", accounts.add, "nick")
    action("rename", accounts.rename, "nick", "new")
    action("disable", accounts.disable, "nick")
    action("enable", accounts.enable, "nick")
    action("remove", accounts.remove, "nick")
    action("release", accounts.release, "nick")
    action("invite", accounts.invite)
    action("reset-password", accounts.reset_password, "nick")


def _add_folder(parser: ArgumentParser, default: Any) -> None:
    help = "the data folder of the server (default: the same as for twistd chatd)"
    parser.add_argument("--data", metavar="DIR", default=default, help=help)


def _add_dry_run(parser: ArgumentParser, help: str) -> None:
    parser.add_argument("--dry-run", action="store_true", help=help)
