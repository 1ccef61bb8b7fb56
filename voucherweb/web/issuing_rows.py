"""The import that a voucher form follows: cancelled, and its refused rows corrected over the form.

Nothing that was typed in the form is touched; a browser without scripts goes to the import's page.
"""

import uuid
from typing import Final

from flask import Response, get_flashed_messages

from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import PageRequest
from voucherweb.services import jobs, repairs
from voucherweb.transaction import unit_of_work
from voucherweb.web.forms import Done, attempt
from voucherweb.web.import_rows import GONE, REPAIRED, RowForm, explain, need_import
from voucherweb.web.imports import page_of
from voucherweb.web.issuing_files import import_context, show_progress
from voucherweb.web.page import TENANT, go, page
from voucherweb.web.rendering import render, wanted_part
from voucherweb.web.vouchers import voucher_pages

AT_ONCE: Final = 20
"""Rows over the form. What is corrected leaves them, so the next ones are always the first."""


@page(voucher_pages, "/coupons/<uuid:job_id>/cancel", roles=TENANT, methods=("POST",))
def cancel_import(actor: Actor, job_id: uuid.UUID) -> Response:
    with unit_of_work():
        jobs.cancel(actor, job_id)
    return show_progress(actor, job_id)


@page(voucher_pages, "/coupons/<uuid:job_id>/refused", roles=TENANT)
def refused_rows(actor: Actor, job_id: uuid.UUID) -> Response:
    _look, counts = need_import(actor, job_id)
    if wanted_part() is None:
        return go(page_of(job_id))
    first = PageRequest(1, AT_ONCE, "rowNumber", False)
    rows, total = repairs.failed_page(actor, counts.import_id, first)
    forms = [RowForm.of(row) for row in rows]
    return render("issuing/refused.html", job_id=job_id, counts=counts, forms=forms, total=total)


@page(voucher_pages, "/coupons/<uuid:job_id>/rows/<int:row>", roles=TENANT, methods=("POST",))
def repair_row(actor: Actor, job_id: uuid.UUID, row: int) -> Response:
    """The row as it is now, and beside it what the import and the choice of coupons say."""
    _look, counts = need_import(actor, job_id)
    form = RowForm()
    form.row = row

    def act() -> Done:
        repairs.repair_row(actor, counts.import_id, row, *form.texts())
        return page_of(job_id), REPAIRED.format(row)

    done = attempt(form, actor, act)
    get_flashed_messages()  # Said in place of the row, and not again on the next page.
    gone = explain(form)
    said = REPAIRED.format(row) if done else GONE if gone else None
    with unit_of_work(snapshot=True):
        now = import_context(actor, job_id)
        shown = {**now, "job_id": job_id, "form": form, "said": said, "well": bool(done)}
        return render("issuing/row.html", status=form.status, **shown)
