"""Forms of the pages: what was typed, sent to the same rules as the JSON API, and their answers.

A form carries the names of the wire, so that a refusal's details find their fields. It knows no
rules of its own; WTForms renders, keeps what was typed and guards against forged requests.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Response, request, url_for
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField

from voucherweb.domain.actor import Actor
from voucherweb.errors import ERRORS, Detail, Refusal
from voucherweb.services import idempotency
from voucherweb.transaction import unit_of_work
from voucherweb.web.language import Text
from voucherweb.web.page import current_page, go, say

Done = tuple[str, Text]
"""Where to go after a form has done its work, and what to say there."""
_KEY: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{idempotency.MAX_KEY}}}")
RESUBMITTED: Final = Text(
    "這份表單已經送出過一次。請先確認清單；若仍要再做一次，請再送出。",
    "This form was sent once before. Check the list first; to do it once more, send it again.",
)


def _storable_key(given: str | None) -> str:
    """The key of a form as we made it, or a new one for what we never made: not every text can be
    stored."""
    return given if given and _KEY.fullmatch(given) else secrets.token_urlsafe(18)


class Form(FlaskForm):  # type: ignore[misc]
    """The base of all forms. `once_key` makes a form that is sent twice act once."""

    once_key = HiddenField(filters=[_storable_key])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.problems: list[Text] = []
        self.refusal: Refusal | None = None
        self.field_problems: dict[str, list[Text]] = {}

    @property
    def sent(self) -> bool:
        return bool(request.method == "POST")

    @property
    def failed(self) -> bool:
        return bool(self.problems or self.field_problems)

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form."""
        return self.refusal.error.http if self.refusal and self.refusal.error.http != 401 else 200

    def typed(self) -> Iterable[Field]:
        """The fields that people fill in."""
        return (one for one in self if not isinstance(one, HiddenField))

    def wire(self) -> dict[str, Any]:
        """What was typed, by wire name; what was left empty is absent, and so is NUL, which nobody
        types and no database keeps."""
        given = {one.name: one.data for one in self.typed()}
        return {
            name: value.replace("\0", "").strip() if isinstance(value, str) else value
            for name, value in given.items()
            if value is not None and value not in ("", [])
        }

    def refuse(self, refusal: Refusal) -> None:
        """Keep why the services refused: by field where it names one, else for the whole form."""
        self.refusal = refusal
        for detail in refusal.details:
            self.refuse_field(detail)
        if not refusal.details:
            self.problems.append(Text(refusal.error.zh, refusal.error.en))

    def refuse_field(self, detail: Detail) -> None:
        name = detail.field.rpartition(".")[2].partition("[")[0]
        text = Text(detail.zh, detail.en)
        if name in self:
            self.field_problems.setdefault(name, []).append(text)
        else:
            self.problems.append(
                Text(f"{detail.field}：{detail.zh}", f"{detail.field}: {detail.en}")
            )

    def problems_of(self, field: Field) -> list[Text]:
        return self.field_problems.get(field.name, [])

    def renew(self) -> None:
        self.once_key.data = secrets.token_urlsafe(18)


def attempt(form: Form, actor: Actor, act: Callable[[], Done]) -> Response | None:
    """Do what a sent form asks for, once, in one unit of work; answers where to go.

    None means that it was refused: the form then shows why, with everything that was typed. A form
    that is sent twice, by a double click or a reload, acts once and leads to the same place.
    """
    key = str(form.once_key.data)
    try:
        with unit_of_work():
            print_ = _print(form)
            known = idempotency.recall(f"page:{actor.key}", key, print_)
            if known is None:
                url, said = act()
                answer = idempotency.Answer(303, url.encode())
                idempotency.store(f"page:{actor.key}", key, print_, answer)
                say(said)
            else:
                url = known.body.decode()
    except Refusal as refusal:
        if refusal.error is ERRORS["IDEMPOTENCY_MISMATCH"]:
            form.problems.append(RESUBMITTED)
            form.renew()
        else:
            form.refuse(refusal)
        return None
    return go(url)


def _print(form: Form) -> bytes:
    """What must be equal for a form that is sent again to be the same one. It is stored, so no
    password is part of it: a quick digest of one would help whoever reads the table to guess it.
    """
    left_out = {"csrf_token", *(one.name for one in form if isinstance(one, PasswordField))}
    said = hashlib.sha256()
    for name, values in sorted(request.form.lists()):
        if name not in left_out:
            said.update(repr((name, values)).encode())
    return idempotency.fingerprint(request.method, request.path, said.digest())


def press(actor: Actor, act: Callable[[], Done]) -> Response:
    """Do what a plain button asks for, once, in one unit of work; answers where to go.

    What is refused is shown by the page of errors, or beside the open page.
    """
    form = Form()
    answer = attempt(form, actor, act)
    if answer is not None:
        return answer
    if form.refusal:
        raise form.refusal
    say(RESUBMITTED, "warning")
    return go(current_page() or url_for("home.home"))
