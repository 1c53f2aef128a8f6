"""Rows and queries. Every function here may run in any thread, on a connection of that thread."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any, Final

from chatd.core.events import (
    Announced,
    BanLifted,
    BanSet,
    Blanked,
    Deleted,
    Edited,
    Event,
    Invited,
    Joined,
    Left,
    ModeSet,
    Private,
    Reason,
    Renamed,
    Reported,
    RetentionSet,
    RoleSet,
    Said,
    TopicSet,
)
from chatd.core.names import fold
from chatd.core.retention import Retention
from chatd.core.state import RoomState
from chatd.store.rights import rights_of, text_of

SEQ_BITS: Final = 40
"""An event's ``id`` combines the id of its room and its seq. A room has at most 2^40 events: 1,000
a second for 34 years."""

SAID, ACTION, JOINED, LEFT, RENAMED, TOPIC, KEEP = 1, 2, 3, 4, 5, 6, 7
ROLE, BAN, UNBAN, INVITED, MODE, BLANKED, DELETED, REPORTED, ANNOUNCED, EDITED, PRIVATE = 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
"""The values of the column ``kind``."""

MESSAGES: Final = frozenset({SAID, ACTION, PRIVATE})
"""The kinds that have a text in the search index."""

IS_MESSAGE: Final = f"kind IN ({SAID}, {ACTION}, {PRIVATE})"

COLUMNS: Final = "event.id, event.time, event.kind, event.nick, event.sender_id, event.text, event.detail, event.sent"
EventRow = tuple[int, int, int, str, str, str, str, str | None]

_OF_ROOM: Final = "event.id BETWEEN room.id << 40 AND (room.id + 1 << 40) - 1"


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room as it is stored; ``end`` is the seq of its next event."""

    id: int
    key: str
    name: str
    first: int
    end: int
    state: RoomState

    @property
    def title(self) -> str:
        """What operators call it: ``#lobby``, or ``@ada`` for an inbox."""
        return self.key if self.key.startswith("@") else f"#{self.name}"


def event_id(room: int, seq: int) -> int:
    """The ``id`` of event ``seq`` of the room with the id ``room``."""
    return room << SEQ_BITS | seq


def to_row(room: int, event: Event) -> EventRow:
    """The row of ``event`` in the room with the id ``room``."""
    id = room << SEQ_BITS | event.seq
    if type(event) is Said:  # Nearly all are.
        kind = ACTION if event.action else SAID
        detail = said_detail(event) if event.reply or event.edited or event.account or event.notice else ""
        return id, event.time, kind, event.nick, event.sender_id, event.text, detail, event.id or None
    text, detail = "", ""
    match event:
        case Private():
            flags = "g" * event.guest + "a" * event.action + _NOTICE * event.notice
            detail = _BETWEEN.join((fold(event.peer), event.to, flags, event.common_id))
            return id, event.time, PRIVATE, event.nick, event.sender_id, event.text, detail, event.id or None
        case Joined():
            kind, text, detail = JOINED, event.role, event.hidden
        case Left():
            kind, text, detail = LEFT, event.text, _join(event.reason.value, event.by, event.hidden, _ACCOUNT * event.by_account)
        case Renamed():
            kind, detail = RENAMED, event.to
        case TopicSet():
            kind, text = TOPIC, event.text
        case RetentionSet():
            kind, text, detail = KEEP, event.keep, str(event.since)
        case RoleSet():
            kind, detail = ROLE, _join(event.to, event.role, event.hidden, event.before)
        case BanSet():
            kind, text, detail = BAN, event.text, _join(event.mask, _MUTE if event.mutes else "", str(event.until), event.hidden)
        case BanLifted():
            kind, detail = UNBAN, _join(event.mask, _MUTE if event.mutes else "")
        case Invited():
            kind, detail = INVITED, _join(event.to, event.hidden)
        case ModeSet():
            kind, detail = MODE, _join(event.mode, event.value, event.hidden)
        case Blanked():
            return id, event.time, BLANKED, event.nick, event.sender_id, "", "", event.id or None
        case Edited():
            kind, text, detail = EDITED, event.text, str(event.target)
        case Deleted():
            kind, text, detail = DELETED, event.text, _join(str(event.target), event.to)
        case Reported():
            kind, text, detail = REPORTED, event.text, _join(event.to, event.about)
        case Announced():
            kind, text = ANNOUNCED, event.text
        case _:
            raise TypeError(f"no row for {event!r}")
    return id, event.time, kind, event.nick, event.sender_id, text, detail, None


