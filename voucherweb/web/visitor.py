"""Who is signed in to the pages, for Flask-Login."""

from flask_login import UserMixin

from voucherweb.domain.actor import Actor
from voucherweb.services.web_sessions import Person


class Visitor(UserMixin):  # type: ignore[misc]
    """A signed-in admin. The cookie names the session, not the admin: ending the session ends it
    in every browser at once."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def get_id(self) -> str:
        return str(self.actor.session_id)

    @property
    def actor(self) -> Actor:
        return self.person.actor

    @property
    def language(self) -> str | None:
        return self.person.language

    @property
    def name(self) -> str:
        return self.person.name or self.person.account
