"""Long work as its owner follows it, the platform's list of it, and notifications."""

import uuid
from collections.abc import Callable

import pytest
from flask import Flask

from tests.support import cast, errands
from tests.support.admins import deeds
from tests.support.cast import Caller, issue
from tests.support.errands import asked, claimed, job, off, silent, written
from tests.support.site import Visitor, make_visitor, tokens
from voucherweb.domain.actor import Actor
from voucherweb.services import bulk, jobs
from voucherweb.transaction import unit_of_work

LIST = "/admin/jobs"
NEWS = "/admin/notifications"


class Desk:
    """An admin who calls services and looks at pages."""

    def __init__(self, app: Flask, tenant_id: str | None) -> None:
        role = "TENANT_ADMIN" if tenant_id else "PLATFORM_ADMIN"
        self.visitor = make_visitor(app, role, tenant_id)
        self.caller = Caller(app.test_client(), "", self.visitor.admin_id, tenant_id)

    def export(self, what: str = "VOUCHERS") -> uuid.UUID:
        return asked(self.caller, what)

    @property
    def actor(self) -> Actor:
        return errands.as_actor(self.caller)


@pytest.fixture
def desk(app: Flask, admin: Caller) -> Desk:
    return Desk(app, admin.tenant_id)


@pytest.fixture
def platform_visitor(app: Flask) -> Visitor:
    return make_visitor(app)


def place(job_id: uuid.UUID, rest: str = "") -> str:
    return f"{LIST}/{job_id}{rest}"


def state(job_id: uuid.UUID) -> str:
    return job(job_id).state


def polled(visitor: Visitor, job_id: uuid.UUID) -> str:
    return visitor.part(place(job_id), "job")


def test_a_job_tells_how_far_it_is_and_renews_itself(desk: Desk) -> None:
    job_id = desk.export()
    attempt = claimed(job_id)
    with unit_of_work():
        jobs.beat(attempt, 40)
    part = polled(desk.visitor, job_id)
    assert "40%" in part
    assert "大約還要" in part
    assert "可以離開這一頁" in part
    assert 'hx-trigger="every 1s"' in part
    assert "<html" not in part


def test_a_reader_without_scripts_is_renewed_by_the_browser(desk: Desk) -> None:
    job_id = desk.export()
    assert 'http-equiv="refresh"' in desk.visitor.text(place(job_id))
    written(job_id)
    assert 'http-equiv="refresh"' not in desk.visitor.text(place(job_id))


def test_a_finished_export_is_downloaded_under_its_name(desk: Desk, admin: Caller) -> None:
    issue(admin, title="拿鐵一杯")
    job_id = written(desk.export())
    page = polled(desk.visitor, job_id)
    assert place(job_id, "/download") in page
    assert "every 1s" not in page
    answer = desk.visitor.get(place(job_id, "/download"))
    assert "拿鐵一杯" in answer.data.decode("utf-8-sig")
    assert "%E7%A5%A8%E5%88%B8%E6%B8%85%E5%96%AE" in answer.headers["Content-Disposition"]
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_a_bulk_job_says_why_vouchers_were_left(desk: Desk, admin: Caller) -> None:
    on, draft = issue(admin), issue(admin, on=False, title="還沒上架")
    job_id = off(desk.caller, on, draft, str(uuid.UUID(int=7)))
    bulk.run_take_down(claimed(job_id), silent)
    page = desk.visitor.text(place(job_id))
    assert "已下架 1 張票券" in page
    assert "還沒上架" in page
    assert "不在架上" in page
    assert "已刪除，或不屬於您的租戶" in page


def test_a_failed_job_says_why_and_what_to_do(desk: Desk) -> None:
    job_id = desk.export()
    attempt = claimed(job_id)
    with unit_of_work():
        jobs.fail(attempt, jobs.worker_lost())
    page = desk.visitor.text(place(job_id))
    assert "處理程序多次中斷" in page
    assert "可以調整條件後重新開始" in page
    assert "Idempotency-Key" not in page


