"""The rules of one coupon, the same for workbooks and JSON."""

import pytest

from voucherweb.domain.coupon_rules import check_coupon

URL = "http://t.txp.tw/v/APyG3ivQ43"


def columns(title: str = "券", description: str = "說明", url: str = URL) -> list[str]:
    problems = check_coupon(title, description, url)
    assert all(problem.en and problem.zh for problem in problems)
    return [problem.column for problem in problems]


def test_the_contracts_example_is_good() -> None:
    assert columns("折扣碼優惠券", "密碼5020\n好康/紅利->i禮贈->持單結帳。") == []


def test_every_column_is_required_and_named() -> None:
    assert columns("", " ", "\u3000") == ["title", "description", "url"]


def test_limits_count_characters_not_bytes() -> None:
    longest = URL + "/" * (2000 - len(URL))
    assert columns("中" * 500, "😀" * 1000, longest) == []
    assert columns("中" * 501, "😀" * 1001, longest + "/") == ["title", "description", "url"]


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x85", "\ud800", "\uffff"])
def test_characters_that_are_no_text_are_refused(character: str) -> None:
    assert columns(f"a{character}", f"b{character}", URL + character) == [
        "title",
        "description",
        "url",
    ]


def test_line_breaks_tabs_emoji_and_rare_characters_are_text() -> None:
    assert columns("行一\r\n行二\t三", "👨‍👩‍👧 𠮷野家 \u3000 é") == []


@pytest.mark.parametrize(
    "url",
    [
        "https://a.tw",
        "HTTP://A.TW/X",
        "https://例子.台灣/優惠?碼=甲#乙",
        "http://localhost:8000/x",
        "http://127.0.0.1/x",
        "https://[2001:db8::1]:443/x",
        "https://user@shop.example/x",
        "https://a_b.example.com./x?y=(1)&z=%E4%B8%AD",
        "https://a.tw?x",
        "http://a.tw:65535/",
    ],
)
def test_web_addresses_are_accepted(url: str) -> None:
    assert columns(url=url) == []


@pytest.mark.parametrize(
    "url",
    [
        "a.tw/x",
        "ftp://a.tw/x",
        "javascript:alert(1)",
        "data:text/html,x",
        "http:/a.tw",
        "http://",
        "http:///x",
        "http://?x",
        "http://a b.tw/",
        "http://a.tw/a b",
        "http://a.tw/\n",
        "http://a.tw/\u3000x",
        "http://a.tw:65536/",
        "http://a.tw:x/",
        "http://a..tw/",
        "http://-a.tw/",
        "http://a-.tw/",
        "http://.tw",
        "http://999.1.1.1/",
        "http://[::g]/",
        "http://[::1/",
        "http://a.tw\\@evil.tw/",
        'http://a.tw/"onclick=',
        "http://a.tw/<script>",
        "http://" + "a" * 64 + ".tw/",
        "http://" + ".".join(["abcdefgh"] * 30) + ".tw/",
        "=HYPERLINK(http://a.tw)",
        " http://a.tw",
    ],
)
def test_anything_else_is_no_web_address(url: str) -> None:
    assert columns(url=url) == ["url"]
