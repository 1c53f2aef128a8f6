"""The options of ``twistd chatd``: their settings, and errors in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatd.core.limits import ADDRESS_RATE, FLOOD_BURST, FLOOD_RATE, SESSIONS, SESSIONS_PER_ADDRESS
from chatd.core.registry import Settings
from chatd.daemon.errors import CannotStart
from chatd.tap import Options, _certificate
from tests.doors.test_tls import make


def parsed(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(list(arguments))
    return options


def test_the_defaults() -> None:
    options = parsed()
    assert options["port"] == 8080
    assert options["listen"] == []
    assert options["settings"] == Settings(
        "chatd", (), "lobby", FLOOD_RATE, FLOOD_BURST, ADDRESS_RATE, SESSIONS_PER_ADDRESS, SESSIONS
    )


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["--name", "teahouse"], Settings(name="teahouse")),
        (["--default-room", "#Tea"], Settings(default_room="Tea")),
        (["--flood-rate", "2.5"], Settings(flood_rate=2.5)),
        (["--flood-burst", "3"], Settings(flood_burst=3)),
        (["--flood-rate", "0"], Settings(flood_rate=0)),
        (["--flood-rate", "0", "--flood-burst", "0"], Settings(flood_rate=0, flood_burst=0)),
        (["--address-rate", "0"], Settings(address_rate=0)),
        (["--max-per-address", "0"], Settings(max_per_address=0)),
        (["--max-sessions", "7"], Settings(max_sessions=7)),
        (["--keep", "30d"], Settings(keep="30d")),
        (["--operator", "Ada", "--operator", "bob"], Settings(operators=frozenset({"ada", "bob"}))),
        (["--clear-passwords"], Settings(clear_passwords=True)),
        (["--registration", "closed"], Settings(registration="closed")),
        (["--registration", "invite"], Settings(registration="invite")),
        (["--accounts", "only"], Settings(accounts_only=True)),
        (["--accounts", "optional"], Settings()),
    ],
)
def test_settings(arguments: list[str], settings: Settings) -> None:
    assert parsed(*arguments)["settings"] == settings


@pytest.mark.parametrize(
    ("arguments", "port", "listen"),
    [
        (["--port", "0"], 0, []),
        (["-p", "65535"], 65535, []),
        (["--listen", "unix:a"], None, ["unix:a"]),
        (["--listen", "unix:a", "--listen", "tcp:1"], None, ["unix:a", "tcp:1"]),
        (["--listen", "unix:a", "--port", "9"], 9, ["unix:a"]),
    ],
)
def test_ports_and_endpoints(arguments: list[str], port: int | None, listen: list[str]) -> None:
    options = parsed(*arguments)
    assert (options["port"], options["listen"]) == (port, listen)


def test_proxies_are_addresses_and_networks() -> None:
    assert parsed()["proxy"] == []
    networks = parsed("--proxy", "127.0.0.1", "--proxy", "10.0.0.0/8", "--proxy", "fd00::/8")["proxy"]
    assert list(map(str, networks)) == ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"]


def test_hosts_are_names_or_addresses() -> None:
    assert parsed()["host"] == []
    assert parsed("--host", "Chat.example.org", "--host", "[::1]")["host"] == ["chat.example.org", "::1"]


@pytest.mark.parametrize("name", ["", "chat.example:8080", "https://chat.example", "*.example"])
def test_another_host_is_a_mistake_in_one_line(name: str) -> None:
    with pytest.raises(SystemExit, match=r"^chatd: --host: .* is neither a host name nor an IP address, .*\.$"):
        parsed("--host", name)


@pytest.mark.parametrize("address", ["", "proxy.example", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.1:80", "unix"])
def test_another_proxy_is_a_mistake_in_one_line(address: str) -> None:
    with pytest.raises(SystemExit, match=r"^chatd: --proxy: .* is neither an IP address nor a network, such as \S+ or \S+\.$"):
        parsed("--proxy", address)


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_the_motd_is_safe_text(tmp_path: Path, start: str) -> None:
    motd = tmp_path / "motd"
    motd.write_bytes(f"{start}Grüße\r\n\x1b[31mred\n\nend".encode())
    assert parsed("--motd", str(motd))["settings"].motd == ("Grüße", "␛[31mred", "", "end")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--port", "x"], "chatd: x is not a port, which is a whole number from 0 to 65535."),
        (["--port", "٣"], "chatd: ٣ is not a port, which is a whole number from 0 to 65535."),
        (["--port", "65536"], "chatd: 65536 is not a port, which is a whole number from 0 to 65535."),
        (["--flood-rate", "-1"], "chatd: -1 is not a rate, which is a number of 0 or more."),
        (["--flood-rate", "inf"], "chatd: inf is not a rate, which is a number of 0 or more."),
        (["--max-sessions", "1.5"], "chatd: 1.5 is not a whole number of 0 or more."),
        (["--flood-burst", "0"], "chatd: --flood-burst must be at least 1, unless --flood-rate is 0."),
        (["--motd", "/no/such/file"], "chatd: --motd: /no/such/file cannot be read: No such file or directory."),
        (["--motd", "/"], "chatd: --motd: / cannot be read: Is a directory."),
        (
            ["--operator", "-a"],
            "chatd: --operator: A nick cannot begin with '-'. A nick has 1 to 32 characters: "
            "letters and digits of any script, and - _ . (but not - or . at the beginning).",
        ),
        (["--nonsense"], "chatd: option --nonsense not recognized"),
    ],
)
def test_a_mistake_is_reported_in_one_line(arguments: list[str], line: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*arguments)
    assert ended.value.code == line


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://www.example.org", "https://www.example.org"),
        ("https://www.example.org/", "https://www.example.org"),
        ("HTTPS://WWW.Example.org:443", "https://www.example.org"),
        ("http://www.example.org:80", "http://www.example.org"),
        ("http://www.example.org:8080", "http://www.example.org:8080"),
        ("https://müller.example", "https://xn--mller-kva.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
    ],
)
def test_an_origin_is_what_browsers_send(given: str, origin: str) -> None:
    assert parsed("--origin", given)["origin"] == [origin]


@pytest.mark.parametrize(
    "given",
    [
        *("", "www.example.org", "www.example.org:8080", "//www.example.org", "https://", "https:www.example.org", "null", "*"),
        *("https://a.example/chat", "https://a.example?x", "https://a.example#x", "https://ada@a.example", "https://a:b"),
        "https://a..b",
    ],
)
def test_another_origin_is_a_mistake_in_one_line(given: str) -> None:
    with pytest.raises(SystemExit, match=r"^chatd: --origin: .* is not a scheme and a host, such as https://www\.example\.org\.$"):
        parsed("--origin", given)


def test_the_name_of_the_server_has_no_spaces() -> None:
    with pytest.raises(SystemExit, match=r"^chatd: --name: The name of the server cannot contain a space\.") as ended:
        parsed("--name", "My chat")
    assert "room" not in str(ended.value)


def test_chatd_is_not_put_into_a_chroot() -> None:
    options = Options()
    options.parent = {"chroot": "/srv"}  # type: ignore[assignment]
    with pytest.raises(SystemExit, match="use a container"):
        options.parseOptions([])


@pytest.mark.parametrize("keep", ["0d", "d", "30", "30m", "-1d", "1.5d", "\u0663d"])
def test_an_invalid_retention_is_reported_in_one_line(keep: str) -> None:
    with pytest.raises(SystemExit, match="is not a duration"):
        Options().parseOptions(["--keep", keep])


def test_checkers_are_plugged_in(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("eve:secret of eve\n")
    options = parsed("--auth", f"file:{tmp_path / 'passwords'}", "--auth", "memory:bob:secret of bob")
    assert [type(checker).__name__ for checker in options["auth"]] == ["FilePasswordDB", "InMemoryUsernamePasswordDatabaseDontUse"]
    assert options["settings"].registration == "closed", "nobody can register the nick of somebody whom a checker knows"
    assert parsed("--auth", "memory:bob:secret of bob", "--registration", "open")["settings"].registration == "open"


@pytest.mark.parametrize("checker", ["nothing:secret", "anonymous"])
def test_a_checker_that_cannot_be_used_is_named(checker: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed("--auth", checker)
    assert str(ended.value).startswith(f"chatd: --auth: {checker.partition(':')[0]} cannot be used: ")


@pytest.mark.parametrize(("text", "sts"), [("8080:30d", (8080, 2592000)), ("6697:12h", (6697, 43200)), ("8080:0", (8080, 0))])
def test_sts_is_a_port_and_a_time(text: str, sts: tuple[int, int], tmp_path: Path) -> None:
    assert parsed("--sts", text, "--tls-cert", str(tmp_path / "chat.pem"))["settings"].sts == sts


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("30d", "--sts is PORT:TIME, such as 8080:30d, not 30d."),
        ("8080", "--sts is PORT:TIME, such as 8080:30d, not 8080."),
        ("8080:", "--sts is PORT:TIME, such as 8080:30d, not 8080:."),
        ("0:30d", "--sts is PORT:TIME, such as 8080:30d, not 0:30d."),
        ("99999:30d", "--sts is PORT:TIME, such as 8080:30d, not 99999:30d."),
        ("8080:soon", "--sts: soon is not a duration. Write a number of hours, days or weeks, such as 12h, 30d or 8w."),
        ("8080:30d", "--sts needs --tls-cert."),
    ],
)
def test_any_other_sts_is_refused(text: str, why: str) -> None:
    with pytest.raises(SystemExit, match=f"^chatd: {re.escape(why)}$"):
        parsed("--sts", text)


def test_a_certificate_that_nobody_trusts_binds_nobody(tmp_path: Path) -> None:
    certificate, key = make(tmp_path, "chat.example")
    with pytest.raises(CannotStart, match="--sts would lock IRC clients out"):
        _certificate(parsed("--tls-cert", certificate, "--tls-key", key, "--sts", "8080:30d"))
    for options in ([], ["--sts", "8080:0"]):
        assert _certificate(parsed("--tls-cert", certificate, "--tls-key", key, *options)).is_self_signed


def test_registration_is_one_of_three() -> None:
    with pytest.raises(SystemExit, match=r"^chatd: --registration is open, invite or closed, not ajar\.$"):
        parsed("--registration", "ajar")


@pytest.mark.parametrize("content", [b"open sesame\n", b"open sesame\r\nmore"])
def test_the_password_of_the_server(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "password").write_bytes(content)
    settings = parsed("--password-file", str(tmp_path / "password"))["settings"]
    assert settings.server_password == "open sesame"
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "has no password in its first line."),
        (b"\nopen sesame", "has no password in its first line."),
        (b"\xff", "is not UTF-8 text."),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_a_password_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        parsed("--password-file", str(path))
    assert str(ended.value) == f"chatd: --password-file: {path} {why}"


def test_guests_are_admitted_or_not() -> None:
    with pytest.raises(SystemExit, match=r"^chatd: --accounts is optional or only, not some\.$"):
        parsed("--accounts", "some")