def to_event(room: str, row: EventRow) -> Event:
    """The event of ``row``, in the room called ``room``."""
    id, time, kind, nick, sender_id, text, detail, sent = row
    seq = id & (1 << SEQ_BITS) - 1
    if kind <= ACTION:
        if not detail:
            return Said(room, seq, time, nick, sender_id, text, kind == ACTION, sent or "")
        reply, edited, flags = _split(detail, 3)
        return Said(
            room,
            seq,
            time,
            nick,
            sender_id,
            text,
            kind == ACTION,
            sent or "",
            int(reply),
            int(edited or 0),
            notice=_NOTICE in flags,
            account=_ACCOUNT in flags,
        )
    if kind == PRIVATE:
        _, to, flags, common_id = _split(detail, 4)
        return Private(
            room,
            seq,
            time,
            nick,
            sender_id,
            text,
            "a" in flags,
            sent or "",
            to=to,
            guest="g" in flags,
            notice=_NOTICE in flags,
            common_id=common_id,
        )
    if kind == JOINED:
        return Joined(room, seq, time, nick, sender_id, detail, text)
    if kind == LEFT:
        reason, by, hidden, flags = _split(detail, 4)
        return Left(room, seq, time, nick, sender_id, Reason(reason), text, by, hidden, by_account=_ACCOUNT in flags)
    if kind == RENAMED:
        return Renamed(room, seq, time, nick, sender_id, detail)
    if kind == KEEP:
        return RetentionSet(room, seq, time, nick, sender_id, text, int(detail))
    if kind == BLANKED:
        return Blanked(room, seq, time, nick, sender_id, "", False, sent or "")
    if kind == EDITED:
        return Edited(room, seq, time, nick, sender_id, int(detail), text)
    if kind == DELETED:
        target, to = _split(detail, 2)
        return Deleted(room, seq, time, nick, sender_id, int(target), to, text)
    if kind == REPORTED:
        to, about = _split(detail, 2)
        return Reported(room, seq, time, nick, sender_id, to, text, about)
    if kind == ANNOUNCED:
        return Announced(room, seq, time, nick, sender_id, text)
    if kind == ROLE:
        return RoleSet(room, seq, time, nick, sender_id, *_split(detail, 4))
    if kind == BAN:
        mask, mute, until, hidden = _split(detail, 4)
        return BanSet(room, seq, time, nick, sender_id, mask, mute == _MUTE, int(until), text, hidden)
    if kind == UNBAN:
        mask, mute = _split(detail, 2)
        return BanLifted(room, seq, time, nick, sender_id, mask, mute == _MUTE)
    if kind == INVITED:
        return Invited(room, seq, time, nick, sender_id, *_split(detail, 2))
    if kind == MODE:
        return ModeSet(room, seq, time, nick, sender_id, *_split(detail, 3))
    return TopicSet(room, seq, time, nick, sender_id, text)


_BETWEEN: Final = "\n"
"""Separates the parts of a ``detail``: no text of a person contains it."""

_MUTE: Final = "mute"
_ACCOUNT: Final = "a"
_NOTICE: Final = "n"


def said_detail(said: Said) -> str:
    """The ``detail`` of a message that replies to another one, was changed, is a notice, or is that
    of somebody who is registered."""
    flags = (_ACCOUNT if said.account else "") + (_NOTICE if said.notice else "")
    return _join(str(said.reply), str(said.edited) if said.edited else "", flags)


def _join(*parts: str) -> str:
    return _BETWEEN.join(parts).rstrip(_BETWEEN)


def _split(detail: str, number: int) -> list[str]:
    """The parts of ``detail``; those that are missing at the end are empty."""
    parts = detail.split(_BETWEEN)
    return parts + [""] * (number - len(parts))


def rooms(connection: Connection) -> Sequence[RoomRow]:
    """All rooms, in the order in which they were created."""
    rows = connection.execute(
        f"""
        SELECT id, key, name, first, topic, keep, keep_since, rights, (SELECT max(event.id) FROM event WHERE {_OF_ROOM})
        FROM room ORDER BY id
        """
    )
    return [
        RoomRow(
            id,
            key,
            name,
            first,
            max(first, ((last or 0) & (1 << SEQ_BITS) - 1) + 1),
            RoomState(topic, Retention(keep, since), rights_of(rights)),
        )
        for id, key, name, first, topic, keep, since, rights, last in rows
    ]


def change_state(connection: Connection, room: int, events: Iterable[Event]) -> None:
    """Apply ``events`` to the stored state of the room with this id, in the transaction that stores
    them."""
    row = connection.execute("SELECT topic, keep, keep_since, rights FROM room WHERE id = ?", (room,)).fetchone()
    state = RoomState(row[0], Retention(row[1], row[2]), rights_of(row[3]))
    for event in events:
        state = state.apply(event)
    store_state(connection, room, state)


def store_state(connection: Connection, room: int, state: RoomState) -> None:
    """Store the state of the room with this id."""
    connection.execute(
        "UPDATE room SET topic = ?, keep = ?, keep_since = ?, rights = ? WHERE id = ?",
        (state.topic, state.retention.text, state.retention.since, text_of(state.rights), room),
    )


