"""The documentation page: offline, in two languages, under the same policy as every page."""

import re

import pytest
from flask.testing import FlaskClient

from voucherweb.web.requests import security_policy


@pytest.mark.parametrize(("lang", "title"), [("zh", "票券平台 API 文件"), ("en", "Voucher API")])
def test_the_page_is_there_in_both_languages(client: FlaskClient, lang: str, title: str) -> None:
    answer = client.get(f"/docs?lang={lang}")
    assert answer.status_code == 200
    assert f"<title>{title}" in answer.text
    assert f'data-source="/openapi.json?lang={lang}"' in answer.text


def test_everything_on_the_page_comes_from_this_host(client: FlaskClient) -> None:
    html = client.get("/docs").text
    addresses = re.findall(r'(?:src|href)="([^"?][^"]*)"', html)
    assert addresses
    assert all(address.startswith("/") for address in addresses)
    assert all(client.get(address, buffered=True).status_code == 200 for address in addresses)


def test_the_page_loosens_no_policy(client: FlaskClient) -> None:
    answer = client.get("/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert policy == security_policy(None)
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|style=|<style| on\w+=", answer.text)
