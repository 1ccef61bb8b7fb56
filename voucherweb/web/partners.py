"""The partner section of the admin site: its overview."""

from dataclasses import dataclass

from flask import Blueprint, Response

from voucherweb.domain.actor import Actor
from voucherweb.services.partner_overview import Overview, overview
from voucherweb.web.language import Text, is_english
from voucherweb.web.page import ADMINS, page
from voucherweb.web.partner_tabs import partner_tabs
from voucherweb.web.rendering import render

partner_pages = Blueprint("partners", __name__, url_prefix="/admin/partners")


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps until a partner's system works with this one."""

    done: bool
    name: Text
    hint: Text
    endpoint: str
    button: Text


@page(partner_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    found = overview(actor, english=is_english())
    steps = [] if found.has_called else _steps(actor, found)
    return render("partners/index.html", found=found, steps=steps)


def _steps(actor: Actor, found: Overview) -> list[Step]:
    """What is left to do until the first call."""
    campaign = Step(
        found.campaigns > 0,
        Text("建立活動", "Create a campaign"),
        Text(
            "決定消費多少得到一點；會員的點數記在活動的卡片上。",
            "Say what earns a point; members' points are on the campaign's cards.",
        ),
        "campaigns.add",
        Text("建立活動", "Create a campaign"),
    )
    key = Step(
        found.keys > 0,
        Text("給合作夥伴一把金鑰", "Give the partner a key"),
        Text(
            "先給沙盒金鑰測試，通過認證後再給正式金鑰。密鑰只顯示一次。",
            "Begin with a sandbox key; once certified, give a live one. A secret is shown once.",
        ),
        "api_keys.index",
        Text("前往金鑰", "Go to the keys"),
    )
    call = Step(
        False,
        Text("等合作夥伴的第一次呼叫", "Wait for the partner's first call"),
        Text(
            "對方呼叫之後，次數、錯誤與請求編號會出現在這一頁。",
            "Then this page shows calls, refusals and request ids.",
        ),
        "calls.index",
        Text("查看呼叫紀錄", "See the calls"),
    )
    return [key, call] if actor.is_platform else [campaign, key, call]


@partner_pages.app_context_processor
def _tabs() -> dict[str, object]:
    """Every page of the section shows its tabs."""
    return {"partner_tabs": partner_tabs}
