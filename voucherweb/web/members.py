"""Members: found, their points, and points granted, for platform admins."""

import uuid
from typing import Final

from flask import Blueprint, Response, request, url_for
from pydantic import Field
from wtforms import StringField, TextAreaField

from voucherweb.api.parsing import Body, Integer, parse
from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import Refusal
from voucherweb.services import card_statement, member_search, points
from voucherweb.services.member_search import FoundMember
from voucherweb.web import listing
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text, is_english
from voucherweb.web.page import PLATFORM, page
from voucherweb.web.rendering import render

member_pages = Blueprint("members", __name__, url_prefix="/admin/members")

SORT: Final = SortSpec(tuple(member_search.SORT), "createTime", "desc")
BOOK: Final = SortSpec(tuple(card_statement.SORT), "seq", "desc")
MAX_REASON: Final = 200


class GrantBody(Body):
    """What a grant says; the limits of the amount are the service's."""

    points: Integer
    reason: str = Field(min_length=1, max_length=MAX_REASON)


class GrantForm(Form):
    points = StringField(Text("點數", "Points"))
    reason = TextAreaField(Text("原因", "Reason"))

    def body(self) -> GrantBody:
        given = self.wire()
        if "points" in given:
            given["points"] = given["points"].replace(",", "")
        return parse(GrantBody, given)


@page(member_pages, "", roles=PLATFORM)
def index(actor: Actor) -> Response:
    wanted = listing.read(SORT, ("q",))
    rows, wanted.total = member_search.search(actor, wanted.get("q") or "", wanted.asked)
    listing.chip(wanted, "q")
    return render(
        "members/index.html",
        rows=rows,
        list=wanted,
        most=member_search.MOST_FOUND,
        address=wanted.address,
    )


@page(member_pages, "/<uuid:member_id>", roles=PLATFORM)
def show(actor: Actor, member_id: uuid.UUID) -> Response:
    member = member_search.get_member(actor, member_id)
    wanted = listing.read(BOOK)
    lines, wanted.total = member_search.statement_page(
        actor, member_id, wanted.asked, english=is_english()
    )
    return render(
        "members/show.html", member=member, lines=lines, list=wanted, address=wanted.address
    )


@page(member_pages, "/<uuid:member_id>/grant", roles=PLATFORM, methods=("GET", "POST"))
def grant(actor: Actor, member_id: uuid.UUID) -> Response:
    """First what and why, then a question that says the new balance, then the deed."""
    form = GrantForm()
    step = request.form.get("step") if form.sent else None
    member = member_search.get_member(actor, member_id)
    if step == "ask":
        return _ask(form, member)
    answer = attempt(form, actor, lambda: _grant(actor, form, member)) if step == "do" else None
    return answer or _grant_page(form, member)


def _grant(actor: Actor, form: GrantForm, member: FoundMember) -> Done:
    body = form.body()
    after = points.grant(actor, member.id, body.points, body.reason)
    said = Text("已發放 {:,} 點，餘額 {:,} 點。", "{:,} points were granted; the balance is {:,}.")
    return url_for("members.show", member_id=member.id), said.format(body.points, after)


def _ask(form: GrantForm, member: FoundMember) -> Response:
    try:
        body = form.body()
        after = points.balance_after(member.id, body.points)
    except Refusal as refusal:
        form.refuse(refusal)
        return _grant_page(form, member)
    return render("members/grant_ask.html", form=form, member=member, body=body, after=after)


def _grant_page(form: GrantForm, member: FoundMember) -> Response:
    return render(
        "members/grant.html",
        form=form,
        status=form.status,
        member=member,
        max_grant=points.MAX_GRANT,
        max_balance=points.MAX_BALANCE,
        max_reason=MAX_REASON,
    )
