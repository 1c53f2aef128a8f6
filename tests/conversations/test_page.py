"""The page in a real browser, in one room with ``nc`` and a program that speaks JSON."""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

import pytest

from chatd.codecs.event_phrases import MODES, ROLES, EventPhrases
from chatd.codecs.json import encode_news
from chatd.core import events
from chatd.core.events import Event
from tests.conversations.forking import Twistd
from tests.conversations.proxies import Proxy

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
DEADLINE = 20.0
"""How long anything may take, in seconds; nothing waits longer than needed."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",  # Two pages more for each window.
    "--window-size=1180,760",
)
LIGHT = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
DARK = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
AXE = os.environ.get("CHATD_AXE", "")
"""The file axe.min.js of the npm package axe-core."""


def missing(what: str) -> None:
    """Skip the test, or fail where all tests must run."""
    pytest.fail(what) if os.environ.get("CHATD_TEST_ALL") == "1" else pytest.skip(what)


def need(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        missing(f"{program} is not installed")
    return str(path)


def until(what: Callable[[], T], why: Callable[[], object] = str, seconds: float = DEADLINE) -> T:
    """Wait until ``what`` has a true result; fail after ``seconds``, with ``why``."""
    end = time.monotonic() + seconds
    while not (result := what()):
        if time.monotonic() > end:
            pytest.fail(f"waited in vain: {why()}")
        time.sleep(0.02)
    return result


def batched(things: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some


class Server:
    """A real daemon, which can be restarted."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._options = options or ("--data", "none")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._log = folder / "daemon.log"
        self._process: Twistd | None = None
        self.guests: list[Person | Program] = []
        """Who is disconnected at the end."""

    def start(self) -> None:
        arguments = ["-n", "--pidfile=", "chatd", "--port", str(self.port), "--interface", "127.0.0.1", *self._options]
        with self._log.open("ab") as log:
            self._process = Twistd(arguments, ROOT, os.environ, log.fileno(), log.fileno())
        until(self._listens, self._log.read_text)

    def freeze(self) -> None:
        """Let it answer nothing any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(DEADLINE)
            self._process = None

    def has_callers(self) -> bool:
        """Whether anybody is connected (proc(5), /proc/net/tcp)."""
        sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        return any(fields[1].endswith(f":{self.port:04X}") and fields[3] == "01" for fields in sockets)

    def check(self) -> None:
        assert "Traceback" not in self._log.read_text()

    def _listens(self) -> bool:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", self.port)) == 0


class Person:
    """A person with ``nc``."""

    def __init__(self, server: Server, nick: str) -> None:
        server.guests.append(self)
        nc = [need("nc"), "127.0.0.1", str(server.port)]
        self._process = subprocess.Popen(nc, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self.output = ""
        self.say(nick)
        until(lambda: "You are in" in self.listen(), self.listen)

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def listen(self) -> str:
        assert self._process.stdout is not None
        self.output += (self._process.stdout.read() or b"").decode()
        return self.output

    def hears(self, what: str) -> None:
        until(lambda: what in self.listen(), self.listen)

    def leave(self) -> None:
        self._process.kill()
        self._process.communicate()


class Program:
    """A program that speaks JSON."""

    def __init__(self, server: Server, nick: str, *rooms: str) -> None:
        server.guests.append(self)
        self._socket = socket.create_connection(("127.0.0.1", server.port), DEADLINE)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self.send(type="hello", nick=nick, rooms=rooms)
        self.hears(type="entered")

    def send(self, **wire: Any) -> None:
        self._socket.sendall(json.dumps(wire).encode() + b"\n")

    def say(self, text: str) -> None:
        self.send(type="say", text=text, room="lobby")
        self.hears(type="said", text=text)

    def say_all(self, texts: Iterable[str], room: str = "lobby") -> None:
        """Send ``texts`` without waiting for each answer."""
        for some in batched(texts, 250):  # Few enough that the answers fit into the buffers meanwhile.
            messages = [{"type": "say", "room": room, "text": text} for text in some]
            self._socket.sendall(b"".join(json.dumps(wire).encode() + b"\n" for wire in messages))
            self.hears(type="said", text=some[-1])

    def hears(self, **fields: Any) -> dict[str, Any]:
        for line in self._lines:
            message: dict[str, Any] = json.loads(line)
            if fields.items() <= message.items():
                return message
        pytest.fail("the connection has ended")

    def leave(self) -> None:
        self._lines.close()
        self._socket.close()


class Page:
    """The page in its own window, with its own session storage."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser = browser
        browser.switch_to.new_window("window")
        self._window = browser.current_window_handle
        browser.get(url)

    def turn(self) -> Any:
        if self.browser.current_window_handle != self._window:
            self.browser.switch_to.window(self._window)
        return self.browser

    def run(self, script: str, *arguments: Any) -> Any:
        return self.turn().execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        return self.turn().find_element("css selector", selector)

    def count(self, selector: str) -> int:
        return len(self.turn().find_elements("css selector", selector))

    def read(self, selector: str = "#log") -> str:
        return str(self.run("return document.querySelector(arguments[0])?.textContent || ''", selector))

    def texts(self) -> list[str]:
        """The messages shown that are acknowledged."""
        query = "return [...document.querySelectorAll('.said:not(.pending,.sent) .text')].map((e) => e.textContent)"
        return list(self.run(query))

    def seqs(self) -> list[int]:
        """The numbers of all events in the list."""
        return list(self.run("return [...document.querySelectorAll('#log [data-seq]')].map((e) => Number(e.dataset.seq))"))

    def top(self) -> int:
        """The number of the first event that begins in sight."""
        return int(
            self.run(
                "const top = document.querySelector('#log').getBoundingClientRect().top;"
                "return [...document.querySelectorAll('#log [data-seq]')]"
                ".find((one) => one.getBoundingClientRect().top >= top).dataset.seq"
            )
        )

    def scroll(self, script: str, done: Callable[[], Any]) -> None:
        """Scroll to the position that ``script`` computes, repeatedly, until ``done``."""

        def scrolled() -> Any:
            self.run(f"const log = document.querySelector('#log'); log.scrollTop = {script}")
            return done()

        until(scrolled, lambda: self.texts()[:3] + self.texts()[-3:])

    def knock(self, nick: str) -> None:
        field = self.find("#nick")
        field.clear()
        field.send_keys(nick, "\n")

    def join(self, nick: str) -> Page:
        self.knock(nick)
        self.shows("#people", nick)
        return self

    def enter(self, room: str) -> None:
        self.type(f"/join {room}\n")
        self.shows("#title", f"#{room}")

    def type(self, *keys: str) -> None:
        self.find("#text").send_keys(*keys)

    def shows(self, selector: str, what: str) -> None:
        until(lambda: what in self.read(selector), lambda: f"{what} in {selector}: {self.read(selector)[-500:]}")

    def says(self, text: str) -> None:
        self.type(text, "\n")
        until(lambda: text in self.texts(), lambda: self.read("#chat"))


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Server]:
    """A running daemon; afterwards everybody is disconnected, and its log has no errors."""
    server = Server(folder, *options)
    server.start()
    yield server
    for guest in server.guests:
        guest.leave()
    server.stop()
    server.check()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A daemon with its data on disk and a thousand messages in #long."""
    folder = tmp_path_factory.mktemp("archive")
    with running(folder, "--data", str(folder / "data"), "--flood-rate", "0") as server:
        writer = Program(server, "writer", "long")
        writer.say_all((f"line {n}" for n in range(800)), "long")
        writer.say_all(["long ago the Café opened, and <b>all</b> were glad"], "long")
        writer.say_all((f"line {n}" for n in range(801, 1000)), "long")
        writer.leave()
        yield server


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    binary, driver = need("chromium"), need("chromedriver")
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        missing("selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(driver))
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """A browser with one empty window; afterwards its log must have no errors."""
    home = chromium.current_window_handle
    yield chromium
    # While the server is stopped, connecting must fail, and so must asking why; and the icon may be
    # requested on a connection that was greeted already (chatd.doors.web).
    harmless = ("WebSocket connection to", "/ws - Failed to load", "/icon.svg")
    said = [entry["message"] for entry in chromium.get_log("browser")]
    complaints = [message for message in said if not any(part in message for part in harmless)]
    for window in chromium.window_handles:
        if window != home:
            chromium.switch_to.window(window)
            chromium.close()
    chromium.switch_to.window(home)
    assert not complaints


def test_pages_nc_and_programs_talk_to_each_other(server: Server, browser: Any) -> None:
    bob, ci = Person(server, "bob"), Program(server, "ci")
    ada = Page(browser, server.url).join("ada")
    eve = Page(browser, server.url)
    eve.knock("ada")
    eve.shows("#nick-error", "ada is here already")
    eve.join("eve")
    ada.says("hello from a page")
    eve.says("hello from another")
    bob.say("hello from nc")
    eve.shows("#log", "hello from nc")
    ci.say("hello from a program")
    for page in (ada, eve):
        page.shows("#log", "hello from a program")
        assert page.texts() == ["hello from a page", "hello from another", "hello from nc", "hello from a program"]
        assert page.read("#count") == "4"
    bob.hears("<eve> hello from another")
    # A paste is one message, and no command.
    ada.run("text.focus(); document.execCommand('insertText', false, arguments[0])", "first\n/leave\n\nlast\n")
    ada.type("\n")
    bob.hears("<ada> first\r\n<ada> /leave\r\n<ada> \r\n<ada> last\r\n")
    until(lambda: "first\n/leave\n\nlast" in ada.texts(), ada.texts)
    eve.type("one", "\ue008\n\ue000", "two\n")  # Shift-Enter
    assert ci.hears(type="said", nick="eve", text="one\ntwo")
    ci.say("\n".join(f"line {number}" for number in range(60)))
    eve.shows("#log .more", "Show all 60 lines")
    assert eve.find(".tall .text").rect["height"] < 250
    eve.find("#log .more").click()
    assert eve.find("#log li:last-child .text").rect["height"] > 800
    # Whoever comes under the nick of somebody who has left may be somebody else.
    ada.type("/msg bob psst\n")
    bob.hears("[ada] psst")
    bob.say("/quit")
    server.guests.remove(bob)
    bob.leave()
    ada.shows("#log", "bob has left. Whoever has this nick later may be somebody else.")
    other = Program(server, "bob")
    ada.type("a secret\n")
    ada.shows("#log .wrong", "Not sent yet. bob left at")
    ada.find("#log .wrong button").click()
    other.hears(type="private", text="a secret")
    ci.send(type="ping")
    ci.hears(type="pong")


def test_messages_are_shown_as_text(server: Server, browser: Any) -> None:
    ci = Program(server, "ci")
    ada = Page(browser, server.url).join("ada")
    script = '<script>document.title = "stolen"</script><img src=x onerror="document.title = 1">'
    word, hebrew, emoji = "x" * 4000, "שלום, מה שלומך?", "\N{PARTY POPPER}\N{PARTY POPPER}"
    link = "see https://example.org/a_(b)?c=d, and javascript:alert(1) (http://a.example/x)."
    for text in (script, word, hebrew, emoji, link):
        ci.say(text)
    ada.shows("#log", "and javascript")
    assert ada.texts() == [script, word, hebrew, emoji, link]
    assert ada.count("#log script, #log img") == 0
    assert ada.run("const log = document.querySelector('#log'); return log.scrollWidth <= log.clientWidth")
    direction = "return [...document.querySelectorAll('.text')].map((e) => getComputedStyle(e).direction)"
    assert ada.run(direction) == ["ltr", "ltr", "rtl", "ltr", "ltr"]
    links = ada.turn().find_elements("css selector", "#log a")
    attributes = [(a.get_attribute("href"), a.get_attribute("rel"), a.get_attribute("target")) for a in links]
    assert attributes == [
        ("https://example.org/a_(b)?c=d", "noopener noreferrer", "_blank"),
        ("http://a.example/x", "noopener noreferrer", "_blank"),
    ]
    ci.say("http://bücher.example/ https://bank.example@evil.example/ https://A.example/")  # Some lead elsewhere than they seem to.
    ada.shows("#log", "https://A.example/")
    assert ada.texts()[-1] == (
        "http://bücher.example/ (xn--bcher-kva.example) https://bank.example@evil.example/ (evil.example) https://A.example/"
    )
    ci.send(type="do", command="topic", text=script, room="lobby")
    ada.shows("#topic", "<script>")


def test_every_command_works_and_refusals_appear_at_their_message(server: Server, browser: Any) -> None:
    bob = Person(server, "bob")
    ada = Page(browser, server.url).join("ada")
    ada.type("/help\n")
    ada.shows(".note", "/unignore NICK")
    ada.type("/me waves\n")
    bob.hears("* ada waves")
    ada.type("/msg bob psst\n")
    bob.hears("[ada] psst")
    ada.shows("#title", "bob")
    bob.say("/reply yes?")
    ada.shows("#log", "yes?")
    ada.enter("tea")
    ada.type("/topic all about tea\n")
    ada.shows("#topic", "all about tea")
    bob.say("ada: still there?")
    ada.shows("#rooms .badge.loud", "1")
    ada.type("/leave\n")
    ada.shows("#log .loud", "still there?")
    ada.type("/nick countess\n")
    ada.shows("#me", "countess")
    ada.type("//not a command\n")
    bob.hears("<countess> /not a command")
    ada.type("/jion x\n")
    ada.shows("#log .bad", "Did you mean /join?")
    ada.type("/whois\n")
    until(lambda: "needs an argument" in ada.read("#log"), ada.read)
    ada.run("arguments[0].value = 'y'.repeat(5000)", ada.find("#text"))
    ada.type("\n")
    ada.shows("#log .wrong", "too long")
    ada.run("arguments[0].value = '/me ' + 'z'.repeat(5000)", ada.find("#text"))
    ada.type("\n")
    until(lambda: ada.run("return document.querySelectorAll('#log .wrong').length") == 2, ada.read)
    ada.run("[...document.querySelectorAll('#log .wrong button')].filter((one) => one.textContent === 'Edit')[1].click()")
    assert ada.run("return arguments[0].value.slice(0, 6)", ada.find("#text")) == "/me zz"
    ada.run("arguments[0].value = ''", ada.find("#text"))
    ada.type("/away tea\n")
    ada.shows("#log", "You are away.")
    ada.type("/quit bye\n")
    bob.hears("countess has left")
    ada.shows("#nick-error", "You have left")


def test_a_reload_and_a_restart_lose_and_repeat_nothing(server: Server, browser: Any) -> None:
    ci = Program(server, "ci")
    for n in range(150):
        if n % 30 == 29:  # Fewer than the burst that may be sent at once.
            ci.leave()
            ci = Program(server, "ci")
        ci.say(str(n))
    ada = Page(browser, server.url).join("ada")
    ada.shows("#log", "149")
    ada.says("before the reload")
    ada.turn().refresh()
    ada.shows("#log", "before the reload")
    ada.shows("#people", "ada")
    until(lambda: ada.run("document.querySelector('#log').scrollTop = 0; return 1") and ada.texts()[0] == "0", ada.read)
    assert ada.texts() == [*map(str, range(150)), "before the reload"]
    ci.leave()
    server.stop()
    ada.shows("#state", "The connection is lost")
    ada.type("while it was away\n")
    assert ada.count(".pending") == 1
    ada.run("state.tries = 9")  # However long it was away.
    server.start()
    until(lambda: "while it was away" in ada.texts(), lambda: ada.read("#chat"))
    ada.says("and on")
    assert ada.texts()[-3:] == ["before the reload", "while it was away", "and on"]
    bob = Program(server, "bob")
    bob.send(type="do", command="history", id="h")
    events = bob.hears(type="history", id="h")["events"]
    assert [event["text"] for event in events if event["type"] == "said"] == ["while it was away", "and on"]
    # After a sleep, the connection may be dead without anybody having said so.
    for wake in ("window.dispatchEvent(new Event('online'))", "lookedAt = new Date(Date.now() - 60e3); lookAtClock()"):
        server.freeze()
        ada.run(wake)
        ada.shows("#state", "Connecting…")
        server.thaw()
        bob.say(f"after a sleep: {wake}")
        ada.shows("#log", f"after a sleep: {wake}")
    # A page that is loaded meanwhile says that the server is away, and goes on when it is back.
    until(lambda: ada.run("return navigator.serviceWorker.controller !== null"))
    server.stop()
    ada.turn().refresh()
    ada.shows("h1", "The chat cannot be reached")
    server.start()
    ada.turn().refresh()  # It would load itself again, but not at once.
    until(lambda: ada.count("#text") == 1 and ada.run("return state.ready"))
    browser.get_log("browser")  # The server could not be reached.


def test_nothing_is_lost_by_a_reload_another_tab_or_a_closed_one(server: Server, browser: Any) -> None:
    bob, eve = Program(server, "bob"), Program(server, "eve")
    ada = Page(browser, server.url).join("ada")
    # What is typed before the page knows the commands waits for them.
    until(lambda: ada.run("return state.knowsCommands"))
    ada.run("state.knowsCommands = false; state.commands.clear()")
    ada.type("/ignore eve\n", "/away tea\n", "/msg bob psst\n", "hello\n")
    bob.hears(type="said", text="hello")
    ada.run("askCommands()")
    bob.hears(type="private", text="psst")
    bob.send(type="do", command="reply", text="yes?")
    ada.shows("#log", "yes?")
    ada.type("half a thought")
    for _ in range(2):
        ada.turn().refresh()
        ada.shows("#title", "bob")
        assert ada.find("#text").get_attribute("value") == "half a thought"
        assert ada.run("return [...document.querySelectorAll('.text')].map((e) => e.textContent)") == ["psst", "yes?"]
    ada.run("document.querySelector('#rooms button').click()")
    bob.say("you have not been away")
    ada.shows("#log", "you have not been away")
    assert ada.run("return [...views.get('#lobby').members.keys()].sort()") == ["ada", "bob", "eve"]
    until(lambda: ada.run("return state.ignored.has('eve') && views.get('#lobby').members.get('ada') === 'tea'"))
    # What is put into the field can be undone.
    ada.type("half a sentence")
    ada.run("prefill('/topic tea')")
    ada.type("\ue009z\ue000")  # Ctrl-Z
    assert ada.find("#text").get_attribute("value") == "half a sentence"
    tab = Page(browser, server.url)
    until(lambda: tab.find("#go-on-part").is_displayed())
    tab.find("#go-on").click()
    tab.shows("#log", "you have not been away")
    assert tab.find("#text").get_attribute("value") == "half a sentence"
    assert tab.run("return views.get('@bob').talk.length") == 2
    ada.shows("#state", "You go on in another tab or window.")
    bob.send(type="do", command="history", id="h")
    joined = [event["nick"] for event in bob.hears(type="history", id="h")["events"] if event["type"] != "said"]
    assert joined == ["bob", "eve", "ada"], "nobody was told"
    # A message that waits is sent by another tab.
    for program in (bob, eve):
        program.leave()
        server.guests.remove(program)
    server.stop()
    tab.shows("#state", "The connection is lost")
    tab.run("startEdit(1, 'better')")
    tab.type(" words\n")
    tab.shows("#log", "Send your change again later.")
    assert tab.find("#text").get_attribute("value") == "better words"
    tab.find("#end-composing").click()
    tab.find("#text").clear()
    tab.type("written in between\n")
    ask = "const event = new Event('beforeunload', {cancelable: true}); window.dispatchEvent(event); return event.defaultPrevented"
    assert tab.run(ask), "the browser asks before it closes the tab"
    for page in (tab, ada):
        page.turn().close()
        browser.switch_to.window(browser.window_handles[0])
    server.start()
    again = Page(browser, server.url).join("ada")
    until(lambda: "written in between" in again.texts(), lambda: again.read("#chat"))
    until(lambda: again.run("return state.ignored.has('eve')"))


def test_what_is_odd_in_the_storage_of_the_browser_is_ignored(server: Server, browser: Any) -> None:
    keys = ["chatd", *(f"chatd-{what}" for what in ("seen", "visits", "preferences", "secret", "admission", "nick", "notify"))]
    put = "for (const key of arguments[0]) for (const one of [localStorage, sessionStorage]) one.setItem(key, arguments[1])"
    ada = Page(browser, server.url)
    for n, odd in enumerate(("no JSON", "7", '"text"', "[null, {}]", '{"seen": 7, "levels": null, "words": 7, "confirmed": 7}')):
        ada.turn().get(f"{server.url}healthz")
        ada.run(put, keys, odd)
        ada.turn().get(server.url)
        ada.join(f"ada{n}").says(f"with {odd}")
    # A visit that can be read in part goes on.
    ada.turn().get(f"{server.url}healthz")
    half = {"waiting": [{}, None], "talks": {"@bob": [{}], "@eve": 7}, "drafts": {"#tea": 7}, "ignored": 7, "away": 7}
    ada.run(put, keys[:1], json.dumps({"nick": "ada", "views": ["#lobby", "#tea", 7], **half}))
    ada.turn().get(server.url)
    ada.shows("#rooms", "#tea")
    ada.says("with half a visit")
    # A browser may also refuse its storage.
    refuse = "for (const one of ['localStorage', 'sessionStorage']) Object.defineProperty(window, one, {get() { throw 'denied'; }})"
    other = Page(browser, f"{server.url}healthz")
    other.turn().execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": refuse})
    other.turn().get(server.url)
    other.join("bob").says("without storage")


def test_the_page_works_with_the_keyboard_alone(server: Server, browser: Any) -> None:
    ci = Program(server, "cicero")
    ada = Page(browser, server.url).join("ada")
    ada.shows("#people", "cicero")
    until(lambda: ada.run("return state.commands.size > 0"))
    ada.type("ci\t")
    assert ada.find("#text").get_attribute("value") == "cicero: "
    ada.type("salve\n")
    ci.hears(type="said", text="cicero: salve")
    ada.type("/wh\t\t")
    assert ada.find("#text").get_attribute("value") == "/whois "
    ada.type("\ue003" * 7, "\t")
    assert ada.run("return document.activeElement.closest('#say') && document.activeElement.type") == "submit", "Tab is no trap"
    # A menu leads back to its message, and a message that is deleted to the next one.
    ci.say("et tu?")
    ada.shows("#log", "et tu?")
    here = "return document.activeElement.querySelector('.text')?.textContent || document.activeElement.id"

    def press(keys: str) -> None:
        ada.turn().switch_to.active_element.send_keys(keys)

    ada.find("#log").send_keys("\ue013\ue013\n")  # the arrow up to the last message but one, Enter
    press("\ue00c")  # Escape
    assert ada.run(here) == "cicero: salve"
    press("\n")
    choose(ada, "Delete")
    until(lambda: ada.run(here) == "et tu?", lambda: ada.run(here))
    press("\ue00c")
    assert ada.run(here) == "text"
    ada.enter("tea")
    ada.type("\ue00a\ue013")  # Alt with the arrow up
    ada.shows("#title", "#lobby")


@pytest.fixture
def neighbour(server: Server) -> Iterator[str]:
    """The address of another page, which lets a browser connect to the server in advance."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<link rel="preconnect" href="{server.url}"><link rel="icon" href="data:,">'.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as other:
        threading.Thread(target=other.serve_forever).start()
        yield f"http://127.0.0.1:{other.server_port}/"
        other.shutdown()


def await_greeting(server: Server, address: str) -> None:
    """Call from ``address``, and wait until a silent caller is greeted there."""
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE, (address, 0)) as caller:
        assert caller.recv(100).startswith(b"-- Welcome")


@pytest.mark.parametrize(("called", "tries"), [(False, 2), (True, 1)])
def test_a_connection_made_in_advance_keeps_nobody_from_the_page(
    server: Server, neighbour: str, browser: Any, called: bool, tries: int
) -> None:
    if called:
        urlopen(server.url, timeout=DEADLINE).close()
    browser.switch_to.new_window("window")
    browser.get(neighbour)
    until(server.has_callers)
    await_greeting(server, "127.0.0.2" if called else "127.0.0.1")
    titles = []
    for _ in range(tries):
        browser.get(server.url)
        titles.append(browser.title)
    assert titles[-1] == "chatd"
    browser.get_log("browser")  # The first try may have failed.


PLAIN = (("443 ssl;", "443;"), ("ssl_certificate fullchain.pem;", ""), ("ssl_certificate_key privkey.pem;", ""))
"""nginx without TLS, since the browser does not know the certificate."""


def test_a_page_that_may_not_connect_says_why(server: Server, browser: Any, nginx: Callable[..., Proxy]) -> None:
    port = nginx(server, *PLAIN, ("Host $http_host", "Host $host")).port
    ada = Page(browser, f"http://127.0.0.1:{port}/")
    ada.knock("ada")
    ada.shows("#nick-error", f"no page from http://127.0.0.1:{port}, since it was called 127.0.0.1. Its option --origin")
    ada.shows("#nick-error", "Or let the proxy pass on the Host")
    assert ada.run("return state.wanted") is False, "it does not try again for ever"
    browser.get_log("browser")


ABOUT_A_ROOM: dict[str, Any] = {"room": "dev", "seq": 1, "time": 0, "nick": "ada", "sender_id": ""}
RIGHTS: tuple[Event, ...] = (
    events.Left(**ABOUT_A_ROOM, reason=events.Reason.KICKED, by="eve"),
    events.Left(**ABOUT_A_ROOM, reason=events.Reason.KICKED, text="too loud", by="eve"),
    *(events.RoleSet(**ABOUT_A_ROOM, to="bob", role=role) for role in (*ROLES, "baker")),
    *(events.BanSet(**ABOUT_A_ROOM, mask="bob*", mutes=mutes, text=text) for mutes in (False, True) for text in ("", "spam")),
    *(events.Edited(**ABOUT_A_ROOM, target=1, text=text) for text in ("", "better")),
    *(events.Deleted(**ABOUT_A_ROOM, target=1, to=to) for to in ("ada", "bob")),
    events.Blanked(**ABOUT_A_ROOM, text=""),
    events.Reported(**ABOUT_A_ROOM, to="bob", text="spam"),
    events.Reported(**ABOUT_A_ROOM, to="bob", text="spam", about="dev"),
    events.Announced(**ABOUT_A_ROOM, text="a restart at noon"),
    *(events.BanLifted(**ABOUT_A_ROOM, mask="bob", mutes=mutes) for mutes in (False, True)),
    events.Invited(**ABOUT_A_ROOM, to="bob"),
    *(events.ModeSet(**ABOUT_A_ROOM, mode=mode, value=value) for mode, value in MODES),
    *(events.ModeSet(**ABOUT_A_ROOM, mode=mode, value="7") for mode in ("limit", "slow", "colour")),
)


def test_the_page_says_what_was_done_in_a_room_as_the_server_does(server: Server, browser: Any) -> None:
    page = Page(browser, server.url)
    wires = [json.loads(encode_news(event)) for event in RIGHTS]
    said = page.run("return arguments[0].map((event) => sentenceOf(event).map((part) => part.textContent ?? part).join(''))", wires)
    assert said == [EventPhrases(int).sentence(event) for event in RIGHTS]
    until_when = {**wires[-1], "type": "banned", "mask": "bob", "until": "2026-11-23T12:00:00.000Z"}
    assert " until " in page.run("return sentenceOf(arguments[0]).map((part) => part.textContent ?? part).join('')", until_when)


def test_who_is_removed_is_told_why_and_an_invitation_can_be_accepted(server: Server, browser: Any) -> None:
    eve = Program(server, "eve", "lobby", "dev")
    ada = Page(browser, server.url).join("ada")
    ada.enter("dev")
    ada.says("hello")
    ada.type("meant for dev")
    eve.send(type="do", command="kick", nick="ada", room="dev", text="off topic")
    ada.shows("#title", "#lobby")
    ada.type("\n")
    ada.shows("#log", "You are in #lobby now. Enter sends this there.")
    assert ada.find("#text").get_attribute("value") == "meant for dev"
    assert "meant for dev" not in ada.texts()
    ada.find("#text").clear()
    ada.shows("#log .note", "eve has removed you from #dev: off topic. You are now talking in #lobby.")
    assert ada.count("#rooms li") == 1
    eve.send(type="do", command="room", mode="private", value="on", room="dev")
    eve.hears(type="modes")
    ada.type("/join dev\n")
    ada.shows("#log", "#dev is private. Ask somebody who is in it to invite you.")
    for _ in range(2):
        eve.send(type="do", command="invite", nick="ada", room="dev")
        eve.hears(type="done", command="invite")
    eve.say("I have invited you")
    ada.shows("#log", "I have invited you")  # Both invitations have come by now.
    ada.shows("[data-invitation]", "eve invites you to #dev: Join #dev")
    assert ada.count("[data-invitation]") == 1, "the second replaces the first"
    ada.find("[data-invitation] button").click()
    ada.shows("#title", "#dev")
    # Who may not come back after a lost connection is told so, too.
    ada.run("onConnectionLost(); clearTimeout(retryTimer)")
    eve.send(type="do", command="ban", nick="ada", room="dev", text="enough")
    eve.hears(type="done", command="ban")
    ada.run("document.querySelector('#again').click()")
    ada.shows("#log", "You are banned from #dev: enough.")
    assert ada.read("#title") == "#lobby"


def menu_of(page: Page, nick: str) -> list[str]:
    """Open the menu at a person, and return what it offers."""
    page.shows("#people", nick)
    page.find(f"#people [data-key='{nick}'] button").click()
    assert page.find("#menu").is_displayed()
    return [item.text for item in page.turn().find_elements("css selector", "#menu [role=menuitem]")]


def choose(page: Page, what: str) -> None:
    """Choose an item of the open menu by its first letters, with the keyboard."""
    items = [item.text for item in page.turn().find_elements("css selector", "#menu [role=menuitem]")]
    at = items.index(what)
    page.turn().switch_to.active_element.send_keys("\ue011", "\ue015" * at, "\n")  # Home, and the arrow down
    assert not page.find("#menu").is_displayed()


def test_a_menu_offers_what_the_role_of_the_user_allows(server: Server, browser: Any) -> None:
    bob = Program(server, "bob", "lobby", "dev")
    ada = Page(browser, server.url).join("ada")
    everybody = ["Write privately", "Who is this?", "Ignore", "Report to the operators…"]
    assert menu_of(ada, "bob") == everybody
    ada.turn().switch_to.active_element.send_keys("\ue00c")  # Escape
    assert not ada.find("#menu").is_displayed()
    assert ada.run("return document.activeElement.closest('li').dataset.key") == "bob"
    ada.enter("dev")
    ada.shows("#people [data-key='bob'] .role", "owner")
    assert menu_of(ada, "bob") == everybody, "the room is bob's"
    assert ada.run("return document.activeElement.textContent") == "Write privately"
    ada.turn().switch_to.active_element.send_keys("\ue013")  # the arrow up
    assert ada.run("return document.activeElement.textContent") == "Report to the operators…"
    ada.turn().switch_to.active_element.send_keys("w\t")
    assert not ada.find("#menu").is_displayed()
    bob.send(type="do", command="op", nick="ada", room="dev")
    ada.shows("#people [data-key='ada'] .role", "moderator")
    Program(server, "eve", "dev")
    muting = ["Mute for 10 minutes", "Mute for an hour", "Mute for ever"]
    assert menu_of(ada, "eve") == [*everybody, "Give a voice", *muting, "Remove from #dev…", "Ban from #dev…"]
    choose(ada, "Mute for 10 minutes")
    assert "until" in bob.hears(type="banned", mask="eve", mutes=True)
    assert "Make a moderator" not in menu_of(ada, "eve")
    choose(ada, "Give a voice")
    bob.hears(type="role", to="eve", role="voice")
    ada.shows("#people [data-key='eve'] .role", "voice")
    bob.send(type="do", command="owner", nick="ada", room="dev")
    ada.shows("#people [data-key='ada'] .role", "owner")
    roles = ["Make a moderator", "Make an owner", "Take the role away"]
    assert menu_of(ada, "eve") == [*everybody, *roles, "Remove from #dev…"]
    choose(ada, "Take the role away")
    bob.hears(type="role", to="eve", role="member")
    until(lambda: ada.read("#people [data-key='eve'] .role") == "")
    menu_of(ada, "eve")
    choose(ada, "Ban from #dev…")
    ada.turn().switch_to.active_element.send_keys("spam\t1\ue007")  # Tab, 10 minutes, Enter
    ada.find("#removal-do").click()
    banned = bob.hears(type="banned", mask="eve", text="spam")
    assert "until" in banned
    assert bob.hears(type="left", nick="eve")["by"] == "ada"
    ada.shows("#log", "ada has removed eve from #dev: spam")
    ada.enter("lobby")
    menu_of(ada, "bob")
    choose(ada, "Ignore")
    ada.shows("#log .note", "You ignore bob.")
    assert "Stop ignoring" in menu_of(ada, "bob")


def test_an_owner_sets_the_modes_of_a_room_and_lifts_bans(server: Server, browser: Any) -> None:
    bob = Program(server, "bob")
    ada = Page(browser, server.url).join("ada")
    ada.enter("dev")
    bob.send(type="do", command="join", room="dev")
    bob.hears(type="entered", room="dev")
    until(lambda: ada.run("return state.commands.has('mute')"))
    ada.type("/mute bob 10m too loud\n", "/ban spam* no adverts in:#dev\n")
    mute = bob.hears(type="banned", mask="bob", text="too loud")
    assert mute["mutes"] is True
    assert "until" in mute
    bob.hears(type="banned", mask="spam*", text="no adverts")
    ada.find("#more").click()
    choose(ada, "Settings and bans…")
    ada.shows("#ban-list", "spam*banned by ada: no adverts")
    ada.find("#mode-moderated").click()
    bob.hears(type="mode", mode="moderated", value="on")
    ada.find("#mode-slow").send_keys("5\n")
    bob.hears(type="mode", mode="slow", value="5")
    ada.find("#mode-key").send_keys("sesame\n")
    bob.hears(type="mode", mode="key", value="on")
    until(lambda: ada.find("#key-off").is_displayed())
    ada.find("#mode-limit").send_keys("0\n")
    ada.shows("#settings-error", "This is no value for limit.")
    until(lambda: ada.find("#mode-limit").get_attribute("value") == "")
    assert ada.find("#mode-moderated").is_selected()
    ada.find("#ban-list li:nth-child(2) button").click()
    bob.hears(type="unbanned", mask="spam*")
    until(lambda: ada.count("#ban-list li") == 1)
    ada.turn().switch_to.active_element.send_keys("\ue00c")  # Escape
    assert not ada.find("#settings").is_displayed()
    assert ada.run("return document.activeElement.id") == "more"
    ada.type("/room\n")
    ada.shows("#log", "The modes of #dev: key on, moderated on, slow 5.")
    ada.type("/bans\n")
    ada.shows("#log", "bob is muted in #dev by ada until ")


PASSWORD = "zebra-quartz-lantern-fjord"


def log_in(page: Page, nick: str, password: str, stay: bool = False) -> None:
    """Log in to an account, whose password the page asks for."""
    page.knock(nick)
    page.shows("#nick-error", f"{nick} is registered.")
    if stay:
        page.find("#stay").click()
    page.find("#password").send_keys(password, "\n")


def test_a_nick_can_be_registered_and_is_its_owners_in_every_tab(server: Server, browser: Any) -> None:
    ada = Page(browser, server.url).join("ada")
    ada.find("#me").click()
    choose(ada, "Register this nick…")
    ada.turn().switch_to.active_element.send_keys("aaaaaaaaaa\n")
    ada.shows("#registration-error", "This password is too easy to guess.")
    ada.find("#new-password").clear()
    ada.find("#new-password").send_keys(PASSWORD, "\n")
    ada.shows("#log .note", "ada is your nick now, whether you are here or not.")
    assert not ada.find("#registration").is_displayed()
    bob = Program(server, "bob")
    bob.send(type="do", command="whois", nick="ada")
    assert bob.hears(type="person")["account"] is True
    phone = Page(browser, server.url)
    log_in(phone, "ada", "not-the-password")
    phone.shows("#nick-error", "That is not the password of ada.")
    phone.find("#password").send_keys(PASSWORD)
    phone.find("#stay").click()
    phone.find("#enter .primary").click()
    phone.shows("#people", "ada")
    phone.says("from the phone")
    ada.shows("#log", "from the phone")
    assert phone.read("#count") == "2", "both tabs are one person"
    ada.run("openPreferences()")
    ada.find("#alert-words").send_keys("kettle tea\n")
    ada.find("#end-preferences").click()
    until(lambda: phone.run("return alertWords().join()") == "kettle,tea")
    phone.type("/alert -tea\n")
    phone.shows("#log .note", "You are alerted to: kettle.")
    until(lambda: ada.run("return alertWords().join()") == "kettle")
    bob.send(type="do", command="msg", nick="ada", text="psst")
    bob.hears(type="done", command="msg")
    until(lambda: phone.run("return views.has('@bob')"))
    tab = Page(browser, server.url)
    tab.shows("#log", "from the phone")
    assert tab.run("return alertWords().join()") == "kettle"
    tab.run("switchTo(viewOf('@bob'))")
    tab.shows("#log", "psst")
    tab.run("switchTo(views.get('#lobby'))")
    assert tab.read("#me bdi") == "ada"
    tab.turn().refresh()
    tab.shows("#people", "ada")
    tab.find("#me").click()
    choose(tab, "Log out")
    until(lambda: tab.find("#door").is_displayed())
    assert tab.run("return localStorage.getItem('chatd-secret')") == "null"
    bob.send(type="do", command="who")
    assert "ada" in bob.hears(type="members")["members"], "the other tabs are still there"
    ada.says("still here")
    assert PASSWORD not in str(tab.run("return JSON.stringify([localStorage, sessionStorage])"))
    log_in(tab, "ada", PASSWORD)
    until(lambda: not tab.find("#door").is_displayed())
    assert tab.run("return localStorage.getItem('chatd-secret')") == "null", "not to stay was chosen"
    tab.turn().refresh()
    tab.shows("#people", "ada")


def test_a_server_can_ask_for_its_password_and_for_registering(tmp_path: Path, browser: Any) -> None:
    (tmp_path / "password").write_text("open sesame\n")
    (tmp_path / "password").chmod(0o600)
    options = ("--data", "none", "--password-file", str(tmp_path / "password"), "--accounts", "only")
    with running(tmp_path, *options) as server:
        ada = Page(browser, server.url)
        ada.knock("ada")
        ada.shows("#nick-error", "This server has a password.")
        ada.find("#server-password").send_keys("wrong\n")
        ada.shows("#nick-error", "That is not the password of the server.")
        ada.find("#server-password").clear()
        ada.find("#server-password").send_keys("open sesame\n")
        ada.shows("#nick-error", "Only registered people are admitted to this server. Choose a password")
        ada.find("#password").send_keys("short\n")
        ada.shows("#nick-error", "The password is too short or too long.")
        ada.find("#password").send_keys(PASSWORD, "\n")
        ada.shows("#people", "ada")
        ada.turn().refresh()
        ada.shows("#people", "ada")
        assert ada.read("#nick-error") == "", "nothing was asked again"
        eve = Page(browser, server.url)
        until(lambda: eve.run("return admission") == "open sesame", lambda: "another tab has said it")
        eve.knock("eve")
        eve.shows("#nick-error", "Only registered people are admitted to this server.")
        ada.find("#me").click()
        choose(ada, "Change your password…")
        ada.find("#old-password").send_keys("not-the-password")
        ada.find("#changed-password").send_keys(PASSWORD.upper(), "\n")
        ada.shows("#password-change-error", "That is not the password of ada.")
        ada.find("#old-password").clear()
        ada.find("#old-password").send_keys(PASSWORD, "\n")
        ada.shows("#log .note", "Your password is changed.")
        ada.type("/password\n")
        assert ada.find("#password-change").is_displayed()
        assert ada.find("#old-password").get_attribute("value") == ""
        ada.run("sessionStorage.setItem('chatd-admission', JSON.stringify('the one before'))")
        ada.turn().refresh()
        ada.shows("#nick-error", "That is not the password of the server.")
        ada.find("#server-password").send_keys("open sesame\n")
        ada.shows("#people", "ada")
        assert ada.read("#me bdi") == "ada", "the session secret was kept"
        ada.find("#me").click()
        choose(ada, "Log out")
        until(lambda: ada.find("#door").is_displayed())
        assert "open sesame" not in str(ada.run("return JSON.stringify([localStorage, sessionStorage])"))


def test_a_deleted_message_disappears(server: Server, browser: Any) -> None:
    bob = Program(server, "bob", "dev")
    ada = Page(browser, server.url).join("ada")
    ada.enter("dev")
    bob.send(type="say", text="the secret is 42", room="dev")
    ada.shows("#log", "the secret is 42")
    ada.type("/search secret\n")
    ada.shows("#hits", "the secret is 42")
    # Quotes of it disappear too: in the list, and above the field.
    seq = ada.run("return state.current.seq")
    bob.send(type="say", text="I mean it", room="dev", reply=seq)
    ada.shows("#log .quote", "the secret is 42")
    ada.run("startReply(arguments[0])", seq)
    assert ada.read("#composing-what") == "You reply to bob: the secret is 42"
    bob.send(type="do", command="delete", which=str(seq), room="dev")
    ada.shows("#log", "bob has deleted a message of their own")
    ada.shows("#log", "a message of bob was deleted")
    assert "secret is" not in ada.read("#chat")
    assert ada.read("#composing-what") == "You reply to a deleted message."
    ada.find("#end-composing").click()
    ada.says("oh")
    ada.run("document.querySelector('#log .said:last-of-type .nick').click()")
    choose(ada, "Delete this message")
    bob.hears(type="deleted", to="ada")
    until(lambda: ada.texts() == ["I mean it"], ada.texts)


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_the_page_is_accessible(server: Server, browser: Any, look: dict[str, Any]) -> None:
    axe = Path(AXE)
    if not axe.is_file():
        missing("CHATD_AXE does not name the file axe.min.js")
    ci = Program(server, "ci")
    ci.send(type="do", command="topic", text="a topic", room="lobby")
    page = Page(browser, server.url)
    page.turn().execute_cdp_cmd("Emulation.setEmulatedMedia", look)

    def check() -> None:
        run = "axe.run({rules: {'label-content-name-mismatch': {enabled: true}}})"
        report = "then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.nodes.map((n) => n.failureSummary)])))"
        script = {"expression": f"{axe.read_text()};{run}.{report}", "awaitPromise": True}
        result = page.turn().execute_cdp_cmd("Runtime.evaluate", script)
        assert json.loads(result["result"]["value"]) == []

    check()
    page.join("ada")
    ci.say("ada, look at https://example.org/")
    ci.say("ok \N{PARTY POPPER}, `code` and **bold**:\n```\nblock\n```")
    page.shows("#log pre", "block")
    check()
    page.enter("tea")
    page.type("/leave\n", "/help\n", "/nosuch\n")
    page.shows("#log .bad", "nosuch")
    check()
    page.type("/search look\n")
    page.shows("#found", "1 message")
    page.find("#hits .show-context").click()
    page.shows("#hits .context", "block")
    page.find("#hits .hit").click()
    page.shows("#log .target", "look")
    check()
    page.enter("dev")
    page.run("openSearch(false)")
    Program(server, "bob", "dev")
    page.type("/op bob\n", "/ban spam*\n")
    page.shows("#people [data-key='bob'] .role", "moderator")
    menu_of(page, "bob")
    check()
    choose(page, "Remove from #dev…")
    check()
    page.find("#removal-cancel").click()
    page.find("#more").click()
    check()
    choose(page, "Settings and bans…")
    page.shows("#ban-list", "spam*")
    check()
    page.run("document.querySelector('#settings').close(); openPreferences()")
    check()
    page.run("document.querySelector('#preferences').close(); openSwitcher()")
    check()
    page.run("document.querySelector('#switcher').close(); openRegistration()")
    check()
    page.run("document.querySelector('#registration').close(); loggedIn = true; openPasswordChange()")
    check()
    page.run("document.querySelector('#password-change').close(); showLogin(true, 'No.'); askForPassword(true, true, true)")
    check()


def test_the_page_fits_a_phone(server: Server, browser: Any) -> None:
    ci = Program(server, "ci")
    page = Page(browser, server.url)
    page.turn().execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    page.join("ada")
    ci.say("w" * 300)
    page.shows("#log", "www")
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    size = page.run("return parseFloat(getComputedStyle(document.querySelector('#text')).fontSize)")
    assert size >= 16, "a phone zooms in on smaller fields"
    assert not page.find("#rooms button").is_displayed()
    page.find("#show-rooms").click()
    until(lambda: page.find("#rooms button").is_displayed() and page.find("#rooms-side").rect["x"] == 0)
    page.run("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))")
    until(lambda: not page.find("#rooms button").is_displayed())
    assert page.run("return document.activeElement.id") == "show-rooms"
    page.find("#show-people").click()
    until(lambda: page.run("return document.activeElement.closest('#people') !== null"))
    small = (
        "return [...document.querySelectorAll('#people-side button')].filter((e) => e.getBoundingClientRect().height < 44).length"
    )
    assert page.run(small) == 0
    assert page.find("#scrim").get_attribute("aria-label") == "Back to the messages"
    page.run("document.querySelector('#people-side .close-side').click()")
    assert page.run("return document.activeElement.id") == "show-people"
    touch = "new PointerEvent('pointerdown', {bubbles: true, pointerType: 'touch', isPrimary: true})"
    page.run(f"document.querySelector('#log .said').dispatchEvent({touch})")
    until(page.find("#menu").is_displayed)
    choose(page, "Reply")
    page.shows("#composing", "You reply to ci")
    ci.say("a needle")
    page.find("#find").click()
    page.turn().switch_to.active_element.send_keys("needle\n")
    page.shows("#found", "1 message")
    assert page.find("#search-side").rect["width"] == PHONE["width"]
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    page.find("#hits button").click()
    page.shows("#log .target", "needle")
    assert not page.find("#search-side").is_displayed()
    assert page.find(".target").is_displayed()


def test_retention_is_shown_and_deleted_messages_disappear(server: Server, browser: Any) -> None:
    ci = Program(server, "ci")
    ada = Page(browser, server.url).join("ada")
    ada.enter("off")
    ada.type("/keep none\n")
    ada.shows("#log", "ada has set this room to keep no messages; /keep changes it")
    ada.shows("#keep", "keeps no messages")
    ada.type("/leave\n")
    ada.shows("#title", "#lobby")
    ci.send(type="do", command="join", room="made")
    ci.hears(type="entered", room="made")
    ada.enter("made")
    ci.say_all(("one", "two", "three"), room="made")
    ci.send(type="do", command="keep", keep="30d", room="made")
    ada.shows("#keep", "keeps messages for 30 days")
    ada.type("/keep\n")
    ada.shows(".note", "By choice of its owner, #made keeps messages for 30 days, from ")
    seq = ci.hears(type="kept")["seq"]
    # No daemon deletes anything during a test, so the page gets this message directly.
    forgotten = {"type": "forgotten", "room": "made", "before": seq - 1, "time": "2026-11-23T12:00:00.000Z"}
    ada.run("receive(arguments[0])", forgotten)
    assert ada.texts() == ["three"]
    assert ada.read("#keep").startswith("keeps messages for 30 days, from "), "it is announced a day before"
    assert "have been deleted" in ada.read("#log li:first-child")
    assert "ada has joined" not in ada.read("#chat")
    assert "two" not in ada.read("#live")
    ada.turn().refresh()
    ada.shows("#keep", "keeps messages for 30 days, from ")


def test_messages_before_the_list_can_be_loaded_after_a_deletion(archive: Server, browser: Any) -> None:
    ada = Page(browser, archive.url).join("ada")
    ada.enter("long")
    until(ada.seqs)
    assert ada.seqs()[0] > 20
    forgotten = {"type": "forgotten", "room": "long", "before": 10, "time": "2026-11-23T12:00:00.000Z"}
    ada.run("receive(arguments[0])", forgotten)
    assert "have been deleted" in ada.read("#log .note")
    top = ada.seqs()[0]
    ada.scroll("0", lambda: ada.seqs()[0] < top)


def has_no_hole(seqs: list[int]) -> bool:
    return bool(seqs) and seqs == list(range(seqs[0], seqs[-1] + 1))


def test_a_hit_can_be_jumped_to_and_the_log_read_from_there(archive: Server, browser: Any) -> None:
    ci = Program(archive, "ci", "long")
    ada = Page(browser, archive.url).join("ada")
    ada.type("\ue009k")  # Ctrl-K
    ada.turn().switch_to.active_element.send_keys("cafe opened from:writer in:#long after:2020-01-01\n")
    ada.shows("#found", "1 message")
    assert [ada.read(f"#hits {part}") for part in ("mark", "mark ~ mark", ".nick")] == ["Café", "opened", "writer"]
    assert "#long" in ada.read("#hits")
    chips = "return [...document.querySelectorAll('#chips button')].map((e) => `${e.ariaPressed} ${e.textContent}`)"
    assert ada.run(chips) == ["true from writer", "true in #long", "true since 2020-01-01"]
    ada.find("#chips button").click()
    until(lambda: ada.run(chips) == ["true in #long", "true since 2020-01-01", "false from writer"], lambda: ada.run(chips))
    ada.find("#hits button").send_keys("\ue013")  # the arrow up, to the field
    ada.turn().switch_to.active_element.send_keys("\ue015")  # the arrow down
    ada.turn().switch_to.active_element.send_keys("\n")
    ada.shows("#title", "#long")
    ada.shows("#log .target", "the Café")
    assert ada.run("return document.activeElement.classList.contains('target')")
    box, log = ada.find(".target").rect, ada.find("#log").rect
    assert log["y"] < box["y"] < log["y"] + log["height"] / 2 + box["height"], "the hit is in sight"
    assert len(ada.texts()) < 200, "and the log is not loaded up to there"
    ci.say_all(["said meanwhile"], "long")
    ada.shows("#newest", "1 new message ↓")
    assert "said meanwhile" not in ada.texts()
    top = ada.seqs()[0]
    ada.scroll("0", lambda: ada.seqs()[0] < top)
    ada.scroll("log.scrollHeight", lambda: not ada.find("#newest").is_displayed())
    assert "said meanwhile" in ada.texts()
    assert has_no_hole(ada.seqs())
    ada.find("#hits button").click()
    ada.shows("#log .target", "the Café")
    ada.find("#log .target").send_keys("\ue00c")  # Escape
    until(lambda: ada.texts()[-1:] == ["said meanwhile"] and not ada.find("#newest").is_displayed())
    assert has_no_hole(ada.seqs())
    ada.type("/search nosuchword\n")
    ada.shows("#found", "Nothing found")
    ada.type("/search tea since:2026-11-01\n")
    ada.shows("#found", "There is no filter since:.")
    ada.type("/search line in:long\n")
    ada.shows("#found", "20 messages, and older ones")
    ada.find("#more-hits").click()
    until(lambda: ada.count("#hits li") > 60, lambda: ada.read("#found"))
    hits = ada.run("return [...document.querySelectorAll('#hits .text')].map((e) => e.textContent)")
    assert hits == [f"line {999 - n}" for n in range(len(hits))]
    ada.find("#hits li:nth-child(10) .show-context").click()
    ada.shows("#hits li:nth-child(10)", "Hide the context")
    around = ada.run("return [...document.querySelectorAll('#hits li:nth-child(10) .text')].map((e) => e.textContent)")
    assert around == [f"line {n}" for n in (988, 989, 990, 991, 992)]
    ada.type("/history before 10 5\n")
    until(lambda: ada.seqs() and ada.seqs()[0] < 10, ada.seqs)
    ada.says("from the past to now")
    assert has_no_hole(ada.seqs())


def test_coming_back_shows_a_line_before_the_new_messages(archive: Server, browser: Any) -> None:
    bob = Program(archive, "bob", "lobby", "busy")
    ada = Page(browser, archive.url).join("ada")
    ada.enter("busy")
    bob.say_all(["the last that was seen"], "busy")
    ada.shows("#log", "the last that was seen")
    ada.enter("lobby")
    browser.switch_to.window(ada.turn().window_handles[0])  # Another window, since this one is closed.
    ada.turn().close()
    bob.say_all((f"missed {n}" for n in range(10_000)), "busy")
    bob.say_all(["one", "ada: two", "three"], "lobby")
    archive.stop()
    archive.start()
    browser.switch_to.window(browser.window_handles[0])
    ada = Page(browser, archive.url).join("ada")
    ada.shows("#log .new", "3 new messages")
    assert ada.read("#log .new + li .text") == "one"
    until(lambda: digits(ada.read("#rooms [data-key='#busy'] .unseen")) == "10000")
    ada.enter("busy")
    ada.shows("#log", "missed 9999")
    assert ada.count("#log li") <= 501, "the list is cut"
    assert ada.run("return performance.memory.usedJSHeapSize") < 100e6, "and so is memory"
    until(lambda: digits(ada.read("#fresh")) == "10000", lambda: ada.read("#fresh"))
    ada.find("#fresh").click()
    ada.shows("#log .target", "missed 0")
    assert digits(ada.read("#log .new")) == "10000"
    assert ada.read("#log .new + li .text") == "missed 0"
    assert "the last that was seen" in ada.texts()
    assert has_no_hole(ada.seqs())
    until(lambda: not ada.find("#fresh").is_displayed())
    ada.find("#newest").click()
    until(lambda: ada.texts()[-1:] == ["missed 9999"] and not ada.find("#newest").is_displayed())
    ada.turn().refresh()
    ada.shows("#log", "missed 9999")
    assert ada.count("#log .new") == 0


def test_messages_missed_during_a_lost_connection_are_marked(archive: Server, browser: Any) -> None:
    ada = Page(browser, archive.url).join("ada")
    ada.enter("lobby")
    ada.says("seen")
    archive.stop()
    ada.shows("#state", "The connection is lost")
    ada.run("state.wanted = false; disconnect()")  # It does not reconnect by itself before there is a missed message.
    archive.start()
    bob = Program(archive, "bob")
    bob.say("missed")
    ada.run("document.querySelector('#again').click()")
    ada.shows("#log .new", "1 new message")
    assert ada.read("#log .new + li .text") == "missed"
    bob.say("heard")
    ada.shows("#log", "heard")
    assert ada.read("#log .new") == "1 new message"


def test_scrolling_reaches_the_top_and_returns_despite_a_lost_connection(archive: Server, browser: Any) -> None:
    ada = Page(browser, archive.url).join("ada")
    ada.type("/join long\n")
    ada.shows("#log", "line 999")
    top = ada.seqs()[0]
    where = "const log = document.querySelector('#log'), li = log.querySelector(`[data-seq='${arguments[0]}']`).closest('li');"
    ada.run(f"{where} log.scrollTop = 0", top)
    until(lambda: ada.seqs()[0] < top)
    moved = ada.run(f"{where} return li.getBoundingClientRect().top - log.getBoundingClientRect().top", top)
    assert 0 <= moved < 80, "what was read stays where it was"
    archive.freeze()
    ada.run("document.querySelector('#log').scrollTop = 0")
    until(lambda: ada.run("return state.current.loading !== null"))
    archive.stop(signal.SIGKILL)
    ada.shows("#state", "The connection is lost")
    archive.start()
    ada.run("document.querySelector('#again').click()")
    ada.scroll("0", lambda: ada.seqs()[0] == 1)
    assert has_no_hole(ada.seqs())
    assert ada.count("#log li") <= 501, "the list is cut at its end"
    assert "line 999" not in ada.texts()
    ada.scroll("log.scrollHeight", lambda: ada.seqs()[0] > 1)
    assert has_no_hole(ada.seqs())
    ada.find("#newest").click()
    until(lambda: "line 999" in ada.texts() and not ada.find("#newest").is_displayed())
    assert has_no_hole(ada.seqs())


def test_people_reply_change_and_find_each_other(server: Server, browser: Any) -> None:
    bob, ci = Person(server, "bob"), Program(server, "cicero")
    ada = Page(browser, server.url).join("ada")
    ada.find("#more").click()
    choose(ada, "Notify: nothing")
    # A reply quotes and links, and is a message like others for nc.
    bob.say("is it *really* done? ```x = 1```")
    ada.shows("#log em", "really")
    assert [ada.read("#log pre"), ada.count("#log .loud")] == ["x = 1", 0]
    ada.find("#log .said:last-child time").click()
    choose(ada, "Reply")
    ada.shows("#composing", "You reply to bob: is it *really* done?")
    ada.type("yes :tada: @ci\t", "\n")
    bob.hears("<ada> yes \N{PARTY POPPER} @cicero")
    until(lambda: ada.count("#log .said[data-seq] .quote") == 1)
    assert ada.read("#log .quote").startswith("bob is it *really* done?")
    assert ci.hears(type="said", nick="ada")["reply"] > 0
    ada.find("#log .quote").click()
    ada.shows("#log .target", "done?")
    # One's own message is changed with the keyboard alone, and others are told in a line.
    ada.find("#log").send_keys("\ue013\n")  # the arrow up to the last message, Enter
    choose(ada, "Change")
    assert ada.find("#text").get_attribute("value") == "yes \N{PARTY POPPER} @cicero "
    ada.type("!\n")
    assert ci.hears(type="edited")["text"] == "yes \N{PARTY POPPER} @cicero !"
    until(lambda: ada.texts()[-1] == "yes \N{PARTY POPPER} @cicero !", ada.texts)
    assert ada.read("#log .edited") == "changed"
    bob.hears("ada has changed a message")
    # A change is no command, and what is put into the field in its place ends it.
    ada.type("//etc is full\n")
    ada.shows("#log", "/etc is full")
    ada.find("#log").send_keys("\ue013\n")
    choose(ada, "Change")
    assert ada.find("#text").get_attribute("value") == "//etc is full"
    ada.type("\ue011/me says: \n")  # Home
    ada.shows("#log .bad", "A change cannot be a command.")
    assert ada.find("#text").get_attribute("value") == "/me says: //etc is full"
    ada.find("#topic").click()
    assert not ada.find("#composing").is_displayed()
    ada.type("tea\n")
    bob.hears("ada has set the topic of #lobby: tea")
    ada.find("#log").send_keys("\ue013\n")
    choose(ada, "Change")
    ada.type("!\n")
    assert ci.hears(type="edited")["text"] == "/etc is full!"
    ada.turn().refresh()
    ada.shows("#log .edited", "changed")
    # A room that notifies of nothing counts no mention, one that does counts mentions apart.
    ada.enter("tea")
    ada.shows("#log .begin", "This is the beginning of #tea.Everybody can enter and read it.")
    ci.say("ada: psst")
    ada.shows("#rooms .muted .badge", "1")
    assert ada.count("#rooms .loud") == 0
    ada.run("setLevel(views.get('#lobby'), 'mentions'); prefer({words: 'out-age a+b/['})")
    for text in ("nothing", "an out-age"):
        ci.say(text)
    ada.shows("#rooms .badge.loud", "@1")
    assert ada.turn().title.startswith("(3) ")
    assert ada.run("return document.querySelector('#icon').href").endswith("/icon-new.svg")
    ada.type("\ue009k\ue000")  # Ctrl-K
    ada.turn().switch_to.active_element.send_keys("lob\n")
    ada.shows("#title", "#lobby")
    ada.type("\ue009k\ue000")
    ada.turn().switch_to.active_element.send_keys("@ci\n")
    ada.shows("#title", "cicero")
    ada.shows("#log .begin", "This is the beginning of your private talk with cicero.")
    assert not ada.find("#people-side").is_displayed(), "a talk has no list of people,"
    assert ada.count("#talks [data-here=here]") == 1, "but shows that the other is here"


def test_a_reply_and_a_change_wait_in_their_rooms(server: Server, browser: Any) -> None:
    bob = Program(server, "bob")
    ada = Page(browser, server.url).join("ada")
    bob.say("shall we?")
    ada.shows("#log", "shall we?")
    ada.find("#log .said time").click()
    choose(ada, "Reply")
    ada.type("let us")

    def shown() -> tuple[str, str]:
        return ada.read("#composing:not([hidden]) #composing-what"), str(ada.find("#text").get_attribute("value"))

    def waits(room: str, *what: str) -> None:
        ada.run("switchTo(views.get(arguments[0]))", room)
        until(lambda: shown() == what, shown)

    ada.run("join('tea')")
    ada.shows("#title", "#tea")
    assert shown() == ("", "")
    ada.says("wrods")
    ada.find("#log").send_keys("\ue013\n")  # the arrow up to the last message, Enter
    choose(ada, "Change")
    ada.type("!")
    waits("#lobby", "You reply to bob: shall we?", "let us")
    waits("#tea", "You change your message.", "wrods!")
    ada.turn().refresh()
    ada.shows("#title", "#tea")
    waits("#tea", "You change your message.", "wrods!")
    waits("#lobby", "You reply to bob: shall we?", "let us")
    ada.type("\n")
    assert bob.hears(type="said", nick="ada", text="let us")["reply"] > 0
    assert shown() == ("", "")
    waits("#tea", "You change your message.", "wrods!")
    ada.type("\n")
    until(lambda: ada.texts() == ["wrods!"], ada.texts)
    # A change on its way when the connection is lost may not have been made.
    server.freeze()
    ada.find("#log").send_keys("\ue013\n")
    choose(ada, "Change")
    ada.type("\ue011two \n")  # Home
    # After a restart without data, the numbers are those of other messages.
    ada.find("#log .said time").click()
    choose(ada, "Reply")
    bob.leave()
    server.guests.remove(bob)
    server.stop(signal.SIGKILL)
    ada.shows("#state", "The connection is lost")
    server.start()
    until(lambda: ada.run("return state.ready") and shown() == ("", ""), shown)
    ada.shows("#log .bad", "two wrods!\nThe connection was lost before the answer.")


def test_the_page_does_not_surprise(archive: Server, browser: Any) -> None:
    ada = Page(browser, archive.url)
    ada.knock("n" * 40)
    ada.shows("#nick-error", "32 characters")
    ada.join("ada")
    ada.enter("long")
    # Neither earlier events that arrive late nor a command move what the reader sees.
    archive.freeze()
    first = ada.seqs()[0]
    ada.scroll("0", lambda: ada.run("return state.current.loading !== null"))
    ada.run("document.querySelector('#log').scrollTop = 500")
    until(lambda: not ada.run("return state.following") and ada.find("#where").is_displayed())
    assert ada.read("#where") == f"Today writer {ada.read('#where-time')}"
    top = ada.top()
    archive.thaw()
    until(lambda: ada.seqs()[0] < first)
    assert ada.top() == top
    ada.type("/rooms\n")
    ada.shows("#aside", "#long")
    assert ada.top() == top
    ada.type("\ue00c")  # Escape
    assert not ada.find("#aside").is_displayed()
    # The address knows the room and the message, for back and forward and for others.
    ada.type("/search cafe\n")
    ada.shows("#found", "1 message")
    ada.find("#hits button").click()
    ada.shows("#log .target", "the Café")
    place = ada.run("return location.hash")
    assert place == f"#long/{ada.run('return document.querySelector(`.target`).dataset.seq')}"
    ada.enter("lobby")
    ada.turn().back()
    ada.shows("#title", "#long")
    assert ada.run("return location.hash") == place
    other = Page(browser, archive.url + place).join("eve")
    other.shows("#log .target", "the Café")
    assert other.read("#title") == "#long"
    # Joins and leaves are summed up in one row, which opens.
    crowd = [{"type": "joined", "nick": f"p{n}"} for n in range(300)] + [{"type": "left", "nick": "p7", "reason": "quit"}]
    at = "const view = views.get('#lobby'), time = new Date().toISOString(); let seq = view.seq;"
    ada.run("document.querySelector('#rooms [data-key=\"#lobby\"] button').click()")
    ada.run(f"{at} for (const event of arguments[0]) receive({{...event, room: 'lobby', seq: ++seq, time}})", crowd)
    ada.shows("#log .sum", " left")
    assert digits(ada.read("#log .sum").split(",")[0]) >= "300"
    assert ada.find("#log li:last-child").rect["height"] < 80
    ada.find("#log .sum").click()
    assert ada.find("#log li:last-child").rect["height"] > 200
    # Today is another day tomorrow.
    tomorrow = "class extends Date { constructor(...all) { if (all.length) super(...all); else super(Date.now() + 864e5); } }"
    assert ada.run("return document.querySelector('#log li.day:last-of-type, #log li.day').dataset.label") == "Today"
    ada.run(f"const then = {tomorrow}; window.Date = then; document.onvisibilitychange()")
    assert ada.run("return document.querySelector('#log li.day').dataset.label") != "Today"
    # A notification that is not allowed says so.
    denied = {"permission": {"name": "notifications"}, "setting": "denied"}
    ada.turn().execute_cdp_cmd("Browser.setPermission", denied)
    ada.run("document.querySelector('#notify').click()")
    ada.shows("#log .bad", "Your browser blocks notifications of this page.")


def digits(what: str) -> str:
    return "".join(filter(str.isdigit, what))