def test_a_job_is_cancelled_after_a_question(desk: Desk) -> None:
    job_id = desk.export()
    assert "不會產生檔案" in desk.visitor.text(place(job_id, "/cancel"))
    assert state(job_id) == "QUEUED"
    answer = desk.visitor.post(place(job_id, "/cancel"))
    assert answer.location == place(job_id)
    assert state(job_id) == "CANCELLED"
    assert "作業已取消" in desk.visitor.text(answer.location)


def test_cancelling_what_has_ended_changes_nothing(desk: Desk) -> None:
    job_id = desk.export()
    form = tokens(desk.visitor.text(place(job_id, "/cancel")))
    written(job_id)
    answer = desk.visitor.send(place(job_id, "/cancel"), form)
    assert answer.location == place(job_id)
    assert desk.visitor.get(place(job_id, "/cancel")).location == place(job_id)
    assert state(job_id) == "DONE"
    assert "在取消之前就已結束" in desk.visitor.text(place(job_id))


@pytest.mark.parametrize("rest", ["", "/cancel", "/download"])
def test_anothers_job_does_not_exist(app: Flask, desk: Desk, stranger: Caller, rest: str) -> None:
    job_id = written(desk.export())
    other = make_visitor(app, "TENANT_ADMIN", stranger.tenant_id)
    answer = other.get(place(job_id, rest))
    assert answer.status_code == 400
    assert "API_ERROR.NOT_EXIST" in answer.text


def test_the_platform_follows_any_job_but_takes_no_file_of_it(
    platform_visitor: Visitor, desk: Desk
) -> None:
    job_id = written(desk.export())
    assert place(job_id) in platform_visitor.text(LIST)
    page = platform_visitor.text(place(job_id))
    assert "檔案已備妥" in page
    assert desk.visitor.account in page
    assert "小港醫院" in page
    assert place(job_id, "/download") not in page
    assert platform_visitor.get(place(job_id, "/download")).status_code == 400
    assert job(job_id).seen_at is None


def test_the_platform_cancels_a_tenants_job_and_that_is_put_on_record(
    platform_visitor: Visitor, desk: Desk
) -> None:
    job_id = desk.export()
    page = platform_visitor.text(place(job_id))
    assert "右上角的通知" not in page
    assert "data-others" in page
    assert "data-others" not in desk.visitor.text(place(job_id))
    answer = platform_visitor.post(place(job_id, "/cancel"))
    assert answer.location == place(job_id)
    assert state(job_id) == "CANCELLED"
    assert deeds().count("job.cancel") == 1
    log = desk.visitor.text("/admin/audit?action=job.cancel")
    assert "取消作業" in log
    assert "<dt>作業</dt><dd>匯出</dd>" in log
    assert desk.visitor.get(place(job_id)).status_code == 200
    platform_visitor.post(place(job_id, "/cancel"), at=LIST)
    assert deeds().count("job.cancel") == 1


def test_a_colleague_of_the_tenant_may_follow_but_is_not_told(app: Flask, desk: Desk) -> None:
    colleague = make_visitor(app, "TENANT_ADMIN", desk.caller.tenant_id)
    job_id = written(desk.export())
    assert "檔案已備妥" in colleague.text(place(job_id))
    assert job(job_id).seen_at is None


def test_clerks_have_no_jobs(app: Flask, desk: Desk) -> None:
    clerk = make_visitor(app, "CLERK", desk.caller.tenant_id)
    job_id = written(desk.export())
    for rest in ("", "/cancel", "/download"):
        assert clerk.get(place(job_id, rest)).status_code == 403
    assert "沒有通知" in clerk.text(NEWS)


def test_an_export_without_its_file_yet_is_not_downloaded(desk: Desk) -> None:
    assert desk.visitor.get(place(desk.export(), "/download")).status_code == 400


def test_the_platform_lists_all_jobs_and_who_carries_them(
    platform_visitor: Visitor, desk: Desk
) -> None:
    job_id = desk.export()
    page = platform_visitor.text(LIST)
    assert "匯出：票券清單" in page
    assert "小港醫院" in page
    assert "處理程序" in page
    assert 'hx-trigger="every 5s"' in page
    written(job_id)
    assert "every 5s" not in platform_visitor.text(LIST)


