"""The calls of the partner Open API, one method each."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast
from urllib.parse import quote

from voucherweb_partner.models import (
    AssignCouponResponse,
    CampaignList,
    CouponByCode,
    CouponSet,
    CouponSetList,
    ExtensionConfigResponse,
    MemberCouponList,
    PointsChange,
    PointsVoid,
    ProfileList,
    Transaction,
    TransactionList,
    UseCouponResponse,
    VoidCouponResponse,
)
from voucherweb_partner.session import Patience, Request, Session
from voucherweb_partner.tokens import AddOnSource, KeySource, Source
from voucherweb_partner.transport import HttpTransport, Transport
from voucherweb_partner.windows import Window, spans, utc_text

LAG = timedelta(seconds=2)
"""How far behind the server's clock the newest window ends, for its `to` must be in the past."""


class Client:
    """A partner's client. Threads may share one.

    Every write bears an `Idempotency-Key`, yours or one of its own, and is repeated with it when
    no answer comes. Give your own (`idempotency_key="order-4711"`) to be safe across a restart of
    your program as well. Every method raises `PartnerError` for a refusal and `NoAnswer` when no
    answer came; `fault` asks a sandbox key's server for a made-up refusal.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        api_secret: str,
        *,
        transport: Transport | None = None,
        language: str = "zh-TW",
        patience: Patience | None = None,
    ) -> None:
        source = KeySource(api_key, api_secret)
        self._open(transport or HttpTransport(base_url), source, language, patience)

    @classmethod
    def from_exchange_token(
        cls,
        base_url: str,
        exchange_token: str,
        *,
        transport: Transport | None = None,
        language: str = "zh-TW",
        patience: Patience | None = None,
    ) -> Self:
        """The client of an add-on that an admin has just opened; the token is used once."""
        made = cls.__new__(cls)
        source = AddOnSource(exchange_token)
        made._open(transport or HttpTransport(base_url), source, language, patience)
        return made

    def _open(
        self, transport: Transport, source: Source, language: str, patience: Patience | None
    ) -> None:
        self._transport = transport
        self._session = Session(
            transport, source, language=language, patience=patience or Patience()
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def extension_config(self) -> ExtensionConfigResponse:
        """Whose data this client works on, and under which plan."""
        return cast("ExtensionConfigResponse", self._get("extension-config"))

    def campaigns(self, page: int = 1, size: int = 100) -> CampaignList:
        """The points programmes."""
        return cast("CampaignList", self._get("campaigns", page=page, size=size))

    def profiles(
        self,
        *,
        phone_number: str | None = None,
        card_no: str | None = None,
        member_id: str | None = None,
        page: int = 1,
        size: int = 100,
        fault: str | None = None,
    ) -> ProfileList:
        """Members with their cards; none when nobody matches."""
        found = self._get(
            "profiles",
            fault,
            phone_number=phone_number,
            card_no=card_no,
            member_id=member_id,
            page=page,
            size=size,
        )
        return cast("ProfileList", found)

    def add_points(
        self,
        *,
        phone_number: str,
        card_no: str,
        points: int | None = None,
        value: float | str | None = None,
        ref_no: str | None = None,
        ref_id: str | None = None,
        idempotency_key: str | None = None,
        fault: str | None = None,
    ) -> PointsChange:
        """Add `points`, or what `value` is worth at the campaign's rate, rounded down."""
        if (points is None) == (value is None):
            raise ValueError("give either points or value")
        body = _given(
            method=1 if points is None else 2,
            phone_number=phone_number,
            card_no=card_no,
            points=points,
            value=value,
            ref_no=ref_no,
            ref_id=ref_id,
        )
        return cast("PointsChange", self._post("add/points", body, idempotency_key, fault))

    def burn_points(
        self,
        *,
        phone_number: str,
        card_no: str,
        points: int,
        ref_no: str,
        ref_id: str | None = None,
        idempotency_key: str | None = None,
        fault: str | None = None,
    ) -> PointsChange:
        """Take points off a card; raises `InsufficientPoints`."""
        body = _given(
            phone_number=phone_number,
            card_no=card_no,
            points=points,
            ref_no=ref_no,
            ref_id=ref_id,
        )
        return cast("PointsChange", self._post("burn/points", body, idempotency_key, fault))

    def void_transaction(
        self, transaction_id: str, *, idempotency_key: str | None = None
    ) -> PointsVoid:
        """Take a transaction back, once; raises `AlreadyVoided`, `PointsAlreadySpent`."""
        return self._void(f"void/points/{_part(transaction_id)}", idempotency_key)

    def void_by_ref_no(self, ref_no: str, *, idempotency_key: str | None = None) -> PointsVoid:
        """Take the only live transaction of that `ref_no` back; raises `RefAmbiguous`."""
        return self._void(f"void/points/ref-no/{_part(ref_no)}", idempotency_key)

    def void_by_ref_id(self, ref_id: str, *, idempotency_key: str | None = None) -> PointsVoid:
        """Take the transaction of that `ref_id` back."""
        return self._void(f"void/points/ref-id/{_part(ref_id)}", idempotency_key)

    def _void(self, path: str, key: str | None) -> PointsVoid:
        return cast("PointsVoid", self._delete(path, key))

    def transaction_page(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        page: int = 1,
        size: int = 100,
    ) -> TransactionList:
        """One page of transactions from `start` (inclusive) to `end` (exclusive)."""
        told = {
            "from": utc_text(start) if start else None,
            "to": utc_text(end) if end else None,
            "page": page,
            "size": size,
        }
        return cast("TransactionList", self._get("transactions", None, **told))

    def transactions(
        self, start: datetime, end: datetime, size: int = 1000
    ) -> Iterator[Transaction]:
        """Every transaction of one window, page by page to the last."""
        page, last = 1, 1
        while page <= last:
            found = self.transaction_page(start, end, page, size)
            last = found["pagination"]["total_pages"]
            yield from found["data"]
            page += 1

    def windows(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        length: timedelta = timedelta(hours=1),
        size: int = 1000,
    ) -> Iterator[Window]:
        """Windows end to start from `since`, each with all its transactions, up to `until` or to
        two seconds before the server's present. Go on later from the `end` of the last one."""
        latest = self._server_time() - LAG
        for start, end in spans(since, min(until or latest, latest), length):
            yield Window(start, end, list(self.transactions(start, end, size)))

    def _server_time(self) -> datetime:
        """The server's clock as of its latest answer, or ours when it does not tell."""
        if self._session.server_time is None:
            self.extension_config()
        ours = datetime.now(UTC)
        return min(self._session.server_time or ours, ours)

    def coupon_sets(self, page: int = 1, size: int = 100) -> CouponSetList:
        """The coupon sets, with how many were given and used."""
        return cast("CouponSetList", self._get("coupon/sets", page=page, size=size))

    def create_coupon_set(  # noqa: PLR0913 - a set has as many fields, all named by the caller.
        self,
        *,
        name: str,
        start_date: datetime,
        end_date: datetime,
        description: str | None = None,
        prefix: str | None = None,
        static_code: str | None = None,
        quantity: int | None = None,
        image_url: str | None = None,
        terms: str | None = None,
        idempotency_key: str | None = None,
    ) -> CouponSet:
        """A set whose codes are made as they are given."""
        body = _given(
            name=name,
            start_date=utc_text(start_date),
            end_date=utc_text(end_date),
            description=description,
            prefix=prefix,
            static_code=static_code,
            quantity=quantity,
            image_url=image_url,
            terms=terms,
        )
        return cast("CouponSet", self._post("coupon/sets", body, idempotency_key))

    def give_coupon(
        self,
        member_id: str,
        coupon_set_uuid: str,
        quantity: int = 1,
        *,
        idempotency_key: str | None = None,
        fault: str | None = None,
    ) -> AssignCouponResponse:
        """Give a member coupons; raises `PoolEmpty`, `SetLimitReached`."""
        body = {"coupon_set_uuid": coupon_set_uuid, "quantity": quantity}
        path = f"coupon/give/{_part(member_id)}"
        return cast("AssignCouponResponse", self._post(path, body, idempotency_key, fault))

    def coupon_history(self, member_id: str, page: int = 1, size: int = 100) -> MemberCouponList:
        """The coupons that a member was given."""
        path = f"coupon/history/{_part(member_id)}"
        return cast("MemberCouponList", self._get(path, page=page, size=size))

    def void_coupon(
        self, coupon_uuid: str, *, idempotency_key: str | None = None
    ) -> VoidCouponResponse:
        """Take a given coupon back; raises `CouponAlreadyUsed`, `AlreadyVoided`."""
        path = f"coupon/void/{_part(coupon_uuid)}"
        return cast("VoidCouponResponse", self._delete(path, idempotency_key))

    def check_coupon(self, code: str, *, fault: str | None = None) -> CouponByCode:
        """What a code stands for; raises `NotFound`."""
        return cast("CouponByCode", self._get("coupon/check", fault, code=code))

    def use_coupon(
        self,
        code: str,
        *,
        ref_no: str | None = None,
        branch_code: str | None = None,
        idempotency_key: str | None = None,
        fault: str | None = None,
    ) -> UseCouponResponse:
        """Use a coupon, exactly once; raises `CouponAlreadyUsed`, `CouponNotInDate`."""
        body = _given(code=code, ref_no=ref_no, branch_code=branch_code)
        return cast("UseCouponResponse", self._post("coupon/use", body, idempotency_key, fault))

    def _get(self, path: str, fault: str | None = None, /, **query: Any) -> Any:
        return self._session.call(Request("GET", f"/v2/connect/{path}", query, fault=fault))

    def _post(
        self, path: str, body: dict[str, Any], key: str | None, fault: str | None = None
    ) -> Any:
        request = Request("POST", f"/v2/connect/{path}", body=body, key=key, fault=fault)
        return self._session.call(request)

    def _delete(self, path: str, key: str | None) -> Any:
        return self._session.call(Request("DELETE", f"/v2/connect/{path}", key=key))


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _part(value: str) -> str:
    return quote(value, safe="")
