"""Firefox as a person uses it, by its own protocol, Marionette: no further driver is needed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conversations.test_page import DEADLINE, need, until

PREFERENCES = (
    'user_pref("marionette.port", 0);\n'  # It writes the port that it has taken into a file.
    'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
    'user_pref("dom.disable_beforeunload", true);\n'
)
STARTING = 3 * DEADLINE
"""How long Firefox may take to start, in seconds."""

ENTER, SHIFT_ENTER, TAB, ESCAPE, CONTROL_Z = "\ue007", "\ue008\ue007", "\ue004", "\ue00c", "\ue009z"


class Firefox:
    """One window of Firefox.

    Marionette sends and receives JSON behind its length: ``[0, id, command, parameters]`` one way,
    ``[1, id, error, result]`` the other (firefox-source-docs, Marionette, Protocol).
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), STARTING)
        self._input = self._socket.makefile("rb")
        self._receive()  # What it is.
        self.command("NewSession", capabilities={})

    def _receive(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            byte = self._input.read(1)
            assert byte, "Firefox has ended"
            size += byte
        return json.loads(self._input.read(int(size[:-1])))

    def command(self, name: str, **parameters: object) -> Any:
        message = json.dumps([0, 1, f"WebDriver:{name}", parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self._receive()
        assert error is None, error
        return result.get("value", result)

    def run(self, script: str, *arguments: object) -> Any:
        """The result of ``script``, which sees the document, but not the variables of the page."""
        return self.command("ExecuteScript", script=script, args=arguments)

    def _find(self, selector: str) -> str:
        [found] = self.command("FindElement", using="css selector", value=selector).values()
        return str(found)

    def click(self, selector: str) -> None:
        self.command("ElementClick", id=self._find(selector))

    def type(self, selector: str, keys: str) -> None:
        self.command("ElementSendKeys", id=self._find(selector), text=keys)

    def read(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0])?.textContent || ''", selector))

    def shows(self, selector: str, what: str) -> None:
        until(lambda: what in self.read(selector), lambda: f"{what} in {selector}: {self.read(selector)[-500:]}")

    def close(self) -> None:
        self._input.close()
        self._socket.close()


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """A running Firefox, whose profile is ``folder``."""
    (folder / "user.js").write_text(PREFERENCES)
    program = [need("firefox-esr"), "--headless", "--no-remote", "--marionette", "--profile", str(folder)]
    environment = {**os.environ, "HOME": str(folder)}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(program, env=environment, stdout=output, stderr=output)
    try:
        port = folder / "MarionetteActivePort"
        until(lambda: port.is_file() and port.read_text(), (folder / "output").read_text, STARTING)
        window = Firefox(int(port.read_text()))
        yield window
        window.close()
    finally:
        process.terminate()
        process.wait(DEADLINE)
