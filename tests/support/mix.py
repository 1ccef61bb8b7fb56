"""A seeded random mix of events over a few tenants, with a log of what counted."""

import random
import uuid
from datetime import date, timedelta
from typing import Any

from flask.testing import FlaskClient

from tests.support import rows
from tests.support.cast import Caller, fund, issue, make_admin, make_member, make_tenant
from tests.support.recount import Event, level
from voucherweb.config import Settings
from voucherweb.domain import clock

GENDERS = ("F", "M", "U")
DAY = 86_400_000


class Mix:
    """Tenants with vouchers of every kind, members of every kind, and what they did."""

    def __init__(self, client: FlaskClient, settings: Settings, seed: int) -> None:
        self.random = random.Random(seed)
        self.today = clock.local_date(clock.now(), settings.timezone)
        self.admins = [self._tenant(client, settings, name) for name in ("小港醫院", "緯緯醫學")]
        self.vouchers = [self._voucher(admin) for admin in self.admins for _ in range(7)]
        for admin in self.admins:
            issue(admin, on=False, price=7.25, volume=3)
            gone = issue(admin, on=False, volume=4)
            admin.data("/voucher-mgmt/voucher/delete", {"id": gone})
        tenants = [None, *(admin.tenant_id for admin in self.admins)]
        self.people: dict[uuid.UUID, tuple[str, date | None]] = {}
        for _ in range(9):
            person = make_member(
                client, settings, grant=5000, tenant_id=self.random.choice(tenants)
            )
            self._change(rows.member_id(person.id))
        self.pieces: list[tuple[uuid.UUID, uuid.UUID, uuid.UUID]] = []
        self.log: list[Event] = []

    def _tenant(self, client: FlaskClient, settings: Settings, name: str) -> Caller:
        tenant = make_tenant(name)
        fund(tenant)
        return make_admin(client, settings, tenant)

    def _voucher(self, admin: Caller) -> uuid.UUID:
        pick = self.random
        changes: dict[str, Any] = {
            "voucherType": pick.choice(("01", "02", "04", "05", "06")),
            "targetType": pick.choice(("ALL", "ALL", "MEMBER")),
            "price": pick.choice((1, 5, 2.5, 12.75)),
            "volume": pick.randint(2, 9),
            "redeemLimit": pick.choice((0, 0, 1, 2)),
            "onStartDate": clock.to_millis(clock.now()) - pick.randint(1, 40) * DAY,
        }
        if changes["voucherType"] == "06":
            texts = {"title": "折扣碼", "description": "7-ELEVEN"}
            urls = (f"http://t.txp.tw/v/{n}" for n in range(changes["volume"]))
            changes["couponList"] = [{**texts, "url": url} for url in urls]
        return uuid.UUID(issue(admin, **changes))

    def play(self, steps: int) -> None:
        deeds = (self._redeem, self._redeem_some, self._use, self._reach, self._click)
        for _ in range(steps):
            member = self.random.choice(list(self.people))
            self.random.choice((*deeds, *deeds, self._change))(member)

    def _note(self, kind: str, voucher: uuid.UUID, member: uuid.UUID) -> None:
        gender, born = self.people[member]
        self.log.append(Event(kind, voucher, member, gender, level(born, self.today), self.today))

    def _taken(
        self, member: uuid.UUID, voucher: uuid.UUID, told: tuple[str, uuid.UUID | None]
    ) -> None:
        if told[0] == "REDEEMED" and told[1]:
            self.pieces.append((member, voucher, told[1]))
            self._note("REDEEM", voucher, member)

    def _redeem(self, member: uuid.UUID) -> None:
        voucher = self.random.choice(self.vouchers)
        self._taken(member, voucher, rows.redeem(member, voucher))

    def _redeem_some(self, _member: uuid.UUID) -> None:
        some = self.random.sample(sorted(self.people), 3)
        pairs = [(member, self.random.choice(self.vouchers)) for member in some]
        for pair, told in zip(pairs, rows.redeem_many(pairs), strict=True):
            self._taken(*pair, told)

    def _use(self, _member: uuid.UUID) -> None:
        if self.pieces:
            member, voucher, piece = self.random.choice(self.pieces)
            if rows.use(member, piece) == "USED":
                self._note("USE", voucher, member)

    def _reach(self, member: uuid.UUID) -> None:
        some = self.random.sample(self.vouchers, 4)
        counted = rows.engage("R", member, some)
        for voucher in (one for one in some if one in counted):
            self._note("REACH", voucher, member)

    def _click(self, member: uuid.UUID) -> None:
        voucher = self.random.choice(self.vouchers)
        for counted in rows.engage("C", member, [voucher]):
            self._note("CLICK", counted, member)

    def _change(self, member: uuid.UUID) -> None:
        """Another gender and birthday: what comes later counts in another group."""
        years, days = self.random.choice((20, 30, 40, 50, 60, 70)), self.random.randint(-1, 1)
        born = self.today.replace(year=self.today.year - years, day=min(self.today.day, 28))
        known = self.random.random() > 0.2
        person = (
            self.random.choice(GENDERS),
            born + timedelta(days=days) if known else None,
        )
        rows.change_person(member, *person)
        self.people[member] = person
