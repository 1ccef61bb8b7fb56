"""Who acts: an admin, a member, or an operator's command."""

import uuid
from dataclasses import dataclass

from voucherweb.domain.enums import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """The authenticated caller. `tenant_id` is the tenant that an admin acts for, or the one that
    a member belongs to; `household_id` is a member's id as the host app knows it."""

    role: Role
    id: uuid.UUID
    tenant_id: uuid.UUID | None = None
    household_id: str | None = None
    session_id: uuid.UUID | None = None

    @property
    def key(self) -> str:
        """How the books and the audit log name this caller."""
        return f"{'member' if self.role is Role.MEMBER else 'admin'}:{self.id}"

    @property
    def is_platform(self) -> bool:
        return self.role is Role.PLATFORM_ADMIN


OPERATOR = Actor(Role.PLATFORM_ADMIN, uuid.UUID(int=0))
"""The person at the command line, who may do what a platform admin may."""
