"""What can go wrong: one exception for each code that the server refuses with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Detail:
    """One wrong field, and why."""

    field: str
    reason: str


class PartnerError(Exception):
    """The server refused. `request_id` is what to name when asking the operator about it."""

    code: ClassVar[str] = ""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        request_id: str = "",
        details: Sequence[Detail] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code or status}: {message}")
        self.status = status
        self.server_code = code
        self.message = message
        self.request_id = request_id
        self.details = tuple(details)
        self.retry_after = retry_after


class NoAnswer(Exception):
    """No answer came, however often the call was repeated. Whether a write took effect is unknown:
    making the same call again with `idempotency_key` finds out."""

    def __init__(self, message: str, idempotency_key: str | None = None) -> None:
        super().__init__(message)
        self.idempotency_key = idempotency_key


class InvalidParameter(PartnerError):
    code = "INVALID_PARAMETER"


class Unauthorized(PartnerError):
    code = "UNAUTHORIZED"


class Forbidden(PartnerError):
    code = "FORBIDDEN"


class NotFound(PartnerError):
    code = "NOT_FOUND"


class AlreadyVoided(PartnerError):
    code = "ALREADY_VOIDED"


class CouponAlreadyUsed(PartnerError):
    code = "COUPON_ALREADY_USED"


class PoolEmpty(PartnerError):
    code = "POOL_EMPTY"


class SetLimitReached(PartnerError):
    code = "SET_LIMIT_REACHED"


class RefAmbiguous(PartnerError):
    """Several transactions bear the `ref_no`; the details name them."""

    code = "REF_AMBIGUOUS"


class RefIdExists(PartnerError):
    code = "REF_ID_EXISTS"


class InsufficientPoints(PartnerError):
    code = "INSUFFICIENT_POINTS"


class PointsAlreadySpent(PartnerError):
    code = "POINTS_ALREADY_SPENT"


class CouponNotInDate(PartnerError):
    code = "COUPON_NOT_IN_DATE"


class IdempotencyInProgress(PartnerError):
    code = "IDEMPOTENCY_IN_PROGRESS"


class IdempotencyMismatch(PartnerError):
    code = "IDEMPOTENCY_MISMATCH"


class TooManyRequests(PartnerError):
    code = "TOO_MANY_REQUESTS"


class Unavailable(PartnerError):
    code = "UNAVAILABLE"


class ServerTimeout(PartnerError):
    """Whether the call took effect is unknown, as with `NoAnswer`."""

    code = "TIMEOUT"


BY_CODE = {one.code: one for one in PartnerError.__subclasses__()}


def error_of(status: int, body: Any, retry_after: float | None) -> PartnerError:
    """The exception for an answer of 400 and more; a body that is no JSON object tells nothing."""
    told = body if isinstance(body, dict) else {}
    code = str(told.get("code", ""))
    return BY_CODE.get(code, PartnerError)(
        status,
        code,
        str(told.get("message", "")),
        request_id=str(told.get("requestId", "")),
        details=[
            Detail(str(one.get("field", "")), str(one.get("reason", "")))
            for one in told.get("details", ())
        ],
        retry_after=retry_after,
    )
