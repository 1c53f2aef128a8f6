"""The descriptions of ``--listen``."""

from __future__ import annotations

import pytest

from chatd.daemon.descriptions import arguments


@pytest.mark.parametrize(
    ("text", "plain", "named"),
    [
        ("", "", {}),
        ("/run/chatd.sock", "/run/chatd.sock", {}),
        ("/run/chatd.sock:mode=600", "/run/chatd.sock", {"mode": "600"}),
        ("address=/run/chatd.sock:mode=600", "", {"address": "/run/chatd.sock", "mode": "600"}),
        ("/run/a=b.sock", "/run/a=b.sock", {}),
        (r"/run/a\:mode=666", "/run/a:mode=666", {}),
        (r"/run/a\\b", r"/run/a\b", {}),
        (r"address=a\=b", "", {"address": "a=b"}),
        ("domain=INET:index=0", "", {"domain": "INET", "index": "0"}),
    ],
)
def test_arguments(text: str, plain: str, named: dict[str, str]) -> None:
    assert arguments(text) == (plain, named)
