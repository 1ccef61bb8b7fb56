"""Contract B's calls 1 to 5: how partners come by their tokens, and what they are told of
themselves."""

from collections.abc import Callable
from typing import Any, Final

from flask import Response, request

from voucherweb.api.endpoint import ADMINS, caller, settings
from voucherweb.api.envelope import JSON
from voucherweb.api.parsing import parse, read_json
from voucherweb.api.partner.answers import body_of
from voucherweb.api.partner.blueprint import blueprint
from voucherweb.api.partner.call import Asked, Call, call, declare
from voucherweb.api.partner.identity_shapes import (
    AccessTokenResponse,
    ApiKeyAuthRequest,
    ExchangeTokenRequest,
    ExchangeTokenResponse,
    ExtensionConfigResponse,
    RefreshTokenRequest,
    TokenExchangeRequest,
    TokenPairResponse,
)
from voucherweb.api.partner.limits import refusals_counted
from voucherweb.api.partner.shapes import PartnerData
from voucherweb.domain.actor import Actor
from voucherweb.errors import Refusal
from voucherweb.extensions import limiter
from voucherweb.services import add_on_tokens, api_keys, extension_config
from voucherweb.services.autocommit import alone
from voucherweb.services.ids import parse_id
from voucherweb.services.tokens import digest

AUTH: Final = "/v1/auth-connect/"
CALLS_OF_A_CLAIM: Final = "600/minute"
REFUSALS_OF_A_CLAIM: Final = "30/minute;300/hour"
"""Wrong secrets for one key, and uses of one token that is not good."""
CLAIMS: Final = ("api_key", "exchange_token", "refresh_token")


def _was_refused(response: Response) -> bool:
    return response.status_code == 401


def _claimed() -> str:
    """What a call says it is, and from where, so that guessing is throttled for it, as a digest.
    A stranger who knows a key cannot keep its owner out from elsewhere; nor can who is wrong about
    one thing keep those out who are right about others from the same address."""
    try:
        _, data = read_json(request)
    except Refusal:
        return "claim:" + digest(f"{request.remote_addr}")  # The call itself refuses this body.
    named = next((f"{name}:{data[name]}" for name in CLAIMS if name in data), "")
    return "claim:" + digest(f"{request.remote_addr} {named}")


def _signed_in() -> str:
    """The same for calls whose proof is a bearer token."""
    return "claim:" + digest(f"{request.remote_addr} {request.headers.get('Authorization')}")


@limiter.limit(CALLS_OF_A_CLAIM, key_func=_claimed)
@limiter.limit(REFUSALS_OF_A_CLAIM, key_func=_claimed, deduct_when=_was_refused)
def _for_anybody(declared: Call) -> Response:
    """Answer a call whose body is the proof. An `Idempotency-Key` says nothing to it: the answer
    is a secret, which is not kept."""
    _, data = read_json(request)
    body = parse(declared.body, data)
    with refusals_counted(lambda: declared.extra["is_there"](body)):
        return _answered(declared, declared.handler(body))


@limiter.limit(CALLS_OF_A_CLAIM, key_func=_signed_in)
def _for_admins(declared: Call) -> Response:
    """Answer a call of somebody who signed in to the admin site, and of no partner."""
    with refusals_counted(lambda: True):
        actor = caller(ADMINS)
    _, data = read_json(request)
    return _answered(declared, declared.handler(actor, parse(declared.body, data)))


def _answered(declared: Call, result: PartnerData) -> Response:
    return Response(body_of(result), status=declared.status, mimetype=JSON)


@blueprint.after_request
def _keep_out_of_caches(response: Response) -> Response:
    if request.path.startswith(AUTH):
        response.headers["Cache-Control"] = "no-store"
    return response


def _token_call(
    name: str, answer: Callable[[Call], Response], **options: Any
) -> Callable[[Callable[..., PartnerData]], Callable[..., PartnerData]]:
    def register(handler: Callable[..., PartnerData]) -> Callable[..., PartnerData]:
        declare(Call("POST", AUTH + name, None, handler, **options), answer)
        return handler

    return register


@_token_call(
    "exchange-token",
    _for_admins,
    body=ExchangeTokenRequest,
    data=ExchangeTokenResponse,
    errors=("NOT_FOUND",),
    summary=("產生交換權杖", "Generate an exchange token"),
)
def generate_exchange_token(actor: Actor, body: ExchangeTokenRequest) -> ExchangeTokenResponse:
    offered = add_on_tokens.offer(alone(settings()), actor, parse_id(body.addon_id))
    return ExchangeTokenResponse(
        exchange_token=offered.exchange_token, expires_in=offered.expires_in
    )


@_token_call(
    "access-token",
    _for_anybody,
    body=TokenExchangeRequest,
    data=TokenPairResponse,
    extra={"is_there": lambda body: add_on_tokens.is_exchange_token(body.exchange_token)},
    summary=("以交換權杖取得權杖", "Exchange an exchange token for a token pair"),
)
def exchange_access_token(body: TokenExchangeRequest) -> TokenPairResponse:
    return TokenPairResponse.of(add_on_tokens.exchange(settings(), body.exchange_token))


@_token_call(
    "refresh-token",
    _for_anybody,
    body=RefreshTokenRequest,
    data=TokenPairResponse,
    extra={"is_there": lambda body: add_on_tokens.is_refresh_token(body.refresh_token)},
    summary=("更新權杖", "Renew the access token"),
)
def renew_access_token(body: RefreshTokenRequest) -> TokenPairResponse:
    return TokenPairResponse.of(add_on_tokens.refresh(settings(), body.refresh_token))


@_token_call(
    "token",
    _for_anybody,
    body=ApiKeyAuthRequest,
    data=AccessTokenResponse,
    extra={"is_there": lambda body: api_keys.is_proof(body.api_key, body.api_secret)},
    summary=("以 API 金鑰取得權杖", "Get an access token for an API key"),
)
def get_access_token(body: ApiKeyAuthRequest) -> AccessTokenResponse:
    issued = api_keys.issue_token(settings(), body.api_key, body.api_secret)
    return AccessTokenResponse(
        access_token=issued.access_token,
        expires_in=issued.expires_in,
        token_type=issued.token_type,
    )


@call(
    "GET",
    "/v2/connect/extension-config",
    scope=None,
    data=ExtensionConfigResponse,
    errors=("NOT_FOUND",),
    summary=("目前附加元件的狀態", "Get the current add-on's status"),
)
def get_extension_config(asked: Asked) -> ExtensionConfigResponse:
    return ExtensionConfigResponse.of(
        *extension_config.extension_config(asked.execute, asked.partner)
    )
