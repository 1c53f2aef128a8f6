"""The PROXY protocol and X-Forwarded-For: a table of headers, each cut at every byte, and all
addresses that there are."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.http_headers import Headers

from chatd.core.limits import FORWARDED_HOPS, PROXY_BYTES
from chatd.doors.proxy import LINE_LENGTH, NO_PROXIES, SIGNATURE, Header, Malformed, Proxies, came_by_tls, read_header, written

PORTS = b"\x30\x39\x00\x50"
UNIX = b"/run/client".ljust(108, b"\x00") + b"/run/proxy".ljust(108, b"\x00")
LONG_IPV6 = b"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"


def block(command: int, family: int, addresses: bytes) -> bytes:
    """A header of version 2."""
    return SIGNATURE + bytes((command, family)) + len(addresses).to_bytes(2, "big") + addresses


IPV4 = bytes((192, 0, 2, 7)) + bytes((198, 51, 100, 1)) + PORTS
IPV6 = IPv6Address("2001:db8::7").packed + IPv6Address("2001:db8::1").packed + PORTS
TLV = b"\x02\x00\x04chat"
"""PP2_TYPE_AUTHORITY (section 2.2.2)."""

HEADERS = [
    # Version 1
    (b"PROXY TCP4 192.0.2.7 198.51.100.1 12345 80\r\n", "192.0.2.7"),
    (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"),
    (b"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0"),
    (b"PROXY TCP6 2001:db8::7 2001:DB8::1 12345 80\r\n", "2001:db8::7"),
    (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", "192.0.2.7"),
    (b"PROXY TCP6 %b %b 65535 65535\r\n" % (LONG_IPV6, LONG_IPV6), LONG_IPV6.decode()),
    (b"PROXY UNKNOWN\r\n", ""),
    (b"PROXY UNKNOWN any \xff thing\r\n", ""),
    (b"PROXY UNKNOWN %b %b 65535 65535\r\n" % (LONG_IPV6, LONG_IPV6), ""),
    # Version 2
    (block(0x21, 0x11, IPV4), "192.0.2.7"),
    (block(0x21, 0x12, IPV4), "192.0.2.7"),
    (block(0x21, 0x11, IPV4 + TLV), "192.0.2.7"),
    (block(0x21, 0x21, IPV6), "2001:db8::7"),
    (block(0x21, 0x22, IPV6 + TLV), "2001:db8::7"),
    (block(0x21, 0x21, IPv6Address("::ffff:192.0.2.7").packed + bytes(16) + PORTS), "192.0.2.7"),
    (block(0x21, 0x31, UNIX), ""),
    (block(0x21, 0x32, UNIX + TLV), ""),
    (block(0x21, 0x00, b""), ""),
    (block(0x21, 0x00, b"anything"), ""),
    (block(0x20, 0x00, b""), ""),
    (block(0x20, 0x11, IPV4), ""),
    (block(0x20, 0xFF, b"x"), ""),
    (block(0x21, 0x11, IPV4.ljust(PROXY_BYTES - 16, b"\x00")), "192.0.2.7"),
]

MALFORMED = [
    b"PROXY \r\n",
    b"PROXY TCP4\r\n",
    b"PROXY tcp4 192.0.2.7 198.51.100.1 1 2\r\n",
    b"PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n",
    b"PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 1 2 \r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 2\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 1 99999\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 2\r\n",
    b"PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n",
    b"PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n",
    b"PROXY TCP4 192.0.2.7 localhost 1 2\r\n",
    b"PROXY TCP4 ::1 ::1 1 2\r\n",
    b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    b"PROXY TCP6 :::: ::1 1 2\r\n",
    b"PROXY UNKNOWNX\r\n",
    b"PROXY UNKNOWN\n",
    b"PROXY UNKNOWN " + b"x" * (LINE_LENGTH - 15) + b"\r\n",
    b"PROXY TCP4 " + b"1" * LINE_LENGTH,
    b"PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\r\n",
    b"PROXY TCP6 192.0.2.7 198.51.100.1 x 2\r\n",
    SIGNATURE[:-1] + b"\r",
    b"\r\n\r\n\x00GET",
    SIGNATURE + b"\x11\x11\x00\x00",
    SIGNATURE + b"\x22\x11\x00\x00",
    SIGNATURE + b"\x31\x11\x00\x0c",
    block(0x21, 0x10, IPV4),
    block(0x21, 0x13, IPV4),
    block(0x21, 0x01, IPV4),
    block(0x21, 0x41, IPV4),
    block(0x21, 0x11, IPV4[:-1]),
    block(0x21, 0x21, IPV6[:-1]),
    block(0x21, 0x21, IPV4),
    block(0x21, 0x31, UNIX[:-1]),
    SIGNATURE + b"\x21\x11" + (PROXY_BYTES - 15).to_bytes(2, "big"),
    SIGNATURE + b"\x20\x00\xff\xff",
]


@pytest.mark.parametrize(("header", "address"), HEADERS)
def test_a_header_is_complete_at_its_last_byte_and_no_earlier(header: bytes, address: str) -> None:
    assert [read_header(header[:end]) for end in range(len(header))] == [None] * len(header)
    assert read_header(header) == read_header(header + b"NICK ada\r\n\x00\r\n") == Header(len(header), address)


@pytest.mark.parametrize("header", MALFORMED)
def test_a_malformed_header_is_found_wherever_it_is_cut(header: bytes) -> None:
    with pytest.raises(Malformed, match="version"):
        read_header(header)
    for end in range(len(header)):
        try:
            assert read_header(header[:end]) is None
        except Malformed:
            break


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 65535), st.integers(0, 65535), st.binary(max_size=40))
def test_every_address_comes_back(
    source: IPv4Address | IPv6Address, other: IPv4Address | IPv6Address, port: int, other_port: int, rest: bytes
) -> None:
    destination = other if other.version == source.version else source
    line = f"PROXY TCP{source.version} {source} {destination} {port} {other_port}\r\n".encode()
    assert read_header(line + rest) == Header(len(line), written(source))
    binary = source.packed + destination.packed + port.to_bytes(2, "big") + other_port.to_bytes(2, "big")
    header = block(0x21, 0x11 if source.version == 4 else 0x21, binary)
    assert read_header(header + rest) == Header(len(header), written(source))


@given(st.sampled_from([b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE[:5], b""]), st.binary(max_size=200))
def test_any_bytes_are_a_header_or_malformed_or_need_more(opening: bytes, rest: bytes) -> None:
    try:
        header = read_header(opening + rest)
    except Malformed:
        return
    assert header is None or header.size <= len(opening + rest)


# -- Who is believed

PROXIES = Proxies(map(ip_network, ["10.0.0.0/8", "192.0.2.1", "fd00::/8"]))


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("10.1.2.3", True),
        ("11.0.0.1", False),
        ("192.0.2.1", True),
        ("192.0.2.2", False),
        ("fd12::1", True),
        ("fd12::1%eth0", True),
        ("fe80::1%eth0", False),
        ("this machine", False),
        ("", False),
    ],
)
def test_proxies_are_named_by_address_or_network(address: str, named: bool) -> None:
    assert (address in PROXIES) is named
    assert address not in NO_PROXIES


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ([], ""),
        ([b""], ""),
        ([b"198.51.100.7"], "198.51.100.7"),
        ([b"6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        ([b"6.6.6.6", b"198.51.100.7"], "198.51.100.7"),
        ([b"198.51.100.7, 10.0.0.2, 192.0.2.1"], "198.51.100.7"),
        ([b"6.6.6.6,198.51.100.7,10.0.0.2"], "198.51.100.7"),
        ([b"6.6.6.6, 10.0.0.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ([b"10.0.0.3, 10.0.0.2"], ""),
        ([b"6.6.6.6, unknown"], ""),
        ([b"6.6.6.6, _hidden, 10.0.0.2"], ""),
        ([b"6.6.6.6, "], ""),
        ([b"6.6.6.6, \xff"], ""),
        ([b"6.6.6.6:1234"], "6.6.6.6"),
        ([b"[2001:db8::7]:1234"], "2001:db8::7"),
        ([b"[2001:db8::7]"], "2001:db8::7"),
        ([b"2001:DB8:0::7"], "2001:db8::7"),
        ([b"::ffff:198.51.100.7"], "198.51.100.7"),
        ([b"198.51.100.7, ::ffff:10.0.0.1"], "198.51.100.7"),
        ([b"6.6.6.6, fe80::1%eth0"], "fe80::1"),
        ([b"6.6.6.6, fe80::1%\x1b[31m"], "fe80::1"),
    ],
)
def test_the_last_address_that_is_no_proxy_is_the_client(forwarded: list[bytes], client: str) -> None:
    assert PROXIES.client(forwarded) == client


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ([b"for=198.51.100.7"], "198.51.100.7"),
        ([b'For=198.51.100.7;proto=https;by=10.0.0.1;host="chat.example:8443"'], "198.51.100.7"),
        ([b"for=6.6.6.6, for=198.51.100.7"], "198.51.100.7"),
        ([b"for=6.6.6.6", b"for=198.51.100.7,for=10.0.0.2 , by=x;for=10.0.0.3"], "198.51.100.7"),
        ([b'for="198.51.100.7:47011"'], "198.51.100.7"),
        ([b'for="[2001:db8:cafe::17]:4711"'], "2001:db8:cafe::17"),
        ([b'for="[2001:DB8::7]"'], "2001:db8::7"),
        ([b'for="\\1\\98.51.100.7"'], "198.51.100.7"),
        ([b'host="a,for=6.6.6.6";for=198.51.100.7'], "198.51.100.7"),
        ([b"for=6.6.6.6, for=unknown"], ""),
        ([b"for=6.6.6.6, for=_hidden, for=10.0.0.2"], ""),
        ([b"for=6.6.6.6, by=10.0.0.2"], ""),
        ([b"for=6.6.6.6, "], ""),
        ([b"for=10.0.0.2"], ""),
        ([b'for=6.6.6.6;host="', b"for=198.51.100.7"], ""),
        ([b"for=6.6.6.6; ;for=198.51.100.7"], ""),
        ([b"for 6.6.6.6"], ""),
        ([b"for=6.6.6.6," * FORWARDED_HOPS + b"for=198.51.100.7"], ""),
        ([b"for=6.6.6.6," * (FORWARDED_HOPS - 1) + b"for=198.51.100.7"], "198.51.100.7"),
        ([], ""),
    ],
)
def test_the_client_may_be_named_as_in_rfc_7239(forwarded: list[bytes], client: str) -> None:
    assert PROXIES.client([], forwarded) == client


@pytest.mark.parametrize(
    ("forwarded_for", "forwarded", "client"),
    [
        (b"198.51.100.7", b"for=198.51.100.7", "198.51.100.7"),
        (b"2001:db8::7", b'for="[2001:DB8:0::7]:1"', "2001:db8::7"),
        (b"198.51.100.7", b"for=6.6.6.6", ""),
        (b"6.6.6.6", b"for=198.51.100.7", ""),
        (b"198.51.100.7", b"for=10.0.0.2", "198.51.100.7"),
        (b"10.0.0.2", b"for=198.51.100.7", "198.51.100.7"),
        (b"198.51.100.7", b"garbage", "198.51.100.7"),
    ],
)
def test_headers_that_contradict_each_other_are_not_believed(forwarded_for: bytes, forwarded: bytes, client: str) -> None:
    assert PROXIES.client([forwarded_for], [forwarded]) == client


@given(st.lists(st.binary(max_size=40), max_size=4))
def test_no_header_raises(forwarded: list[bytes]) -> None:
    PROXIES.client(forwarded, forwarded)


@given(st.lists(st.sampled_from([b"for=", b"1.2.3.4", b'"', b",", b";", b"\\", b" ", b"[::1]", b":80"]), max_size=12))
def test_only_an_address_of_the_header_is_the_client(pieces: list[bytes]) -> None:
    assert PROXIES.client([], [b"".join(pieces)]) in ("", "1.2.3.4", "::1")


@pytest.mark.parametrize(
    ("headers", "is_tls"),
    [
        ({}, False),
        ({"X-Forwarded-Proto": ["https"]}, True),
        ({"X-Forwarded-Proto": ["HTTPS, wss"]}, True),
        ({"X-Forwarded-Proto": ["http"]}, False),
        ({"X-Forwarded-Proto": ["https", "http"]}, False),
        ({"X-Forwarded-Proto": ["https, http"]}, False),
        ({"X-Forwarded-Proto": [""]}, False),
        ({"Forwarded": ['for=192.0.2.7;proto=https;by="[::1]"']}, True),
        ({"Forwarded": ['for=192.0.2.7;Proto="https", for=10.0.0.1;proto=http']}, False),
        ({"Forwarded": ["for=192.0.2.7"]}, False),
        ({"X-Forwarded-Proto": ["http"], "Forwarded": ["proto=https"]}, False),
    ],
)
def test_a_proxy_says_whether_the_caller_came_by_tls(headers: dict[str, list[str]], is_tls: bool) -> None:
    assert came_by_tls(Headers(headers)) is is_tls
