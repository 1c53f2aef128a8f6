"""The command line of ``chatd-admin``."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from chatd import __version__
from chatd.admin import backup, checking, deleting, exporting, importing

Run = Callable[[Path, Namespace], int]
"""A command: what it does with the data folder and its options, and the exit status."""

CLOSING: Final = """\
exit status: 0 done; 1 not done, or damage found; 2 wrong usage;
             130 stopped by Ctrl-C; 141 nobody reads the output

Run it as the user that the server runs as.  docs/operating.md tells more.
"""

BACKUP: Final = """\
Copy the data into FILE, whole and consistent, while the server runs or not.
FILE appears when all is in it; one that is there already is not overwritten.

  chatd-admin backup /backups/chatd-2026-11-23.db

To restore: stop the server, move chatd.db, chatd.db-wal and chatd.db-shm
out of its data folder, put FILE there as chatd.db, start the server.
"""

CHECK: Final = """\
Look for damage in all of the data, while the server runs or not: what SQLite
finds, and holes in the numbers of the rooms.  Status 1 if there is some.

  chatd-admin check && echo sound
"""

ROOMS: Final = """\
List the rooms, each with the number of its oldest and of its newest event.
Where all are deleted, the oldest is the number that the next one gets.

  chatd-admin rooms
"""

EXPORT: Final = """\
Write what happened in ROOM to standard output, in UTF-8, while the server
runs or not: as text, with local times, or as JSON lines (docs/protocol.md).

  chatd-admin export lobby | less
  chatd-admin export '#lobby' --json > lobby.jsonl
"""

IMPORT: Final = """\
Make a room of the events in FILE (-: standard input), JSON lines as export
--json writes them: of all of them, or if anything is wrong, of none.  The
server must be stopped, and nothing may have happened in the room yet.  Where
there is no data, a new server's is made.  Times, numbers and ids stay; whose
messages they were is nobody's any more.

  chatd-admin import lobby.jsonl --dry-run
  chatd-admin import old.jsonl --room lobby-2025
  zcat lobby.jsonl.gz | chatd-admin --data /srv/chatd import -
"""

FORGET: Final = """\
Delete for good what happened in ROOM, or only what is from before TIME:
12:30, 2026-11-23 or 2026-11-23T12:30, in local time.  The server must be
stopped, except for --dry-run.  Numbers go on where they were, and the room's
name and topic stay.  A vacuum after it wipes the words from the file.

  chatd-admin forget lobby --before 2026-01-01 --dry-run
  chatd-admin forget lobby --before 2026-01-01 && chatd-admin vacuum
"""

VACUUM: Final = """\
Write the data anew without what was deleted, and give the space back to the
disk, which needs as much free space as the data takes, twice, meanwhile.  The
server must be stopped, except for --dry-run.

  chatd-admin vacuum --dry-run
"""


def parser() -> ArgumentParser:
    """What parses the command line; ``run`` of the result is a :data:`Run`."""
    plain = argparse.RawDescriptionHelpFormatter
    top = ArgumentParser("chatd-admin", description="Look after the data of a chatd server.", epilog=CLOSING, formatter_class=plain)
    top.add_argument("--version", action="version", version=f"chatd-admin {__version__}")
    _add_folder(top, default="")
    commands = top.add_subparsers(required=True, metavar="COMMAND", title="commands", description="COMMAND --help tells more.")

    def command(name: str, run: Run, help: str, more: str) -> ArgumentParser:
        added: ArgumentParser = commands.add_parser(name, help=help, description=more, formatter_class=plain)
        added.set_defaults(run=run)
        _add_folder(added, default=argparse.SUPPRESS)  # One before the command holds.
        return added

    added = command("backup", backup.backup, "copy the data into FILE, while the server runs", BACKUP)
    added.add_argument("file", type=Path, metavar="FILE")
    command("check", checking.check, "look for damage, while the server runs", CHECK)
    command("rooms", checking.rooms, "list the rooms, with the numbers of their oldest and newest event", ROOMS)
    added = command("export", exporting.export, "write what happened in ROOM to standard output", EXPORT)
    added.add_argument("room", metavar="ROOM")
    added.add_argument("--json", action="store_true", help="as JSON lines instead of text")
    added = command("import", importing.import_room, "make a room of an exported FILE", IMPORT)
    added.add_argument("file", metavar="FILE")
    added.add_argument("--room", default="", help="call it so, and not as in FILE")
    _add_dry_run(added, "only check FILE, and tell what would be imported")
    added = command("forget", deleting.forget, "delete the oldest events of ROOM", FORGET)
    added.add_argument("room", metavar="ROOM")
    added.add_argument("--before", default="", metavar="TIME", help="only what is from before TIME")
    _add_dry_run(added, "only tell how many events that is")
    added = command("vacuum", deleting.vacuum, "give the space of what was deleted back to the disk", VACUUM)
    _add_dry_run(added, "only tell how much that is")
    return top


def _add_folder(parser: ArgumentParser, default: Any) -> None:
    told = "the server's data folder (default: that of twistd chatd without --data)"
    parser.add_argument("--data", metavar="DIR", default=default, help=told)


def _add_dry_run(parser: ArgumentParser, told: str) -> None:
    parser.add_argument("--dry-run", action="store_true", help=told)
