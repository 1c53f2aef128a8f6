"""The pages: small, whole, and made once."""

from __future__ import annotations

import gzip
import re
from hashlib import sha256
from importlib.resources import files

import pytest

from chatd.doors.pages import load_pages

FILES = {file.name: file.read_bytes() for file in (files("chatd") / "web").iterdir()}


@pytest.mark.parametrize("host", [b"", b"a b", b"a;script-src *", b"a'", b"\xff", b"a" * 256])
def test_an_invalid_host_is_not_in_the_policy(host: bytes) -> None:
    assert b"connect-src 'self';" in load_pages()[b"/"].policy(host)


def test_the_page_is_small_and_loads_nothing_from_elsewhere() -> None:
    pages = load_pages()
    assert sum(len(page.compressed().body) for page in pages.values()) < 60 * 1024
    html = pages[b"/"].body.decode()
    assert set(re.findall(r"(?:src|href)=\"([^#\"][^\"]*)\"", html)) == {"icon.svg", "chat.webmanifest"}
    assert html.count("<script") == html.count("<style") == 1
    assert not re.search(r"<[^>]*\s(style|on\w+)=", FILES["index.html"].decode()), "the policy forbids these"
    assert b"url(" not in FILES["chat.css"]
    scripts = {name: content for name, content in FILES.items() if name.endswith(".js") and f"/{name}".encode() not in pages}
    assert len(scripts) > 20
    for name, content in scripts.items():  # The first line says what the module is about.
        assert html.count(content.decode().partition("\n")[0]) == 1, f"{name} is in the page once"
    assert not re.search(rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", b"".join(scripts.values()))


def test_a_module_imports_only_what_another_exports() -> None:
    scripts = {name: content.decode() for name, content in FILES.items() if name.endswith(".js")}
    exports = {
        name: set(re.findall(r"^export (?:async )?(?:function|const|let|class) (.*)", text, re.M)) for name, text in scripts.items()
    }
    known = {name: {word for rest in lines for word in re.findall(r"[\w$]+", rest)} for name, lines in exports.items()}
    for name, content in scripts.items():  # One script has one scope, in which every name works that is there at all.
        for names, other in re.findall(r'^import \{(.*)\} from "\./([a-z_]+\.js)";$', content, re.M):
            assert set(re.split(r",\s*", names)) <= known[other], f"{name} imports from {other}"


def test_what_depends_on_the_page_alone_is_made_once() -> None:
    page = load_pages()[b"/"]
    assert page.etag is page.etag
    assert page.etag == b'"%b"' % sha256(page.body).hexdigest()[:16].encode()


def test_the_compressed_page_is_the_same_page_and_another_body() -> None:
    page = load_pages()[b"/"]
    compressed = page.compressed()
    assert gzip.decompress(compressed.body) == page.body
    assert page.compressed().body == compressed.body, "no time is in it, so that its ETag outlives a restart"
    assert (compressed.coding, compressed.type) == (b"gzip", page.type)
    assert compressed.etag != page.etag


def test_the_modules_are_one_script() -> None:
    [script] = re.findall(r"<script>(.*)</script>", load_pages()[b"/"].body.decode(), re.DOTALL)
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    declared = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", script, re.MULTILINE)
    assert len(declared) == len(set(declared)), "they share one scope"
