"""What rights cost: that all cases are measured."""

from __future__ import annotations

import pytest

from benchmarks import rights


def test_all_rooms_are_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {"ROUNDS": 1, "MESSAGES": 2, "MEMBERS": 3, "ENTRIES": 1}.items():
        monkeypatch.setattr(rights, name, value)
    assert rights.main([]) == 0
    printed = capsys.readouterr().out
    for name in (*rights.ROOMS, *rights.ENTERED):
        assert f"\n{name}  " in printed
