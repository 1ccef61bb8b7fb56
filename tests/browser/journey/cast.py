"""Who is in the journey, and what its things are called."""

from dataclasses import dataclass, field
from pathlib import Path

from flask.testing import FlaskClient

from tests.browser.story import Person
from tests.support.browser import Site
from tests.support.cast import PASSWORD, Caller
from voucherweb.config import Settings

HOSPITAL, DEALER = "小港醫院", "緯緯醫學"
COFFEE, CODES, SOUP = "咖啡中杯拿鐵", "咖啡折扣碼", "雞湯一碗"
ADMIN = "nurse.lin@hospital.test"


@dataclass
class Story:
    """Who is in it, and what came about so far."""

    site: Site
    client: FlaskClient
    settings: Settings
    width: int
    language: str
    directory: Path
    platform: Person = field(init=False)
    admin: Person = field(init=False)
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def wide(self) -> bool:
        return self.width > 600

    def caller(self, account: str) -> Caller:
        """Somebody of the pages, signed in at the API."""
        given = {"account": account, "password": PASSWORD}
        answer = self.client.post("/auth/login", json=given)
        assert answer.status_code == 200, answer.text
        return Caller(self.client, answer.json["result"]["data"]["accessToken"], account)
