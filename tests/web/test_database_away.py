"""Pages while the database does not answer: said in words, as 503, in every state of the site."""

import psycopg
import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.support.site import Visitor
from voucherweb.services import site_settings, vouchers
from voucherweb.transaction import session


@pytest.fixture(params=["gone", "no connection left"])
def away(visitor: Visitor, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No unit of work gets a connection any more."""

    def fail(*_: object, **__: object) -> None:
        if request.param == "gone":
            raise OperationalError("SELECT 1", {}, psycopg.OperationalError("it went away"))
        raise PoolTimeout("no connection left")

    monkeypatch.setattr(Engine, "connect", fail)
    site_settings.forget()


@pytest.mark.parametrize("path", ["/admin/sign-in", "/admin/", "/admin/vouchers"])
@pytest.mark.usefixtures("away")
def test_a_page_says_that_the_system_is_busy(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path, Accept_Language="en")
    assert answer.status_code == 503
    assert "The system is busy; nothing was changed." in answer.get_data(as_text=True)
    assert answer.headers["Retry-After"] == "1"


def test_a_database_that_goes_away_in_the_middle_of_a_page_is_told_too(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is signed in is known by then, and his page's frame would ask for more."""

    def lost(*_: object, **__: object) -> None:
        def fail(*_: object, **__: object) -> None:
            raise PoolTimeout("no connection left")

        session.remove()
        monkeypatch.setattr(Engine, "connect", fail)
        site_settings.forget()
        fail()

    monkeypatch.setattr(vouchers, "list_vouchers", lost)
    answer = visitor.get("/admin/vouchers", Accept_Language="en")
    assert answer.status_code == 503
    assert "The system is busy; nothing was changed." in answer.get_data(as_text=True)
