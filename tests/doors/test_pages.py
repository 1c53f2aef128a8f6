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
    assert set(re.findall(r"(?:src|href)=\"([^#\"][^\"]*)\"", html)) == {"icon.svg"}
    assert html.count("<script") == html.count("<style") == 1
    assert not re.search(r"<[^>]*\s(style|on\w+)=", FILES["index.html"].decode()), "the policy forbids these"
    assert b"url(" not in FILES["chat.css"]
    scripts = {name: content for name, content in FILES.items() if name.endswith(".js")}
    assert all(content in pages[b"/"].body for content in scripts.values()), "each is in the page"
    assert not re.search(rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", b"".join(scripts.values()))


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
