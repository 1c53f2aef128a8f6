"""The unit tests of the page's modules, which node runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_modules_of_the_page() -> None:
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CHATD_TEST_ALL") == "1":
            pytest.fail("node is not installed")
        pytest.skip("node is not installed")
    files = [str(path) for path in sorted((ROOT / "tests/web").glob("*.test.js"))]
    done = subprocess.run([node, "--test", "--test-reporter=tap", *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, "\n".join(line for line in done.stdout.splitlines() if "ok " not in line or "not ok" in line)
