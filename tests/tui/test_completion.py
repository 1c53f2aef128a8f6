"""Completion: what Tab offers."""

from __future__ import annotations

import pytest

from chatd.core import answers
from chatd.tui.completion import options_for
from chatd.tui.conversation import Conversation


@pytest.fixture
def conversation() -> Conversation:
    conversation = Conversation("ada")
    conversation.receive(answers.Entered("lobby", 1, 5, ("bob", "Ben", "Ännchen", "漢字", "ada")))
    conversation.receive(answers.Entered("ops", 1, 1, ("ada",)))
    return conversation


@pytest.mark.parametrize(
    ("before", "kept", "options"),
    [
        ("b", "", ("Ben: ", "bob: ")),
        ("B", "", ("Ben: ", "bob: ")),
        ("hi b", "hi ", ("Ben ", "bob ")),
        ("hi ä", "hi ", ("Ännchen ",)),
        ("漢", "", ("漢字: ",)),
        ("a", "", ()),
        ("hi x", "hi ", ()),
        ("", "", ("漢字: ", "Ännchen: ", "Ben: ", "bob: ")),
        ("/wh", "", ("/who ", "/whois ", "/whowas ")),
        ("/WHOI", "", ("/whois ",)),
        ("/zzz", "", ()),
        ("//w", "", ()),
        ("#", "", ("#lobby ", "#ops ")),
        ("see #o", "see ", ("#ops ",)),
        ("/join o", "/join ", ("#ops ",)),
        ("/join #l", "/join ", ("#lobby ",)),
        ("/leave ", "/leave ", ("#lobby ", "#ops ")),
        ("/msg bo", "/msg ", ("bob ",)),
        ("/msg bob hi be", "/msg bob hi ", ("Ben ",)),
        ("/whois be", "/whois ", ("Ben ",)),
        ("/help wh", "/help ", ("who ", "whois ", "whowas ")),
        ("/help /wh", "/help ", ("who ", "whois ", "whowas ")),
        ("/rooms o", "/rooms ", ()),
        ("/j", "", ("/join ", "/jump ")),
        ("/jump ", "/jump ", ("new ",)),
        ("/help ju", "/help ", ("jump ",)),
        ("/keep ", "/keep ", ("12h ", "30d ", "8w ", "none ", "- ")),
        ("/keep n", "/keep ", ("none ",)),
        ("/history ", "/history ", ("before ", "after ", "around ", "in:")),
        ("/history before 12:30 i", "/history before 12:30 ", ("in:",)),
        ("/history in:", "/history ", ("in:#lobby ", "in:#ops ")),
        ("/history in:#O", "/history ", ("in:#ops ",)),
        ("/search tea from:B", "/search tea ", ("from:Ben ", "from:bob ")),
        ("/search tea before:", "/search tea ", ()),
        ("/search tea aft", "/search tea ", ("after:",)),
        ("/search ", "/search ", ("漢字 ", "Ännchen ", "Ben ", "bob ")),
        ("/search be", "/search ", ("before:",)),
        ("keep n", "keep ", ()),
        ("one\nb", "one\n", ("Ben ", "bob ")),
        ("b!", "", ()),
    ],
)
def test_options(conversation: Conversation, before: str, kept: str, options: tuple[str, ...]) -> None:
    assert options_for(before, conversation) == (kept, options)
