"""The documentation page: offline, in two languages, under the same policy as every page."""

import re

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from voucherweb.api import openapi
from voucherweb.api.error_advice import ADVICE
from voucherweb.api.partner import openapi as partner_openapi
from voucherweb.api.partner.call import CALLS
from voucherweb.errors import ERRORS
from voucherweb.web.error_catalogue import catalogue
from voucherweb.web.requests import security_policy

PAGES = ["/docs", "/docs?api=partner", "/docs/errors"]


@pytest.mark.parametrize(
    ("path", "lang", "title", "source"),
    [
        ("/docs?", "zh", "票券平台 API 文件", "/openapi.json"),
        ("/docs?", "en", "Voucher API", "/openapi.json"),
        ("/docs?api=partner&", "zh", "夥伴 Open API 文件", "/openapi-partner.json"),
        ("/docs?api=partner&", "en", "Partner Open API", "/openapi-partner.json"),
    ],
)
def test_both_documents_are_there_in_both_languages(
    client: FlaskClient, path: str, lang: str, title: str, source: str
) -> None:
    answer = client.get(f"{path}lang={lang}")
    assert answer.status_code == 200
    assert f"<title>{title}" in answer.text
    assert f'data-source="{source}?lang={lang}"' in answer.text
    assert client.get(f"{source}?lang={lang}").get_json()["info"]["title"] in title


@pytest.mark.parametrize("path", PAGES)
def test_everything_on_the_page_comes_from_this_host(client: FlaskClient, path: str) -> None:
    html = client.get(path).text
    addresses = re.findall(r'(?:src|href)="([^"?#][^"]*)"', html)
    assert addresses
    assert all(address.startswith("/") for address in addresses)
    assert all(client.get(address, buffered=True).status_code == 200 for address in addresses)


@pytest.mark.parametrize("path", PAGES)
def test_the_page_loosens_no_policy(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy == security_policy(None)
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|style=|<style| on\w+=", answer.text)


@pytest.mark.parametrize("english", [False, True])
def test_the_catalogue_tells_every_code_that_a_document_names(
    client: FlaskClient, english: bool
) -> None:
    html = client.get(f"/docs/errors?lang={'en' if english else 'zh'}").text
    partner = {code for call in CALLS for code in partner_openapi.codes(call)}
    management = {error.code for call in openapi.calls() for error in openapi.codes(call)}
    for code in partner:
        assert f'id="{code}"' in html
    for code in management:
        assert f'id="a-{code.rpartition(".")[2]}"' in html
        assert f"<code>{code}</code>" in html
    for name in partner | {code.rpartition(".")[2] for code in management}:
        assert escape(ADVICE[name][english]) in html
        assert escape(ERRORS[name].en if english else ERRORS[name].zh) in html


def test_every_code_has_its_advice_and_no_other() -> None:
    assert set(ADVICE) == set(ERRORS)
    assert all(zh.strip() and en.strip() for zh, en in ADVICE.values())


def test_every_code_is_some_calls(client: FlaskClient) -> None:
    """A code that no call declares would be one that no reader can meet, or one that is told
    nowhere."""
    html = client.get("/docs/errors").text
    told = {code for code in ERRORS if f'id="{code}"' in html or f'id="a-{code}"' in html}
    assert set(ERRORS) - told == set()


def test_a_code_is_told_with_the_calls_that_answer_it() -> None:
    partner, management = catalogue(english=True)
    calls = {entry.code: entry.calls for entry in partner.entries}
    assert calls["INSUFFICIENT_POINTS"] == ("POST /v2/connect/burn/points",)
    assert "POST /v2/connect/coupon/use" in calls["COUPON_ALREADY_USED"]
    codes = {entry.anchor: entry.calls for entry in management.entries}
    assert codes["a-VOUCHER_REDEEM_OVER_LIMIT"] == ("POST /voucher/redeem",)
