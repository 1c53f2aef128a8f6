"""The command line and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd import __version__
from chatd.client.options import parse_options, parse_server


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("example.org", "example.org", 8080),
        ("example.org:9000", "example.org", 9000),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("[::1]:65535", "::1", 65535),
        ("[::1]", "::1", 8080),
        ("2001:db8::2", "2001:db8::2", 8080),
        (" host ", "host", 8080),
    ],
)
def test_servers(text: str, host: str, port: int) -> None:
    assert parse_server(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        ":80",
        "host:",
        "host:0",
        "host:65536",
        "host:http",
        "host:-1",
        "host:\u0663",
        "[::1",
        "[]:80",
        "[::1]80",
        "a b",
        "a://b",
    ],
)
def test_invalid_servers(text: str) -> None:
    with pytest.raises(ValueError, match="is not a "):
        parse_server(text)


def test_defaults() -> None:
    options = parse_options([], {"USER": "ada", "TERM": "xterm"})
    assert options.server == "localhost:8080"
    assert (options.nick, options.rooms) == ("ada", ())
    assert not options.fresh
    assert (options.listen, options.as_json, options.verbose, options.dumb) == (False, False, False, False)
    assert options.colours


@pytest.mark.parametrize(("host", "server"), [("there", "there:20100"), ("::1", "[::1]:20100"), ("[::1]", "[::1]:20100")])
def test_the_port_may_stand_apart(host: str, server: str) -> None:
    assert parse_options([host, "20100", "--nick", "ada"], {}).server == server


@pytest.mark.parametrize(("term", "links"), [("xterm-256color", True), ("tmux", True), ("linux", False), ("dumb", False)])
def test_links(term: str, links: bool) -> None:
    assert parse_options([], {"TERM": term}).links is links


def test_a_unix_socket() -> None:
    options = parse_options(["unix:/run/chatd.sock"], {})
    assert (options.path, options.server) == ("/run/chatd.sock", "unix:/run/chatd.sock")
    assert parse_options([], {"CHATD_SERVER": "unix:chatd.sock"}).path == "chatd.sock"


def test_the_command_line_goes_before_the_environment() -> None:
    environment = {"CHATD_SERVER": "there:1", "CHATD_NICK": "eve", "USER": "ada"}
    options = parse_options([], environment)
    assert (options.server, options.nick) == ("there:1", "eve")
    options = parse_options(["[::1]:2", "--nick", "bob", "--room", "#ops", "--room", "dev"], environment)
    assert (options.server, options.nick, options.rooms) == ("[::1]:2", "bob", ("ops", "dev"))


@pytest.mark.parametrize(
    ("environment", "colours", "dumb"),
    [
        ({"TERM": "xterm"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, True),
        ({}, False, True),
    ],
)
def test_colours(environment: dict[str, str], colours: bool, dumb: bool) -> None:
    options = parse_options([], environment)
    assert (options.colours, options.dumb) == (colours, dumb)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json"],
        ["--fresh", "--listen"],
        ["host:x"],
        ["a", "b"],
        ["a:1", "2"],
        ["a", "1", "2"],
        ["a:8080", "1"],
        ["unix:/x", "1"],
        ["unix:"],
        ["--tls", "unix:/x"],
        ["--remember", "--listen"],
        ["--remember", "chat.example.org"],
        ["--password-file", "/nothing"],
        ["--nick"],
        ["--what"],
    ],
)
def test_a_wrong_option_is_reported_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse_options(arguments, {})
    assert end.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("chatd-client: ")


def test_help_lists_everything(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse_options(["--help"], {})
    assert end.value.code == 0
    text = capsys.readouterr().out
    options = ("HOST[:PORT]", "--nick", "--room", "--fresh", "--tls", "--ca", "--fingerprint", "--listen", "--json", "--verbose")
    logging_in = ("--password-file", "--server-password-file", "--remember", "--cert", "--key")
    for word in (
        *options,
        *logging_in,
        "CHATD_SERVER",
        "CHATD_NICK",
        "NO_COLOR",
        "XDG_STATE_HOME",
        "/jump",
        "Page Up",
        "exit status",
        "examples",
    ):
        assert word in text
    assert max(map(len, text.splitlines())) <= 80


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["--version"], {})
    assert capsys.readouterr().out == f"chatd-client {__version__}\n"


def test_passwords_come_from_files_and_only_go_where_nobody_listens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_text("hidden\n")
    arguments = ["--password-file", str(file), "--server-password-file", str(file)]
    for server in ("localhost", "127.0.0.1:1", "[::1]:1", "unix:/x"):
        options = parse_options([server, *arguments], {})
        assert (options.password, options.server_password) == ("hidden", "hidden")
        assert "hidden" not in repr(options)
    assert parse_options(["--tls", "chat.example.org", *arguments], {}).is_private
    with pytest.raises(SystemExit):
        parse_options(["chat.example.org", *arguments], {})
    assert capsys.readouterr().err == (
        "chatd-client: a password for chat.example.org:8080 would be readable on the way; --tls encrypts it\n"
    )
    file.chmod(0o644)
    with pytest.raises(SystemExit):
        parse_options(["localhost", *arguments], {})
    assert "others can read this file" in capsys.readouterr().err
