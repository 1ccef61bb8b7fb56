"""Who is in the demo: tenants and the accounts of their admins."""

import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.enums import Role, TenantType
from voucherweb.services.admins import create_admin
from voucherweb.services.tenants import create_tenant

PASSWORD: Final = "demo-password"  # noqa: S105 - known to everybody; production refuses it.
ACCOUNTS_FILE: Final = "demo-accounts.json"
PLATFORM_ACCOUNT: Final = "platform"
CLERK_ACCOUNT: Final = "counter"
CLERK_DESK: Final = "一樓服務台"


@dataclass(frozen=True, slots=True)
class House:
    """A tenant of the demo. `share` of the members belong to it; one without `vendor` cannot issue,
    one that `buys` nothing has never issued anything."""

    name: str
    kind: TenantType
    code: str
    account: str
    share: float
    vendor: bool = True
    buys: bool = True

    @property
    def issues(self) -> bool:
        return self.vendor and self.buys


HOUSES: Final = (
    House("小港醫院", TenantType.HOSPITAL, "XIAOGANG", "xiaogang", 0.32),
    House("緯緯醫學", TenantType.DEALER, "WEIWEI", "weiwei", 0.23),
    House("緯創醫學", TenantType.WMT, "WEICHUANG", "weichuang", 0.19),
    House("高雄醫學", TenantType.HOSPITAL, "KAOHSIUNG", "kaohsiung", 0.1, vendor=False),
    House("屏東醫學", TenantType.DEALER, "PINGTUNG", "pingtung", 0.0, buys=False),
)


@dataclass(frozen=True, slots=True)
class Account:
    """One line of the file of accounts; the platform's admin has no tenant."""

    role: Role
    account: str
    tenant: str | None

    def as_json(self) -> dict[str, str]:
        told = {"role": str(self.role), "account": self.account, "password": PASSWORD}
        return {**told, "tenant": self.tenant} if self.tenant else told


ACCOUNTS: Final = (
    Account(Role.PLATFORM_ADMIN, PLATFORM_ACCOUNT, None),
    *(Account(Role.TENANT_ADMIN, house.account, house.name) for house in HOUSES),
    Account(Role.CLERK, CLERK_ACCOUNT, HOUSES[0].name),
)


@dataclass(frozen=True, slots=True)
class Cast:
    """The platform's admin, and the tenants' admins in the order of `HOUSES`."""

    platform: Actor
    admins: tuple[Actor, ...]

    @property
    def tenants(self) -> tuple[uuid.UUID, ...]:
        return tuple(admin.tenant_id for admin in self.admins if admin.tenant_id)

    @property
    def issuers(self) -> tuple[Actor, ...]:
        """The admins whose tenants have issued vouchers."""
        pairs = zip(HOUSES, self.admins, strict=True)
        return tuple(admin for house, admin in pairs if house.issues)


def create_cast() -> Cast:
    """Tenants and admins, marked as demo accounts."""
    platform = create_admin(OPERATOR, Role.PLATFORM_ADMIN, PLATFORM_ACCOUNT, PASSWORD, demo=True)
    admins = []
    for house in HOUSES:
        tenant = create_tenant(OPERATOR, house.name, house.kind, house.code)
        admin = create_admin(
            OPERATOR, Role.TENANT_ADMIN, house.account, PASSWORD, tenant.id, demo=True
        )
        admins.append(Actor(Role.TENANT_ADMIN, admin.id, tenant.id))
    clerk = create_admin(
        OPERATOR, Role.CLERK, CLERK_ACCOUNT, PASSWORD, admins[0].tenant_id, demo=True
    )
    clerk.desk = CLERK_DESK
    return Cast(Actor(Role.PLATFORM_ADMIN, platform.id), tuple(admins))


def write_accounts(data_dir: Path) -> None:
    """Tell the accounts in a file that only its owner can read."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / ACCOUNTS_FILE
    path.unlink(missing_ok=True)
    told = [account.as_json() for account in ACCOUNTS]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(told, file, ensure_ascii=False, indent=2)
        file.write("\n")
