"""The status line: which room one is in, what is unread in the others, and whether there is a
link."""

from __future__ import annotations

from chatd.client.cells import BOLD, PLAIN, Line, Span
from chatd.client.conversation import Conversation


def rooms_line(talk: Conversation, notice: str = "") -> Line:
    """The current room and who is there, or ``notice`` instead, then the others with what is
    unread."""
    here = talk.rooms.get(talk.current)
    words = [Span(" in no room")]
    if here is not None:
        words = [Span(f" #{here.name}", BOLD), Span(f"  {notice}" if notice else f" {here.count} here")]
    for view in talk.rooms.values():
        if view is not here:
            unread = f" ({view.unread:,}{'!' if view.called else ''})" if view.unread else ""
            words.append(Span(f"  #{view.name}{unread}", BOLD if view.unread else PLAIN))
    return tuple(words)


def link_words(server: str, lost: bool, seconds: float) -> Line:
    """Whether there is a link to ``server``; where it is ``lost``, in how many ``seconds`` the next
    try is."""
    if not lost:
        return (Span(f" linked to {server} "),)
    when = f"next try in {seconds:.0f} s" if seconds >= 0.5 else "trying"
    return (Span(f" link lost, {when} "),)
