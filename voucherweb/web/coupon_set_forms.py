"""The three ways to make a coupon set: codes made when given, made beforehand, or imported."""

from datetime import date
from typing import Final

from flask import Response, request
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import FileField, StringField, TextAreaField

from voucherweb.api.parsing import Integer, parse
from voucherweb.api.partner.shapes import PartnerBody
from voucherweb.api.pictures import storage
from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_terms import QUANTITY_MAX, SetTerms
from voucherweb.domain.days import span
from voucherweb.errors import Detail, Refusal, invalid, refuse
from voucherweb.services import coupon_hands, coupon_imports, coupon_jobs
from voucherweb.storage.keys import FILE_TYPES
from voucherweb.web.coupon_sets import coupon_set_pages, home
from voucherweb.web.coupon_words import WAYS
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text
from voucherweb.web.page import ADMINS, go, page
from voucherweb.web.rendering import refused, render
from voucherweb.web.shown import settings, today

MOST: Final = FILE_TYPES["csv"].limit
MEGABYTES: Final = MOST // 2**20
MAX_FORM: Final = MOST + 1_000_000
NO_FILE: Final = ("choose a workbook or a CSV file first", "請先選擇要匯入的 Excel 或 CSV 檔案")
TOO_LARGE: Final = Detail(
    "file",
    f"The file is larger than {MEGABYTES} MB; split it into several sets",
    f"檔案超過 {MEGABYTES} MB，請拆成幾個票券組匯入",
)


class SetBody(PartnerBody):
    """The parts of a set's terms that are no texts; the rest is the service's to judge."""

    start_date: date
    end_date: date
    quantity: Integer | None = None


class SetForm(Form):
    """Named as on the wire. Days are whole local days, both included."""

    name = StringField(Text("名稱", "Name"))
    description = TextAreaField(Text("說明", "Description"))
    start_date = StringField(Text("開始日", "First day"))
    end_date = StringField(Text("結束日", "Last day"))
    static_code = StringField(Text("顯示用代碼", "Code that is shown beside"))
    image_url = StringField(Text("圖片網址", "Picture's address"))
    terms = TextAreaField(Text("使用條款", "Terms"))

    def terms_of(self) -> SetTerms:
        """What was typed; raises INVALID_PARAMETER."""
        given = self.wire()
        if "quantity" in given:
            given["quantity"] = given["quantity"].replace(",", "")
        body = parse(SetBody, given)
        if body.end_date < body.start_date:
            raise invalid("end_date", "must not be before the first day", "不可早於開始日")
        start, end = span(body.start_date, body.end_date, settings().timezone)
        if start is None or end is None:
            raise invalid("end_date", "is too far away", "日期太遠")
        texts = ("description", "prefix", "static_code", "image_url", "terms")
        return SetTerms(
            name=given.get("name", ""),
            start_date=start,
            end_date=end,
            quantity=body.quantity,
            **{name: given[name] for name in texts if name in given},
        )


class CodesForm(SetForm):
    """With what new codes are made of."""

    prefix = StringField(Text("前綴", "Prefix"))
    quantity = StringField(Text("數量", "How many"))


class FileForm(SetForm):
    file = FileField(Text("檔案", "File"))


@page(coupon_set_pages, "/new", roles=ADMINS)
def choose(_actor: Actor) -> Response:
    return render("coupon_sets/choose.html", ways=WAYS)


def _begin(form: SetForm) -> None:
    if not form.sent:
        form.start_date.data = today().isoformat()


def _page(form: SetForm, way: str) -> Response:
    return render(
        "coupon_sets/form.html",
        status=form.status,
        form=form,
        way=way,
        ways=WAYS,
        most=MOST,
        most_codes=QUANTITY_MAX,
    )


@page(coupon_set_pages, "/new/auto", roles=ADMINS, methods=("GET", "POST"))
def add_auto(actor: Actor) -> Response:
    form = CodesForm()
    _begin(form)

    def act() -> Done:
        made = coupon_hands.create_auto_set(actor, form.terms_of())
        said = Text("已建立票券組「{}」，可以開始發放。", "“{}” was made and may be given.")
        return home(made.id), said.format(made.name)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _page(form, "auto")


@page(coupon_set_pages, "/new/generate", roles=ADMINS, methods=("GET", "POST"))
def generate(actor: Actor) -> Response:
    form = CodesForm()
    _begin(form)

    def act() -> Done:
        set_id = coupon_jobs.start_generation(actor, actor.tenant_id, form.terms_of())
        return home(set_id), Text("開始產生票券碼。", "The codes are being made.")

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _page(form, "generate")


@coupon_set_pages.url_value_preprocessor
def _bound(endpoint: str | None, _values: object) -> None:
    """The guard against forged requests reads the form before a page could say what it takes."""
    if endpoint == "coupon_sets.import_codes":
        request.max_content_length = MAX_FORM


@coupon_set_pages.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> Response:
    person = current_user._get_current_object() if current_user.is_authenticated else None
    ours = request.endpoint == "coupon_sets.import_codes"
    if not ours or not person or person.actor.role not in ADMINS:
        return refused(refuse("PAYLOAD_TOO_LARGE"))
    form = FileForm(formdata=None)
    form.refuse(refuse("PAYLOAD_TOO_LARGE", [TOO_LARGE]))
    return _page(form, "import")


@page(coupon_set_pages, "/new/import", roles=ADMINS, methods=("GET", "POST"))
def import_codes(actor: Actor) -> Response:
    form = FileForm()
    _begin(form)
    answer = _upload(actor, form) if form.sent else None
    return answer or _page(form, "import")


def _upload(actor: Actor, form: FileForm) -> Response | None:
    """Begin the import and go to the set; None when it was refused."""
    try:
        terms, file = form.terms_of(), _file()
        set_id = coupon_imports.start_import(actor, storage(), actor.tenant_id, terms, file)
    except Refusal as refusal:
        form.refuse(refusal)
        return None
    return go(home(set_id))


def _file() -> tuple[str, bytes]:
    sent = request.files.get("file")
    content = sent.read() if sent else b""
    if sent is None or not sent.filename or not content:
        raise invalid("file", *NO_FILE)
    return sent.filename, content


@page(coupon_set_pages, "/new/import/template", roles=ADMINS)
def template(_actor: Actor) -> Response:
    """A CSV file to fill in; it opens in spreadsheets, too."""
    response = Response("\ufeff代碼\r\n", mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="coupon-codes.csv"'
    return response
