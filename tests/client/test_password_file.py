"""A password from a file that nobody else can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.client.password_file import read_password


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.touch(0o600)
    return file


@pytest.mark.parametrize("content", ["a password", "a password\n", "a password\r\nand more\n"])
def test_the_first_line_is_the_password(file: Path, content: str) -> None:
    file.write_text(content)
    assert read_password(str(file)) == "a password"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(file: Path, mode: int) -> None:
    file.write_text("hidden")
    file.chmod(mode)
    with pytest.raises(ValueError, match="others can read this file; chmod 600") as refused:
        read_password(str(file))
    assert "hidden" not in str(refused.value)


def test_a_file_without_a_password_is_refused(file: Path) -> None:
    with pytest.raises(ValueError, match="the first line is empty"):
        read_password(str(file))
    file.write_bytes(b"\xff\xfe\n")
    with pytest.raises(ValueError, match="not UTF-8"):
        read_password(str(file))
    with pytest.raises(ValueError, match="No such file"):
        read_password(str(file.with_name("nothing")))
