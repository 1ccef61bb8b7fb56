"""The demo's admins at work: every purchase, issue and change goes through the services, at its
own past moment, so that numbers, books and audit log come out as if it had happened."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from voucherweb.demo.cast import HOUSES, Cast
from voucherweb.demo.offers import Offer
from voucherweb.demo.pictures import draw_picture
from voucherweb.demo.schedule import Calendar, Scene, Story, of_house
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherStatus, VoucherType
from voucherweb.domain.money import total_points
from voucherweb.models import AuditEntry, Upload, Voucher
from voucherweb.services import issuing, jobs, quotas, vendors, vouchers
from voucherweb.services.coupons import CouponTexts
from voucherweb.storage.keys import UPLOADS
from voucherweb.storage.protocol import Storage
from voucherweb.transaction import session

PURCHASE_DAYS: Final = (-200, -150, -105, -65, -30)
CORRECTED: Final = 2
"""The place of the purchase that was entered wrongly at first."""
ROUND: Final = 100_000
_NAMES: Final = uuid.UUID("5f0c1c3e-6f0e-4f2e-9a55-6d6f64656d6f")


@dataclass(order=True, slots=True)
class Deed:
    """Something that an admin does at a moment; of equal moments the first planned is first."""

    at: datetime
    place: int
    do: Callable[[], object] = field(compare=False)


@dataclass(slots=True)
class Office:
    """Plans the deeds of all admins and does them in the order of their moments."""

    shop: issuing.Shop
    cast: Cast
    calendar: Calendar
    deeds: list[Deed] = field(default_factory=list)
    issued: dict[Story, uuid.UUID] = field(default_factory=dict)

    def plan(self, at: datetime, do: Callable[[], object]) -> None:
        self.deeds.append(Deed(at, len(self.deeds), do))

    def work(self, told: Sequence[Story]) -> dict[Story, uuid.UUID]:
        """Do everything; answers the id of each story's voucher."""
        for number, house in enumerate(HOUSES):
            if house.vendor:
                opened = self.calendar.at(PURCHASE_DAYS[0] - 1, 9, number)
                self.plan(opened, partial(self._open, self.cast.admins[number]))
            if house.issues:
                self._plan_house(number, of_house(told, number))
        for deed in sorted(self.deeds):
            with clock.frozen(deed.at):
                deed.do()
        return self.issued

    def _open(self, admin: Actor) -> None:
        vendors.add_vendor(self.cast.platform, admin.tenant_id)

    def _plan_house(self, number: int, told: Sequence[Story]) -> None:
        admin = self.cast.admins[number]
        twice = told[len(told) // 2]
        self._plan_purchases(admin, number, told, twice)
        for story in told:
            self._plan_story(admin, story)
        drafts = [s for s in told if s.scene is Scene.DRAFT and s.kind != VoucherType.COUPON_CODE]
        self._plan_edit(admin, drafts[0])
        self._plan_mistake(admin, twice)

    def _plan_purchases(
        self, admin: Actor, number: int, told: Sequence[Story], twice: Story
    ) -> None:
        """Before each stretch of issues somewhat more quota than they take is bought;
        `twice` is issued a second time by mistake."""
        ends = [*PURCHASE_DAYS[1:], 1]
        for place, (day, end) in enumerate(zip(PURCHASE_DAYS, ends, strict=True)):
            at, until = self.calendar.at(day, 10, 10 * number), self.calendar.at(end, 10)
            need = sum(self._points(s) for s in told if at <= s.issued_at < until)
            need += self._points(twice) if at <= twice.issued_at < until else 0
            points = (need * 5 // 4 // ROUND + 2) * ROUND
            self._plan_purchase(admin, at, points, wrong=place == CORRECTED)

    def _points(self, story: Story) -> int:
        unit = self.shop.settings.unit_points
        return total_points(story.terms.price, story.terms.volume, unit)

    def _plan_purchase(self, admin: Actor, at: datetime, points: int, *, wrong: bool) -> None:
        platform, tenant_id = self.cast.platform, admin.tenant_id
        terms = quotas.PurchaseTerms(at, points, self._price(points), "線上匯款")
        if not wrong:
            self.plan(at, lambda: quotas.add_purchase(platform, tenant_id, terms))
            return
        slip = replace(terms, points=points + 10 * ROUND)
        right = replace(terms, remark="更正：點數多輸入 1,000,000 點")
        bought: list[uuid.UUID] = []

        def buy() -> None:
            bought.append(quotas.add_purchase(platform, tenant_id, slip).id)

        self.plan(at, buy)
        later = at + timedelta(hours=2, minutes=20)
        self.plan(later, lambda: quotas.correct_purchase(platform, bought[0], right))

    def _price(self, points: int) -> Decimal:
        exact = Decimal(points) / self.shop.settings.unit_points
        return exact.quantize(Decimal("0.01"))

    def _plan_story(self, admin: Actor, story: Story) -> None:
        self.plan(story.issued_at, lambda: self._issue(admin, story))
        if story.on_at is not None:
            self.plan(story.on_at, lambda: self._shelve(admin, story, VoucherStatus.ON))
        if story.off_at is not None and story.scene is Scene.OFF:
            self.plan(story.off_at, lambda: self._shelve(admin, story, VoucherStatus.OFF))
        elif story.off_at is not None:
            self.plan(story.off_at, lambda: take_down(self.issued[story]))

    def _issue(self, admin: Actor, story: Story) -> None:
        key = _picture_key(story)
        store_upload(admin, key, story.offer)
        terms = replace(story.terms, thumbnail_key=key)
        draft = issuing.Draft(terms, coupon_list=_coupons(story))
        self.issued[story] = issuing.add_voucher(self.shop, admin, draft).id

    def _shelve(self, admin: Actor, story: Story, status: VoucherStatus) -> None:
        vouchers.set_status(admin, self.issued[story], status)

    def _plan_edit(self, admin: Actor, story: Story) -> None:
        """A draft that is made a little larger on the day after."""
        terms = replace(
            story.terms, volume=story.terms.volume + 20, thumbnail_key=_picture_key(story)
        )
        draft = issuing.Draft(terms)
        self.plan(
            story.issued_at + timedelta(hours=21),
            lambda: issuing.update_voucher(self.shop, admin, self.issued[story], draft),
        )

    def _plan_mistake(self, admin: Actor, story: Story) -> None:
        """A voucher that is issued twice; the second one is deleted and its points come back."""
        twice: list[uuid.UUID] = []
        draft = issuing.Draft(story.terms, coupon_list=_coupons(story))

        def issue() -> None:
            twice.append(issuing.add_voucher(self.shop, admin, draft).id)

        self.plan(story.issued_at + timedelta(minutes=4), issue)
        self.plan(
            story.issued_at + timedelta(minutes=9),
            lambda: issuing.delete_voucher(admin, twice[0]),
        )


def take_down(voucher_id: uuid.UUID) -> None:
    """What the scheduler does with a voucher whose last day on the shelf is over."""
    voucher = session.get_one(Voucher, voucher_id)
    voucher.status, voucher.updated_at = VoucherStatus.OFF, clock.now()
    session.add(
        AuditEntry(
            at=clock.now(),
            actor=jobs.SYSTEM,
            tenant_id=voucher.tenant_id,
            action="voucher.take_down",
            object_kind="voucher",
            object_id=str(voucher_id),
            data={"ended": "on"},
        )
    )
    session.flush()


def _picture_key(story: Story) -> str:
    """The same for the same voucher, so that loading anew leaves no picture behind."""
    return f"{UPLOADS}/thumbnail/{uuid.uuid5(_NAMES, str(story.seed))}.webp"


def store_upload(admin: Actor, key: str, offer: Offer) -> None:
    """The record of a picture that the tenant's admin has uploaded whole."""
    now = clock.now()
    session.add(
        Upload(
            object_key=key,
            tenant_id=admin.tenant_id,
            upload_id=str(uuid.uuid4()),
            is_thumbnail=True,
            file_name=offer.motif,
            file_type="webp",
            completed_at=now,
            created_at=now,
        )
    )
    session.flush()


@contextmanager
def storing_pictures(storage: Storage, told: Sequence[Story]) -> Iterator[None]:
    """Draw and store the pictures of all vouchers beside what is done meanwhile; at the end all
    of them are there, or what went wrong with one is raised."""

    def store(story: Story) -> None:
        offer = story.offer
        storage.write(_picture_key(story), draw_picture(offer.motif, offer.hue, story.seed))

    with ThreadPoolExecutor(2) as pool:
        stored = [pool.submit(store, story) for story in told]
        try:
            yield
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        for one in stored:
            one.result()


def _coupons(story: Story) -> list[CouponTexts] | None:
    if story.kind is not VoucherType.COUPON_CODE:
        return None
    offer = story.offer
    return [
        (offer.title, offer.description, f"https://coupon.example/v/{_code(story.seed, n)}")
        for n in range(offer.volume)
    ]


def _code(seed: int, number: int) -> str:
    """Ten letters and digits that look drawn by lot, no two alike."""
    return uuid.uuid5(_NAMES, f"{seed}/{number}").hex[:10].upper()
