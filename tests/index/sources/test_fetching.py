import asyncio

import pytest

from footnote_qa.index.sources.fetching import Fetcher, FetchError, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - not to be listened on
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "localhost",
        "",
    ],
)
def test_an_address_that_is_not_on_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_an_address_on_the_public_internet(address: str) -> None:
    assert is_public(address)


def checked(start: str, address: str) -> str:
    async def check() -> str:
        async with Fetcher(start, allow_private=False) as fetcher:
            return str(fetcher.checked(address))

    return asyncio.run(check())


@pytest.mark.parametrize(
    ("start", "address", "asked"),
    [
        ("https://x.test/s.xml", "https://x.test/a", "https://x.test/a"),
        ("https://x.test/s.xml", "http://x.test/a", "https://x.test/a"),
        ("http://x.test/s.xml", "https://x.test/a", "https://x.test/a"),
        ("https://x.test:8443/s.xml", "https://x.test:8443/a", "https://x.test:8443/a"),
        ("https://x.test/s.xml", "https://X.TEST/a", "https://x.test/a"),
    ],
)
def test_a_page_of_the_same_host_is_asked_for_as_safely_as_it_was_listed(
    start: str, address: str, asked: str
) -> None:
    assert checked(start, address) == asked


@pytest.mark.parametrize(
    "address",
    [
        "https://y.test/a",
        "https://x.test.y.test/a",
        "https://x.test@y.test/a",
        "https://x.test:22/a",
        "http://x.test:8080/a",
        "ftp://x.test/a",
        "file:///etc/passwd",
        "//y.test/a",
        "/a",
        "",
        "https://x.test:99999/",
    ],
)
def test_a_page_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(FetchError) as caught:
        checked("https://x.test/s.xml", address)

    assert not caught.value.may_pass
