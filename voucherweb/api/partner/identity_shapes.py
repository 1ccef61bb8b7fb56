"""Bodies and answers of contract B's calls 1 to 5."""

from typing import Any

from pydantic import Field

from voucherweb.api.partner.shapes import Iso, PartnerBody, PartnerData
from voucherweb.services.add_on_tokens import TokenPair
from voucherweb.services.add_ons import PlanStatus
from voucherweb.services.extension_config import AddOnConfig, Business

MAX_TOKEN = 255


class ExchangeTokenRequest(PartnerBody):
    addon_id: str = Field(max_length=MAX_TOKEN)


class ExchangeTokenResponse(PartnerData):
    exchange_token: str
    expires_in: int


class TokenExchangeRequest(PartnerBody):
    exchange_token: str = Field(max_length=MAX_TOKEN)


class RefreshTokenRequest(PartnerBody):
    refresh_token: str = Field(max_length=MAX_TOKEN)


class TokenPairResponse(PartnerData):
    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str

    @classmethod
    def of(cls, pair: TokenPair) -> "TokenPairResponse":
        return cls(
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_in=pair.expires_in,
            token_type=pair.token_type,
        )


class ApiKeyAuthRequest(PartnerBody):
    api_key: str = Field(max_length=MAX_TOKEN)
    api_secret: str = Field(max_length=MAX_TOKEN)


class AccessTokenResponse(PartnerData):
    access_token: str
    expires_in: int
    token_type: str


class ExtensionPlan(PartnerData):
    uuid: str
    name: str
    status: PlanStatus
    start_date: Iso | None
    end_date: Iso | None


class ExtensionAddOn(PartnerData):
    uuid: str
    code: str
    name: str


class ExtensionAppConnect(PartnerData):
    uuid: str
    config: dict[str, Any]


class ExtensionBusiness(PartnerData):
    uuid: str
    code: str
    name: str
    logo_url: str | None


class ExtensionConfigResponse(PartnerData):
    """With a key's token there is neither plan nor add-on."""

    plan: ExtensionPlan | None
    addon: ExtensionAddOn | None
    app_connect: ExtensionAppConnect | None
    business: ExtensionBusiness

    @classmethod
    def of(cls, add_on: AddOnConfig | None, business: Business) -> "ExtensionConfigResponse":
        return cls(
            plan=_plan(add_on) if add_on else None,
            addon=_add_on(add_on) if add_on else None,
            app_connect=_app_connect(add_on) if add_on else None,
            business=ExtensionBusiness(
                uuid=str(business.id), code=business.code, name=business.name, logo_url=None
            ),
        )


def _plan(add_on: AddOnConfig) -> ExtensionPlan:
    return ExtensionPlan(
        uuid=str(add_on.plan_id),
        name=add_on.plan_name,
        status=add_on.plan_status,
        start_date=add_on.plan_start,
        end_date=add_on.plan_end,
    )


def _add_on(add_on: AddOnConfig) -> ExtensionAddOn:
    return ExtensionAddOn(uuid=str(add_on.id), code=add_on.code, name=add_on.name)


def _app_connect(add_on: AddOnConfig) -> ExtensionAppConnect:
    return ExtensionAppConnect(uuid=str(add_on.app_connect_id), config=add_on.config)
