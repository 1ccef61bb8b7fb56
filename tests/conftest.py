"""Fixtures that every test may use: engines, a migrated database, the app, the cast."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.support import cards, cast
from tests.support.cards import Holder
from tests.support.cast import Caller
from tests.support.conformity import CheckedClient
from tests.support.engines import TestEngines, empty_system, make_settings, running_engines
from tests.support.partners import PartnerCaller, make_partner
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.embedded.temporary import temporary_data_dir
from voucherweb.extensions import db
from voucherweb.services import autocommit, per_process
from voucherweb.services.autocommit import Execute
from voucherweb.services.proof import prove

BROWSER = Path(__file__).parent / "browser"

# How long an example takes says how busy the machine is, not whether the program is right.
hypothesis_settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: their server keeps the database in use for as long as it runs, and
    a backup is restored only into one that nobody uses."""
    items.sort(key=lambda item: BROWSER in item.path.parents)


@pytest.fixture(scope="session")
def engines() -> Iterator[TestEngines]:
    with temporary_data_dir() as data_dir, running_engines(data_dir) as running:
        yield running


@pytest.fixture(scope="session")
def settings(engines: TestEngines, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_settings(engines, tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def migrated(settings: Settings) -> Iterator[Flask]:
    """The application over a database whose schema the migrations built."""
    app = create_app(settings)
    app.test_client_class = CheckedClient
    with app.app_context():
        upgrade()
    yield app
    per_process.close_all()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(migrated: Flask, settings: Settings) -> Iterator[Flask]:
    """The application over empty tables."""
    empty_system(settings)
    with migrated.app_context():
        yield migrated


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def platform(client: FlaskClient, settings: Settings) -> Caller:
    return cast.make_admin(client, settings)


@pytest.fixture
def tenant_id(app: Flask) -> str:
    return cast.make_tenant()


@pytest.fixture
def admin(client: FlaskClient, settings: Settings, tenant_id: str) -> Caller:
    """A tenant admin whose tenant has a vendor and 100,000,000 points of quota."""
    cast.fund(tenant_id)
    return cast.make_admin(client, settings, tenant_id)


@pytest.fixture
def stranger(client: FlaskClient, settings: Settings) -> Caller:
    """The admin of another tenant, which has quota too."""
    other = cast.make_tenant("緯緯醫學", "DEALER")
    cast.fund(other)
    return cast.make_admin(client, settings, other)


@pytest.fixture
def member(client: FlaskClient, settings: Settings) -> Caller:
    return cast.make_member(client, settings)


@pytest.fixture
def partner(client: FlaskClient, settings: Settings, tenant_id: str) -> PartnerCaller:
    """The server of a partner of `tenant_id`."""
    return make_partner(client, settings, tenant_id)


@pytest.fixture
def other_partner(client: FlaskClient, settings: Settings) -> PartnerCaller:
    """The server of another tenant's partner."""
    return make_partner(client, settings)


@pytest.fixture
def host_app(client: FlaskClient, settings: Settings) -> PartnerCaller:
    """The host app's server, with a key of the platform's."""
    return make_partner(client, settings, platform=True)


@pytest.fixture
def campaign(tenant_id: str) -> str:
    """A campaign of `tenant_id`, at 30 per point."""
    return cards.make_campaign(tenant_id)


@pytest.fixture
def holder(campaign: str, tenant_id: str) -> Holder:
    """A member of `tenant_id` with a card of its campaign."""
    return cards.make_holder(campaign, tenant_id)


@pytest.fixture
def right_books(app: Flask) -> Iterator[None]:
    """After the test every book, count and roll-up agrees with a recount."""
    yield
    proof = prove()
    assert proof.ok, proof.first_bad


@pytest.fixture
def execute(settings: Settings) -> Execute:
    """Each statement as a transaction of its own."""
    return autocommit.alone(settings)


@pytest.fixture
def data_dir(settings: Settings) -> Path:
    return settings.data_dir
