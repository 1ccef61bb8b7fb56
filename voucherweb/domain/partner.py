"""A partner's server or add-on, as the caller of contract B."""

import uuid
from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """What a key or an add-on may do (contract B); each call needs one of them."""

    MEMBERS_READ = "members:read"
    POINTS_READ = "points:read"
    POINTS_WRITE = "points:write"
    COUPONS_READ = "coupons:read"
    COUPONS_WRITE = "coupons:write"


ALL_SCOPES = frozenset(Scope)


class CallerKind(StrEnum):
    KEY = "key"
    ADD_ON = "addon"


@dataclass(frozen=True, slots=True)
class Partner:
    """The authenticated caller. `tenant_id` says whose key or add-on it is (None: the platform's);
    `owner_id` whose members, points and coupons it works on: that tenant, the tenant's sandbox
    twin, or `PLATFORM_OWNER`. `proof_id` is the secret or token family that the call relies on.
    """

    kind: CallerKind
    id: uuid.UUID
    tenant_id: uuid.UUID | None
    owner_id: uuid.UUID
    proof_id: uuid.UUID
    scopes: frozenset[Scope] = field(default=ALL_SCOPES)
    sandbox: bool = False

    @property
    def key(self) -> str:
        """How the books, the audit log and the call log name this caller."""
        return f"{self.kind}:{self.id}"

    @property
    def is_platform(self) -> bool:
        return self.tenant_id is None
