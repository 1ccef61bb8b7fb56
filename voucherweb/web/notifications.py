"""Notifications: the long work of one's own that has ended, new and seen."""

from typing import Final

from flask import Blueprint, Response, request, url_for

from voucherweb.domain.actor import Actor
from voucherweb.services import job_lists, jobs
from voucherweb.web.forms import Done, Form, press
from voucherweb.web.jobs import shown
from voucherweb.web.language import Text
from voucherweb.web.page import EVERYBODY, page
from voucherweb.web.rendering import render

notification_pages = Blueprint("notifications", __name__, url_prefix="/admin/notifications")

MOST: Final = 50


@page(notification_pages, "", roles=EVERYBODY)
def index(actor: Actor) -> Response:
    new = list(job_lists.unseen(actor))
    rest = [job for job in job_lists.recent(actor, MOST) if job not in new]
    return render(
        "notifications/index.html",
        form=Form(),
        known=request.args.get("known", 0, type=int),
        new=[shown(job) for job in new],
        running=[shown(job) for job in rest if job.state in jobs.OPEN],
        seen=[shown(job) for job in rest if job.state not in jobs.OPEN],
    )


@page(notification_pages, "/seen", roles=EVERYBODY, methods=("POST",))
def seen(actor: Actor) -> Response:
    def act() -> Done:
        count = job_lists.mark_seen(actor)
        said = Text("已將 {} 則通知標示為已讀。", "{} notifications were marked as read.")
        return url_for("notifications.index"), said.format(count)

    return press(actor, act)
