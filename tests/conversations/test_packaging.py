"""The wheel: what is built from this tree works without the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import twisted
from chatd import __version__
from tests.conversations.processes import ROOT, cannot

BUILDING = 300.0
"""How long a step may take, in seconds: setuptools is fetched."""

SOURCES = ["LICENSE", "README.md", "chatd", "pyproject.toml", "setup.cfg", "twisted"]


def run(*command: str | Path, folder: Path, pythonpath: Path | str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(pythonpath), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        [*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, timeout=BUILDING, check=False
    )


def done(process: subprocess.CompletedProcess[str]) -> str:
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs folder of an environment in which only the wheel is installed."""
    folder = tmp_path_factory.mktemp("packaging")
    pip = [sys.executable, "-m", "pip", "-q", "--retries", "1", "--timeout", "10"]
    setuptools = folder / "setuptools"
    fetched = run(
        *pip, "install", "--no-compile", "--target", setuptools, "setuptools >= 77", "wheel", folder=folder, pythonpath=""
    )
    if fetched.returncode:
        cannot(f"setuptools cannot be fetched from PyPI: {fetched.stderr.strip().splitlines()[-1:]}")
    tree = folder / "tree"
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "dropin.cache"))
        else:
            tree.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    done(run(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, tree, folder=folder, pythonpath=setuptools))
    [wheel] = folder.glob("chatd-*.whl")
    new = folder / "new"
    venv.create(new, with_pip=False)
    done(run(*pip, "--python", new / "bin" / "python", "install", "--no-deps", wheel, folder=folder, pythonpath=""))
    return new / "bin"


@pytest.fixture
def dependencies() -> Path:
    """Where Twisted and the other libraries are installed, so that they are not downloaded
    again."""
    return Path(twisted.__file__).parents[1]


TWISTD = "from twisted.scripts.twistd import run; run()"


def test_the_wheel_contains_the_plugin(installed: Path, dependencies: Path, tmp_path: Path) -> None:
    where = done(run(installed / "python", "-c", "import chatd; print(chatd.__file__)", folder=tmp_path, pythonpath=dependencies))
    assert Path(where.strip()).is_relative_to(installed.parent)
    listed = run(installed / "python", "-c", TWISTD, "--help", folder=tmp_path, pythonpath=dependencies)
    assert "A chat server: one chat, every door." in done(listed)
    assert "Traceback" not in listed.stderr
    helped = done(run(installed / "python", "-c", TWISTD, "chatd", "--version", folder=tmp_path, pythonpath=dependencies))
    assert helped == f"chatd {__version__}\n"


def test_the_wheel_contains_the_client(installed: Path, dependencies: Path, tmp_path: Path) -> None:
    assert "--nick" in done(run(installed / "chatd-client", "--help", folder=tmp_path, pythonpath=dependencies))
    shown = done(run(installed / "chatd-client", "--version", folder=tmp_path, pythonpath=dependencies))
    assert shown == f"chatd-client {__version__}\n"


def test_the_wheel_contains_all_data_files(installed: Path, dependencies: Path, tmp_path: Path) -> None:
    looks = "from chatd.core.names import parse_nick; print(parse_nick('\\u0430da').skeleton == parse_nick('ada').skeleton)"
    assert done(run(installed / "python", "-c", looks, folder=tmp_path, pythonpath=dependencies)) == "True\n"
    everything = (
        "import importlib, pkgutil, chatd\n"
        "for module in pkgutil.walk_packages(chatd.__path__, 'chatd.'): importlib.import_module(module.name)"
    )
    done(run(installed / "python", "-c", everything, folder=tmp_path, pythonpath=dependencies))