def remove_room(connection: Connection, room: int) -> None:
    """Remove the room with this id and its events, of which none is in the search index, in the
    transaction that there is.

    A later room may get the same id, so that nothing may be left under it.
    """
    connection.execute("DELETE FROM event WHERE id >= ? AND id < ?", (event_id(room, 0), event_id(room + 1, 0)))
    for table in ("indexed", "run_start"):
        connection.execute(f"DELETE FROM {table} WHERE room = ?", (room,))
    connection.execute("DELETE FROM room WHERE id = ?", (room,))


def blank_rooms(connection: Connection) -> Sequence[int]:
    """The ids of the rooms that have events, but neither a message nor a topic, a retention, or
    other rights than those of whoever made them. Logs that are no room stay."""
    rows = connection.execute(
        f"""
        SELECT id, rights FROM room WHERE topic = '' AND keep = '' AND key NOT LIKE '@%'
            AND EXISTS (SELECT 1 FROM event WHERE {_OF_ROOM})
            AND NOT EXISTS (SELECT 1 FROM event WHERE {_OF_ROOM} AND {IS_MESSAGE})
        ORDER BY id
        """
    )
    return [id for id, rights in rows if rights_of(rights).is_plain]


def events(connection: Connection, room: int, name: str, start: int, stop: int) -> Sequence[Event]:
    """The events of the room with this id and name from seq ``start`` up to, but not including,
    ``stop``."""
    rows: Iterable[Any] = connection.execute(
        f"SELECT {COLUMNS} FROM event WHERE id >= ? AND id < ? ORDER BY id", (event_id(room, start), event_id(room, stop))
    )
    return [to_event(name, row) for row in rows]


def talk(connection: Connection, room: int, name: str, peer: str, seq: int, count: int) -> Sequence[Event]:
    """The private messages of an inbox with ``peer``, oldest first: the first ``count`` from
    ``seq`` on, or the last ``-count`` before it."""
    end = (1 << SEQ_BITS) - 1
    first, stop, order = (seq, end, "") if count > 0 else (0, min(seq, end), "DESC")
    rows: list[Any] = connection.execute(
        f"SELECT {COLUMNS} FROM event WHERE id >= ? AND id < ? AND kind = {PRIVATE} AND substr(detail, 1, ?) = ?"
        f" ORDER BY id {order} LIMIT ?",
        (event_id(room, 0) + first, event_id(room, 0) + stop, len(peer) + 1, peer + _BETWEEN, abs(count)),
    ).fetchall()
    return [to_event(name, row) for row in (rows if count > 0 else reversed(rows))]


def talks(connection: Connection, room: int, name: str, start: int, stop: int) -> Sequence[Event]:
    """The last private message of an inbox with each person, oldest first, among those from
    ``start`` up to, but not including, ``stop``."""
    rows: Iterable[Any] = connection.execute(
        f"SELECT {COLUMNS} FROM event WHERE id IN (SELECT max(id) FROM event WHERE id >= ? AND id < ? AND kind = {PRIVATE}"
        " GROUP BY substr(detail, 1, instr(detail, char(10)))) ORDER BY id",
        (event_id(room, start), event_id(room, stop)),
    )
    return [to_event(name, row) for row in rows]


def find_message(connection: Connection, sender_id: str, sent: str, limit: int) -> tuple[Said | None, Sequence[str] | None]:
    """The message from ``sender_id`` with the id ``sent``, and all ids of ``sender_id``; None if
    there are more than ``limit``."""
    row = connection.execute(
        f"SELECT room.name, {COLUMNS} FROM event JOIN room ON room.id = event.id >> 40 WHERE sender_id = ? AND sent = ?",
        (sender_id, sent),
    ).fetchone()
    said = to_event(row[0], row[1:]) if row is not None else None
    ids = [
        id
        for (id,) in connection.execute(
            "SELECT sent FROM event WHERE sender_id = ? AND sent IS NOT NULL LIMIT ?", (sender_id, limit + 1)
        )
    ]
    return said if isinstance(said, Said) else None, ids if len(ids) <= limit else None


class _Times(Sequence[int]):
    """The times of a room's events, by seq."""

    def __init__(self, connection: Connection, room: int, stop: int) -> None:
        self._connection = connection
        self._room = room
        self._stop = stop

    def __len__(self) -> int:
        return self._stop

    def __getitem__(self, seq: Any) -> Any:
        row = self._connection.execute("SELECT time FROM event WHERE id = ?", (event_id(self._room, seq),)).fetchone()
        return row[0] if row else 0


def seq_at_time(connection: Connection, room: int, first: int, stop: int, time: int) -> int:
    """The seq of the first event from ``first`` to ``stop`` at or after ``time``. The binary search
    reads 24 of ten million rows."""
    return bisect_left(_Times(connection, room, stop), time, first, stop)
