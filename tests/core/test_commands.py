"""Commands: parsing what people type, and the table of commands."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core import commands
from chatd.core.commands import (
    INSTEAD,
    TABLE,
    Away,
    Back,
    Command,
    Help,
    History,
    Ignore,
    Join,
    Keep,
    Leave,
    Me,
    Msg,
    Nick,
    Ping,
    Quit,
    Reply,
    Rooms,
    Row,
    Say,
    Search,
    Topic,
    Unignore,
    Who,
    Whois,
    find_row,
    parse,
    usage_line,
)
from chatd.core.errors import BadUsage, Refusal, UnknownCommand

ROWS = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)


KEYS = (
    "/keys lists your SSH keys, adds one, or removes one.",
    "Write /keys, /keys add KEY with a line of a .pub file, or /keys remove N.",
)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("hi", Say("hi")),
        ("/search tea", Search("tea")),
        ("/search in:#dev green tea from:ada", Search("green tea", "#dev", "ada")),
        ("/search tea after:2026-11-01 before:12:30", Search("tea", "", "", "12:30", "2026-11-01")),
        ("/search tea after:2026-10-25 02:40 cup", Search("tea cup", after_time="2026-10-25 02:40")),
        ('/search "green tea" -cold', Search('"green tea" -cold')),
        (" /who", Say(" /who")),
        ("a  b ", Say("a  b ")),
        ("//who", Say("/who")),
        ("//", Say("/")),
        ("///", Say("//")),
        ("/help", Help()),
        ("/help msg", Help("msg")),
        ("/help /msg", Help("/msg")),
        ("/HELP", Help()),
        ("/nick ada", Nick("ada")),
        ("/me waves  twice", Me("waves  twice")),
        ("/msg bob hi", Msg("bob", "hi")),
        ("/msg   bob   a  b ", Msg("bob", "a  b")),
        ("/reply yes, do", Reply("yes, do")),
        ("/join #dev", Join("#dev")),
        ("/join dev ", Join("dev")),
        ("/leave", Leave()),
        ("/leave #dev", Leave("#dev")),
        ("/rooms", Rooms()),
        ("/list", Rooms()),
        ("/part", Leave()),
        ("/part #dev", Leave("#dev")),
        ("/names dev", Who("dev")),
        ("/query bob hi", Msg("bob", "hi")),
        ("/j dev", Join("dev")),
        ("/r yes", Reply("yes")),
        ("/exit", Quit()),
        ("/block eve", Ignore("eve")),
        ("/who", Who()),
        ("/who dev", Who("dev")),
        ("/whois bob", Whois("bob")),
        ("/topic", Topic()),
        ("/topic what we do", Topic("what we do")),
        ("/topic -", Topic("-")),
        ("/ignore", Ignore()),
        ("/ignore eve", Ignore("eve")),
        ("/unignore eve", Unignore("eve")),
        ("/away", Away()),
        ("/away at lunch", Away("at lunch")),
        ("/back", Back()),
        ("/sessions", commands.Sessions()),
        ("/sessions end 3", commands.Sessions(3)),
        ("/keys", commands.Keys()),
        ("/keys add ssh-rsa AAAA desk", commands.Keys(add="ssh-rsa AAAA desk")),
        ("/keys remove 3", commands.Keys(remove=3)),
        ("/login ada", commands.Login("ada")),
        ("/history", History()),
        ("/history 7", History(7)),
        ("/history in:#ops", History(room="#ops")),
        ("/history 7 in:ops", History(7, "ops")),
        ("/history around 12:30", History(around_time="12:30")),
        ("/history around 42 9", History(9, around=42)),
        ("/history around 2026-10-25 02:40 9", History(9, around_time="2026-10-25 02:40")),
        ("/history in:#ops before 2026-10-25 02:40+02:00", History(room="#ops", before_time="2026-10-25 02:40+02:00")),
        ("/history after 2026-10-25 9", History(9, after_time="2026-10-25")),
        ("/history in:#ops before 42", History(room="#ops", before=42)),
        ("/history after 42 9 in:#ops", History(9, "#ops", after=42)),
        ("/keep", Keep()),
        ("/keep 30d", Keep("30d")),
        ("/keep -", Keep("-")),
        ("/history 999999999999", History(999_999_999_999)),
        ("/quit", Quit()),
        ("/quit see you", Quit("see you")),
    ],
)
def test_a_line_is_parsed_as_a_command(line: str, command: Command) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "refusal", "reason", "hint"),
    [
        ("/", UnknownCommand, "There is no command /.", "/help lists what you can do."),
        ("/ who", UnknownCommand, "There is no command /.", "/help lists what you can do."),
        ("/whoo", UnknownCommand, "There is no command /whoo.", "Did you mean /who? /help lists all."),
        ("/hlep", UnknownCommand, "There is no command /hlep.", "Did you mean /help? /help lists all."),
        ("/w bob hi", UnknownCommand, "There is no command /w.", INSTEAD["w"]),
        (
            "/CLEAR",
            UnknownCommand,
            "There is no command /clear.",
            "Your own program can clear its screen; chatd-client has /clear.",
        ),
        ("/say hi", UnknownCommand, "There is no command /say.", "What you type without a slash is sent to your current room."),
        ("/xyzzy", UnknownCommand, "There is no command /xyzzy.", "/help lists what you can do."),
        ("/" + "x" * 4000, UnknownCommand, f"There is no command /{'x' * 32}.", "/help lists what you can do."),
        ("/nick", BadUsage, "/nick needs an argument.", "Write /nick NICK."),
        ("/nick a b", BadUsage, "/nick has too many arguments.", "Write /nick NICK."),
        ("/me", BadUsage, "/me needs an argument.", "Write /me TEXT."),
        ("/me  ", BadUsage, "/me needs an argument.", "Write /me TEXT."),
        ("/msg", BadUsage, "/msg needs an argument.", "Write /msg NICK TEXT."),
        ("/msg bob", BadUsage, "/msg needs an argument.", "Write /msg NICK TEXT."),
        ("/leave a b", BadUsage, "/leave has too many arguments.", "Write /leave [ROOM]."),
        ("/rooms all", BadUsage, "/rooms has too many arguments.", "Write /rooms."),
        ("/keep 30 days", BadUsage, "/keep has too many arguments.", "Write /keep [TIME]."),
        ("/sessions 3", BadUsage, "/sessions lists your sessions, or ends one.", "Write /sessions, or /sessions end N."),
        ("/sessions end", BadUsage, "/sessions needs a number.", "Write /sessions, with a whole number N above 0."),
        ("/keys 3", BadUsage, *KEYS),
        ("/keys add", BadUsage, *KEYS),
        ("/keys remove", BadUsage, *KEYS),
        ("/keys remove desk", BadUsage, "/keys needs a number.", "Write /keys, with a whole number N above 0."),
        ("/history around", BadUsage, "/history around needs a time.", "Write /history around 12:30."),
        ("/history x", BadUsage, "/history needs a number.", "Write /history [N], with a whole number N above 0."),
        ("/history 0", BadUsage, "/history needs a number.", "Write /history [N], with a whole number N above 0."),
        ("/history -3", BadUsage, "/history needs a number.", "Write /history [N], with a whole number N above 0."),
        ("/history ٣", BadUsage, "/history needs a number.", "Write /history [N], with a whole number N above 0."),
        ("/history 1000000000000", BadUsage, "/history needs a number.", "Write /history [N], with a whole number N above 0."),
        ("/history " + "9" * 4000, BadUsage, "/history needs a number.", "Write /history [N], with a whole number N above 0."),
    ],
)
def test_an_invalid_line_is_refused(line: str, refusal: type[Refusal], reason: str, hint: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(line)
    assert (type(refused.value), refused.value.reason, refused.value.hint) == (refusal, reason, hint)


@given(st.text())
def test_any_line_is_a_command_or_refused(line: str) -> None:
    try:
        command = parse(line)
    except (UnknownCommand, BadUsage):
        assert line.startswith("/")
    else:
        assert isinstance(command, Say) == (not line.startswith("/") or line.startswith("//"))


@given(st.text())
def test_a_second_slash_escapes_the_first(text: str) -> None:
    assert parse("//" + text) == Say("/" + text)


# -- The table -------------------------------------------------------------------------------------


def test_the_table_has_every_command_once() -> None:
    classes = {cls for _, cls in inspect.getmembers(commands, inspect.isclass) if issubclass(cls, Command)}
    names = [name for row in TABLE for name in (row.name, *row.also)]
    assert sorted([*names, *INSTEAD]) == sorted({*names, *INSTEAD})
    shared = {cls for cls in classes if cls.__name__.startswith("_")}
    assert {row.make for row in TABLE} == classes - shared - {Command, commands.Hello, Say, Ping}


@ROWS
def test_the_words_of_a_usage_are_the_first_fields_of_the_command(row: Row) -> None:
    command_fields = [field for field in fields(row.make) if field.name != "id"]
    for word, field in zip(row.usage.split(), command_fields, strict=False):
        assert word.startswith("[") == (field.default is not MISSING)
    assert all(field.default is not MISSING for field in command_fields[len(row.usage.split()) :])


@ROWS
def test_a_row_is_found_by_name_and_its_usage_can_be_parsed(row: Row) -> None:
    assert find_row(row.name) is find_row(f"/{row.name.upper()}") is row
    line = usage_line(row).translate({ord("["): None, ord("]"): None}).replace(" N", " 5")
    assert type(parse(line)) is row.make


@ROWS
def test_help_fits_on_a_line_of_a_terminal(row: Row) -> None:
    widest = max(len(usage_line(other)) for other in TABLE)
    assert row.help
    assert len("-- ") + widest + len("  ") + len(row.help) <= 80
