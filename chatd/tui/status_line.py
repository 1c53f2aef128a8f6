"""The status line: the current room, what is unread in the others, and whether there is a
connection."""

from __future__ import annotations

from chatd.tui.cells import BOLD, PLAIN, Line, Span
from chatd.tui.conversation import Conversation


def rooms_line(conversation: Conversation, notice: str = "") -> Line:
    """The current room and how many are in it, or ``notice`` instead; then the other rooms, with
    the number of unread messages."""
    here, talk = conversation.rooms.get(conversation.here), conversation.talk
    words = [Span(f" [{talk.nick}]", BOLD)] if talk is not None else [Span(" in no room")]
    if here is not None:
        words = [Span(f" #{here.name}", BOLD), Span(f"  {notice}" if notice else f" {here.count} here")]
    for room in conversation.rooms.values():
        if room is not here:
            unread = f" ({room.unread:,}{'!' if room.mentioned else ''})" if room.unread else ""
            words.append(Span(f"  #{room.name}{unread}", BOLD if room.unread else PLAIN))
    for other in conversation.talks.values():
        if other is not talk:
            words.append(
                Span(f"  [{other.nick}]{f' ({other.unread:,}!)' if other.unread else ''}", BOLD if other.unread else PLAIN)
            )
    return tuple(words)


def link_line(server: str, lost: bool, seconds: float) -> Line:
    """Whether there is a link to ``server``; if it is ``lost``, in how many ``seconds`` the client
    tries again."""
    if not lost:
        return (Span(f" connected to {server} "),)
    when = f"next try in {seconds:.0f} s" if seconds >= 0.5 else "trying"
    return (Span(f" connection lost, {when} "),)


def window_title(conversation: Conversation) -> str:
    """The title of the window: the room, and how many messages are unread elsewhere."""
    private = sum(talk.unread for talk in conversation.talks.values())
    unread = private + sum(room.unread for room in conversation.rooms.values())
    mark = "!" if private or any(room.mentioned for room in conversation.rooms.values()) else ""
    where = f"#{conversation.here}" if conversation.here else "chatd"
    where = f"[{conversation.talk.nick}]" if conversation.talk is not None else where
    return f"({unread:,}{mark}) {where}" if unread else where
