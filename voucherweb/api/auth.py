"""`/auth/*`: admins sign in, renew and sign out (behaviour §2)."""

from flask import Blueprint, Response, request
from pydantic import Field

from voucherweb.api.answers import Data
from voucherweb.api.endpoint import ADMINS, caller, settings
from voucherweb.api.envelope import JSON, success
from voucherweb.api.parsing import Body, parse, read_json
from voucherweb.errors import Refusal, refuse
from voucherweb.extensions import limiter
from voucherweb.services import identity
from voucherweb.transaction import unit_of_work

auth = Blueprint("auth", __name__, url_prefix="/auth")


class LoginBody(Body):
    account: str = Field(max_length=255)
    password: str = Field(max_length=1024)
    otp: str | None = Field(default=None, max_length=16)


class RefreshBody(Body):
    refresh_token: str = Field(max_length=255)


class TokenData(Data):
    access_token: str
    refresh_token: str
    expires_in: int
    role: str
    tenant_id: str | None = None


def _tokens(pair: identity.SignIn) -> Response:
    data = TokenData(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in=pair.expires_in,
        role=pair.role,
        tenant_id=str(pair.tenant_id) if pair.tenant_id else None,
    )
    response = Response(success(data.wire()), mimetype=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


def _account() -> str:
    """The account that a sign-in names, so that guessing is throttled per account too."""
    try:
        _, data = read_json(request)
    except Refusal:
        return "account:"  # The call itself refuses this body.
    return "account:" + str(data.get("account", ""))[:255].lower()


@auth.post("/login")
@limiter.limit("20/minute;200/hour")
@limiter.limit("10/minute;100/hour", key_func=_account)
def login() -> Response:
    _, data = read_json(request)
    body = parse(LoginBody, data)
    with unit_of_work():
        pair = identity.sign_in(
            settings(), body.account, body.password, body.otp, request.headers.get("User-Agent")
        )
    return _tokens(pair)


@auth.post("/refresh")
@limiter.limit("60/minute")
def refresh() -> Response:
    _, data = read_json(request)
    body = parse(RefreshBody, data)
    with unit_of_work():
        pair = identity.refresh(settings(), body.refresh_token)
    if pair is None:
        raise refuse("UNAUTHORIZED")
    return _tokens(pair)


@auth.post("/logout")
def logout() -> Response:
    actor = caller(ADMINS)
    with unit_of_work():
        identity.sign_out(actor)
    return Response(success({}), mimetype=JSON)
