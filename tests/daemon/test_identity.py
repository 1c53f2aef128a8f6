"""The user that the server runs as, without changing it; the conversations do that."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from chatd.daemon.errors import CannotStart
from chatd.daemon.identity import Identity, identity_of

NOBODY = pwd.getpwnam("nobody")


def test_without_an_option_nothing_changes() -> None:
    assert identity_of({}) == identity_of({"uid": None, "gid": None}) == Identity()
    assert identity_of({"uid": os.getuid(), "gid": os.getgid()}) == Identity()
    assert Identity().home is None
    with Identity().assumed():
        assert os.geteuid() == os.getuid()


def test_a_user_has_a_group_a_home_and_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    identity = identity_of({"uid": NOBODY.pw_uid})
    assert identity == Identity(NOBODY.pw_uid, NOBODY.pw_gid)
    assert (identity.name, identity.home) == ("nobody", Path(NOBODY.pw_dir))
    assert identity_of({"uid": NOBODY.pw_uid, "gid": 7}) == Identity(NOBODY.pw_uid, 7)
    assert identity_of({"gid": 7}) == Identity(None, 7)


def test_only_root_can_change_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for options in ({"uid": 4242}, {"gid": 4242}):
        with pytest.raises(CannotStart, match="only root can change the user"):
            identity_of(options)


def test_the_user_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(CannotStart, match="there is no user 4242424"):
        identity_of({"uid": 4242424})
    assert Identity(4242424, 1).name == "user 4242424"
