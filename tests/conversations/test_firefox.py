"""The page in Firefox: what browsers do differently."""

from __future__ import annotations

from pathlib import Path

from tests.conversations.firefox import CONTROL_Z, ENTER, ESCAPE, SHIFT_ENTER, TAB, firefox
from tests.conversations.test_page import Program, running, until


def test_the_page_works_in_firefox(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    with running(tmp_path, "--data", str(tmp_path / "data"), "--flood-rate", "0") as server, firefox(profile) as page:
        ci = Program(server, "cicero", "lobby")
        ci.say_all(f"line {n}" for n in range(120))
        page.command("Navigate", url=server.url)
        page.type("#nick", "ada" + ENTER)
        page.shows("#log", "line 119")
        for keys in ("ci" + TAB + "one" + SHIFT_ENTER, "two" + ENTER):  # Shift stays pressed to the end of a call.
            page.type("#text", keys)
        ci.hears(type="said", nick="ada", text="cicero: one\ntwo")
        ci.say("ada: **ready**?")
        page.shows("#log .loud strong", "ready")
        # What is put into the field can be undone.
        page.type("#text", "half a thought")
        page.click("#topic")
        assert page.run("return document.querySelector('#text').value") == "/topic "
        page.type("#text", CONTROL_Z)
        assert page.run("return document.querySelector('#text').value") == "half a thought"
        page.run("const field = document.querySelector('#text'); field.value = ''")
        # Older messages are loaded, and Escape leads back to the newest.
        page.run("document.querySelector('#log').scrollTop = 0")
        until(lambda: page.read("#log .said .text") == "line 0")

        def escape() -> bool:
            """Press Escape, again if the browser was still scrolling to what was loaded."""
            page.type("#log", ESCAPE)
            return bool(page.run("return document.querySelector('#newest').hidden"))

        until(escape)
        page.type("#text", "/search 60" + ENTER)
        page.shows("#found", "1 message")
        page.click("#hits .show-context")
        page.shows("#hits", "line 59")
        page.click("#hits .hit")
        page.shows("#log .target", "line 60")
        page.type("#log .target", ESCAPE)
        # What was written while the server was away is sent later, and a reload loses nothing.
        server.stop()
        page.shows("#state", "The connection is lost")
        page.type("#text", "written in between" + ENTER)
        server.start()
        until(lambda: page.run("return !document.querySelector('.pending')"))
        page.command("Refresh")
        page.shows("#log", "written in between")
        page.command("SetWindowRect", width=450, height=800)
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
