"""The sockets that systemd passes; the conversations pass real ones."""

from __future__ import annotations

import pytest

from chatd.daemon.inherited import listen, passed

ONE = {"LISTEN_PID": "7", "LISTEN_FDS": "1"}


@pytest.mark.parametrize(
    ("environment", "files"),
    [
        ({}, {}),
        (ONE, {"0": 3}),
        ({**ONE, "LISTEN_PID": "8"}, {}),
        ({**ONE, "LISTEN_FDS": "x"}, {}),
        ({**ONE, "LISTEN_FDNAMES": "web"}, {"0": 3, "web": 3}),
        ({**ONE, "LISTEN_FDS": "3", "LISTEN_FDNAMES": "web::local"}, {"0": 3, "1": 4, "2": 5, "web": 3, "local": 5}),
        ({**ONE, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "web"}, {"0": 3, "1": 4, "web": 3}),
    ],
)
def test_sockets_have_numbers_and_perhaps_names(environment: dict[str, str], files: dict[str, int]) -> None:
    assert passed(environment, 7) == files


@pytest.mark.parametrize(
    ("text", "reason"),
    [("domain=INET", "write systemd:index=0"), ("domain=INET:index=0", "passed no socket; start"), ("", "write")],
)
def test_a_mistake_is_refused_with_what_works(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        listen(None, None, text)  # type: ignore[arg-type]
