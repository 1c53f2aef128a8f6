"""Reports, announcements and the log of the server."""

from __future__ import annotations

import pytest

from chatd.core import answers
from chatd.core.answers import Announcement
from chatd.core.commands import Announce, Audit, Command, Leave, Report, Search
from chatd.core.events import Announced, Reported
from chatd.testing import Visitor, own_account
from tests.core.actions.answers import only, refusal


def test_a_report_reaches_the_operators(ada: Visitor, bob: Visitor) -> None:
    own_account(ada)
    assert only(answers.Done, bob.ask(Report("ada", "spams"))).subject == "ada"
    report = only(answers.Report, ada.take())
    assert (report.nick, report.to, report.text, report.about) == ("bob", "ada", "spams", "lobby")
    logged = only(Reported, only(answers.HistoryPage, ada.ask(Audit())).events)
    assert (logged.nick, logged.to, logged.text, logged.about) == ("bob", "ada", "spams", "lobby")


def test_nobody_else_learns_of_it(ada: Visitor, bob: Visitor) -> None:
    bob.ask(Leave())
    ada.take()
    bob.ask(Report("ada", "spams"))
    assert ada.take() == []
    assert only(answers.SearchResults, ada.ask(Search("spams"))).events == ()


def test_an_announcement_reaches_everybody(ada: Visitor, bob: Visitor) -> None:
    own_account(ada)
    news = ada.ask(Announce("restart at noon"))
    assert only(answers.Done, news).subject == "2"
    assert only(Announcement, bob.take()).text == "restart at noon"
    assert only(Announced, only(answers.HistoryPage, ada.ask(Audit(5))).events).text == "restart at noon"


@pytest.mark.parametrize("command", [Announce("hi"), Audit()])
def test_only_operators_announce_and_audit(bob: Visitor, command: Command) -> None:
    code, reason, _ = refusal(bob.ask(command))
    assert (code, reason) == ("not-allowed", "You may not do this on the server.")


@pytest.mark.parametrize("command", [Report("ada", " "), Report("nobody", "spams")])
def test_an_empty_report_or_one_of_nobody_is_refused(ada: Visitor, bob: Visitor, command: Command) -> None:
    assert refusal(bob.ask(command))[0] in ("bad-usage", "no-such-nick")
