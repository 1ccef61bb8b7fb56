"""An add-on opened within the site: in a sandboxed frame, with a token that works once.

The add-on's page is a stranger's: it lives on an origin of its own, so that it reads nothing of
this site, and the page around it may frame that origin only. Its token is made at each opening,
stands in no address of ours, and is passed on by no referrer.
"""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Response, request, url_for

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.add_on_rules import read_url
from voucherweb.domain.people import Unreadable
from voucherweb.models import AddOn
from voucherweb.services import add_on_tokens, add_on_watch, add_ons, tenants
from voucherweb.services.add_ons import ENABLED, PlanStatus
from voucherweb.services.autocommit import within_unit_of_work
from voucherweb.transaction import unit_of_work
from voucherweb.web.add_ons import PLANS, add_on_pages, plan_of
from voucherweb.web.language import Text
from voucherweb.web.page import TENANT, page
from voucherweb.web.rendering import render
from voucherweb.web.requests import security_policy
from voucherweb.web.shown import settings

SANDBOX: Final = "allow-scripts allow-forms allow-same-origin"
"""What the framed page may do. `allow-same-origin` leaves it its own origin, which is not ours."""
PATIENCE: Final = timedelta(seconds=15)
"""How long an add-on may take before the page says that it does not answer."""
GIVEN_UP: Final = timedelta(seconds=60)
"""As long as its token lives: from then on it cannot answer any more."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why an add-on is not shown; `anyway` means that one may open it nevertheless."""

    shape: str
    text: Text
    anyway: bool = False


def _own_origins() -> set[str]:
    """The origins that are this site's, as browsers name them."""
    origins = set()
    for url in (request.host_url, settings().public_url, settings().storage_origin):
        # A host that is none can be no add-on's either.
        with suppress(Unreadable):
            origins.add(read_url(url or "")[1])
    return origins


def _why_not(add_on: AddOn, plan: PlanStatus) -> Why | None:
    if add_on.status != ENABLED:
        return Why(
            "ban",
            Text(
                "這個附加元件已停用。啟用後才能開啟。",
                "This add-on is disabled. Enable it to open it.",
            ),
        )
    if add_on.origin in _own_origins():
        return Why(
            "lock",
            Text(
                "這個附加元件的網址屬於本站，不能在這裡開啟：它會讀得到您的管理網站。"
                "請夥伴改用自己的網域。",
                "The address of this add-on is this site's own, so it is not opened here: it could"
                " read your admin site. Ask the partner to use a domain of its own.",
            ),
        )
    if (settings().public_url or "").startswith("https:") and add_on.origin.startswith("http:"):
        return Why(
            "lock-open",
            Text(
                "這個附加元件的網址不是 https，瀏覽器會擋下。請夥伴提供 https 的網址。",
                "The address of this add-on is not https, so browsers block it. Ask the partner for"
                " one that is.",
            ),
        )
    if plan is not PlanStatus.ACTIVE and "anyway" not in request.args:
        return Why("hourglass", _of_plan(plan), anyway=True)
    return None


def _of_plan(plan: PlanStatus) -> Text:
    if plan is PlanStatus.PENDING:
        return Text(
            "方案還沒開始。附加元件會得知這件事，可能不提供功能。",
            "The plan has not begun. The add-on is told so and may refuse to work.",
        )
    return Text(
        "方案已到期。附加元件會得知這件事，可能不提供功能；請聯絡夥伴續約，再修改方案日期。",
        "The plan has expired. The add-on is told so and may refuse to work; renew it with the"
        " partner, then change the dates of the plan.",
    )


@page(add_on_pages, "/<uuid:add_on_id>/open", roles=TENANT, snapshot=False)
def open_frame(actor: Actor, add_on_id: uuid.UUID) -> Response:
    with unit_of_work():
        add_on = add_ons.get_add_on(actor, add_on_id)
        plan = plan_of(add_on)
        why = _why_not(add_on, plan)
        if why is not None:
            return render("add_ons/not_opened.html", add_on=add_on, why=why)
        since = clock.now()
        token = add_on_tokens.offer(within_unit_of_work, actor, add_on_id).exchange_token
        tenant = tenants.get_tenant(actor, actor.tenant_id)
        response = render(
            "add_ons/open.html",
            add_on=add_on,
            plan=plan,
            plan_words=PLANS,
            sandbox=SANDBOX,
            source=_address(add_on.url, token, tenant.code),
            since=clock.to_millis(since),
            state="waiting",
        )
        origin = add_on.origin
    policy = security_policy(settings().storage_origin, origin)
    response.headers["Content-Security-Policy"] = policy
    # The address of the frame holds the token: nothing of this page is passed on.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _address(url: str, token: str, business_code: str) -> str:
    """The add-on's address with what it is told; what the address says by those names itself is
    left out."""
    parts = urlsplit(url)
    given = {
        "exchange_token": token,
        "business_code": business_code,
        "return_url": _return_url(),
    }
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in given]
    return urlunsplit(parts._replace(query=urlencode([*kept, *given.items()])))


def _return_url() -> str:
    base = (settings().public_url or request.host_url).rstrip("/")
    return base + url_for("add_ons.index")


@page(add_on_pages, "/<uuid:add_on_id>/open/state/<int:since>", roles=TENANT)
def frame_state(actor: Actor, add_on_id: uuid.UUID, since: int) -> Response:
    """The line above the frame: whether the add-on has answered. It asks again by itself."""
    add_on = add_ons.get_add_on(actor, add_on_id)
    opened = clock.from_millis(min(since, clock.to_millis(clock.now())))
    waited = clock.now() - opened
    if add_on_watch.has_connected(actor, add_on_id, opened):
        state = "connected"
    elif waited > GIVEN_UP:
        state = "gone"
    else:
        state = "silent" if waited > PATIENCE else "waiting"
    return render("add_ons/_frame_state.html", add_on=add_on, since=since, state=state)
