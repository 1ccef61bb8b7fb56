"""Branches: the places of a tenant that partners name where coupons are used (contract B)."""

import uuid
from typing import Final

from flask import Blueprint, Response, url_for
from wtforms import StringField

from voucherweb.domain.actor import Actor
from voucherweb.services import branch_names, branches
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text
from voucherweb.web.page import TENANT, page
from voucherweb.web.rendering import render

branch_pages: Final = Blueprint("branches", __name__, url_prefix="/admin/partners/branches")


class RenameForm(Form):
    name = StringField(Text("名稱", "Name"))


class BranchForm(RenameForm):
    code = StringField(Text("代碼", "Code"))


@page(branch_pages, "", roles=TENANT)
def index(actor: Actor) -> Response:
    rows = branches.list_branches(actor, actor.tenant_id)
    return render("branches/index.html", rows=rows)


@page(branch_pages, "/new", roles=TENANT, methods=("GET", "POST"))
def add(actor: Actor) -> Response:
    form = BranchForm()

    def act() -> Done:
        code = (form.code.data or "").strip()
        made = branches.create_branch(actor, actor.tenant_id, code, form.name.data or "")
        said = Text("已新增分店「{}」。", "The branch “{}” was added.")
        return url_for("branches.index"), said.format(made.name)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or render("branches/form.html", status=form.status, form=form, branch=None)


@page(branch_pages, "/<uuid:branch_id>", roles=TENANT, methods=("GET", "POST"))
def rename(actor: Actor, branch_id: uuid.UUID) -> Response:
    branch = branch_names.get_branch(actor, branch_id)
    form = RenameForm(data={"name": branch.name})

    def act() -> Done:
        renamed = branch_names.rename_branch(actor, branch_id, form.name.data or "")
        said = Text("分店已改名為「{}」。", "The branch is called “{}” now.")
        return url_for("branches.index"), said.format(renamed.name)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or render(
        "branches/form.html",
        status=form.status,
        form=form,
        branch=branch_names.get_branch(actor, branch_id),
    )