def test_the_list_is_narrowed(platform_visitor: Visitor, desk: Desk, tenant_id: str) -> None:
    desk.export()
    assert "匯出：票券清單" in platform_visitor.part(f"{LIST}?kind=EXPORT", "list")
    for query in ("kind=IMPORT", "state=DONE", f"tenant={cast.make_tenant('緯緯醫學')}"):
        assert "沒有符合條件的作業" in platform_visitor.part(f"{LIST}?{query}", "list")
    assert platform_visitor.get(f"{LIST}?state=SLEEPING").status_code == 400


def test_the_list_is_narrowed_by_a_tenant_that_is_chosen(
    platform_visitor: Visitor, desk: Desk, tenant_id: str
) -> None:
    desk.export()
    page = platform_visitor.text(f"{LIST}?tenant={tenant_id}")
    assert f'<option value="{tenant_id}" selected>小港醫院</option>' in page
    assert "匯出：票券清單" in page


def test_what_renews_itself_leaves_the_browsers_history_alone(
    platform_visitor: Visitor, desk: Desk
) -> None:
    desk.export()
    asked_by = {"HX_Request": "true", "HX_Request_Type": "partial"}
    live = platform_visitor.get(LIST, **asked_by, HX_Target="div#live")
    listed = platform_visitor.get(LIST, **asked_by, HX_Target="section#list")
    assert "HX-Push-Url" not in live.headers
    assert listed.headers["HX-Push-Url"] == LIST


def test_only_the_platform_sees_all_jobs(desk: Desk) -> None:
    assert desk.visitor.get(LIST).status_code == 403


def seen_by_opening(visitor: Visitor, job_id: uuid.UUID) -> None:
    visitor.text(place(job_id))


def seen_by_button(visitor: Visitor, _job_id: uuid.UUID) -> None:
    answer = visitor.send(f"{NEWS}/seen", tokens(visitor.text(NEWS)))
    assert answer.location == NEWS


@pytest.mark.parametrize("see", [seen_by_opening, seen_by_button], ids=["opening", "button"])
def test_what_ended_is_news_until_it_is_seen(
    desk: Desk, see: Callable[[Visitor, uuid.UUID], None]
) -> None:
    job_id = written(desk.export())
    assert "未讀" in desk.visitor.text(NEWS)
    see(desk.visitor, job_id)
    page = desk.visitor.text(NEWS)
    assert "未讀" not in page
    assert place(job_id) in page
    assert job(job_id).seen_at is not None


def test_looking_at_a_running_job_does_not_hide_its_end(desk: Desk) -> None:
    job_id = desk.export()
    desk.visitor.text(place(job_id))
    assert job(job_id).seen_at is None
    assert "進行中" in desk.visitor.text(NEWS)


def test_news_renew_themselves_while_work_goes_on(desk: Desk) -> None:
    job_id = desk.export()
    assert "every 5s" in desk.visitor.text(NEWS)
    part = desk.visitor.part(NEWS, "news")
    assert place(job_id) in part
    assert "<html" not in part
    written(job_id)
    assert "every 5s" not in desk.visitor.text(NEWS)


def test_the_bell_says_once_that_work_has_ended(desk: Desk) -> None:
    job_id = desk.export()
    assert "已結束" not in desk.visitor.part(f"{NEWS}?known=0", "bell")
    written(job_id)
    bell = desk.visitor.part(f"{NEWS}?known=0", "bell")
    assert 'data-unseen="1"' in bell
    assert "您開始的作業已結束" in bell
    assert "已結束" not in desk.visitor.part(f"{NEWS}?known=1", "bell")
    assert job(job_id).seen_at is None


def test_anothers_news_stay_new(app: Flask, desk: Desk) -> None:
    job_id = written(desk.export())
    other = make_visitor(app, "TENANT_ADMIN", desk.caller.tenant_id)
    answer = other.send(f"{NEWS}/seen", tokens(other.text(NEWS)))
    assert answer.location == NEWS
    assert job(job_id).seen_at is None


def test_jobs_are_told_in_english_too(app: Flask, desk: Desk) -> None:
    job_id = written(desk.export())
    desk.visitor.headers["Accept-Language"] = "en"
    assert "The file is ready" in desk.visitor.text(place(job_id))
    assert "Workers" in make_visitor(app, language="en").text(LIST)
