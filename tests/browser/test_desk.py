"""The write-off desk in a browser, with a camera that sees a film: a code, then nothing, again."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.support.browser import Site, axe, launch, make_account, no_sideways_scroll, sign_in
from tests.support.cast import PASSWORD, Caller, issue
from tests.support.desks import take_piece
from voucherweb.domain.enums import Role
from voucherweb.models import WriteOff
from voucherweb.transaction import session, unit_of_work

FRAMES_A_SECOND = 30
"""Of a film of JPEGs, as Chromium plays it, over and over."""
SIZE = (640, 480)
AWAY = 4
"""Seconds without the code: more than the page waits until it reads the same one again."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees from the next time on that a page opens it."""
    return tmp_path_factory.mktemp("film") / "film.mjpeg"


@pytest.fixture(scope="module")
def browser(player: Playwright, film: Path) -> Iterator[Browser]:
    camera = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    with launch(player, extra=camera) as running:
        yield running


@pytest.fixture
def number(admin: Caller, member: Caller) -> str:
    return take_piece(member, issue(admin))[1]


@pytest.fixture
def clerk(tenant_id: str) -> str:
    return make_account(Role.CLERK, tenant_id)


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def shoot(film: Path, text: str) -> None:
    """A film that shows the code of this text for three seconds, and then a grey wall."""
    code = io.BytesIO()
    segno.make(text, error="m").save(code, kind="png", scale=8, border=4)
    wall = Image.new("RGB", SIZE, "#9aa4ae")
    held = wall.copy()
    drawn = Image.open(code).convert("RGB")
    held.paste(drawn, ((SIZE[0] - drawn.width) // 2, (SIZE[1] - drawn.height) // 2))
    frames = [jpeg(held)] * (3 * FRAMES_A_SECOND) + [jpeg(wall)] * (AWAY * FRAMES_A_SECOND)
    film.write_bytes(b"".join(frames))


def verdict(page: Page, kind: str) -> None:
    expect(page.locator(f"#result [data-verdict={kind}]")).to_be_visible()


def write_offs() -> int:
    with unit_of_work():
        return session.query(WriteOff).count()


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "dark"), (1280, "light")], ids=["phone", "desk"]
)
def test_a_code_is_scanned_written_off_and_then_told_as_used(
    site: Site, film: Path, clerk: str, number: str, width: int, scheme: str
) -> None:
    shoot(film, f"health365://user-voucher?userVoucherNo={number}")
    page = site.open(width=width, scheme=scheme)
    sign_in(page, clerk, PASSWORD)
    axe(page)
    page.get_by_role("button", name="開啟相機").click()
    verdict(page, "GOOD")
    expect(page.locator("#result")).to_contain_text("王○明")
    no_sideways_scroll(page)
    axe(page)
    page.get_by_role("button", name="核銷這張票券").click()
    verdict(page, "WRITTEN_OFF")
    expect(page.locator(".slip")).to_contain_text(number)
    no_sideways_scroll(page)
    verdict(page, "USED")
    axe(page)
    assert write_offs() == 1


def test_a_scanner_types_and_the_cursor_is_back_for_the_next(
    site: Site, clerk: str, number: str
) -> None:
    page = site.open()
    sign_in(page, clerk, PASSWORD)
    field = page.locator("#number")
    expect(field).to_be_focused()
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    verdict(page, "GOOD")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    page.get_by_role("button", name="核銷這張票券").click()
    verdict(page, "WRITTEN_OFF")
    expect(field).to_be_focused()
    page.get_by_role("link", name="下一張").click()
    verdict(page, "IDLE")
    expect(page.locator("#result")).to_contain_text("今天您已核銷 1 張")


def test_without_a_connection_it_says_that_nothing_was_written_off(
    site: Site, clerk: str, number: str
) -> None:
    page = site.open()
    sign_in(page, clerk, PASSWORD)
    field = page.locator("#number")
    page.context.set_offline(True)
    field.fill(number)
    field.press("Enter")
    expect(page.locator("#result")).to_contain_text("沒有核銷任何票券")
    expect(field).to_have_value(number)
    assert site.watch.forget()  # A request failed, as it should.
    page.context.set_offline(False)
    field.press("Enter")
    verdict(page, "GOOD")
    page.context.set_offline(True)
    page.get_by_role("button", name="核銷這張票券").click()
    expect(page.locator("#result")).to_contain_text("沒有核銷任何票券")
    assert site.watch.forget()
    page.context.set_offline(False)
    assert write_offs() == 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("NotAllowedError", "不允許使用相機"),
        ("NotFoundError", "沒有相機"),
        ("NotReadableError", "可能正被其他程式使用"),
    ],
    ids=["denied", "none", "in use"],
)
def test_a_camera_that_cannot_be_had_says_what_to_do(
    site: Site, clerk: str, name: str, says: str
) -> None:
    page = site.open(width=390)
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia ="
        f" () => Promise.reject(new DOMException('no', '{name}'));"
    )
    sign_in(page, clerk, PASSWORD)
    page.get_by_role("button", name="開啟相機").click()
    expect(page.locator(".camera-state")).to_contain_text(says)
    expect(page.locator(".camera-state")).to_contain_text("輸入號碼")
    expect(page.get_by_role("button", name="開啟相機")).to_be_visible()
    page.locator("#number").fill("L00001")
    page.keyboard.press("Enter")
    verdict(page, "NOT_OURS")


CAMERA = "document.querySelector('video').srcObject.getVideoTracks()[0]"


@pytest.fixture
def two_cameras(player: Playwright, site: Site) -> Iterator[Site]:
    """The site seen by a browser with two cameras, which show a green field."""
    cameras = (
        "--use-fake-device-for-media-stream=device-count=2",
        "--use-fake-ui-for-media-stream",
    )
    with launch(player, extra=cameras) as running:
        visited = Site(running, site.origin)
        yield visited
        visited.close()
        assert visited.watch.problems == []


def test_another_camera_is_taken_and_remembered(two_cameras: Site, clerk: str) -> None:
    page = two_cameras.open(width=390)
    sign_in(page, clerk, PASSWORD)
    change = page.get_by_role("button", name="換相機")
    expect(change).to_be_hidden()
    page.get_by_role("button", name="開啟相機").click()
    expect(change).to_be_visible()
    first = page.evaluate(f"{CAMERA}.getSettings().deviceId")
    change.click()
    # The button had the focus before, too: only the picture tells that the other camera is on.
    other = (
        "(first) => { const shown = document.querySelector('video').srcObject;"
        " return shown && shown.getVideoTracks()[0].getSettings().deviceId !== first; }"
    )
    page.wait_for_function(other, arg=first)
    expect(change).to_be_focused()
    second = page.evaluate(f"{CAMERA}.getSettings().deviceId")
    page.reload()
    expect(change).to_be_visible()
    assert first != second
    assert page.evaluate(f"{CAMERA}.getSettings().deviceId") == second
    page.evaluate("localStorage.setItem('deskCameraId', 'one that was unplugged')")
    page.reload()
    expect(change).to_be_visible()


def test_a_light_is_offered_where_the_camera_has_one(site: Site, film: Path, clerk: str) -> None:
    shoot(film, "nothing of ours")
    page = site.open(width=390)
    sign_in(page, clerk, PASSWORD)
    light = page.get_by_role("button", name="補光燈")
    page.get_by_role("button", name="開啟相機").click()
    expect(page.get_by_role("button", name="關閉相機")).to_be_visible()
    expect(light).to_be_hidden()
    page.add_init_script(
        "const asked = (window.asked = []), track = MediaStreamTrack.prototype;"
        "track.getCapabilities = () => ({ torch: true });"
        "track.applyConstraints = async (wanted) => {"
        " asked.push(wanted.advanced[0].torch); if (asked.length > 2) throw new Error('no'); };"
    )
    page.reload()
    light.click()
    expect(light).to_have_attribute("aria-pressed", "true")
    light.click()
    expect(light).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("window.asked") == [True, False]
    light.click()
    expect(light).to_be_hidden()


def test_a_camera_that_is_pulled_out_says_so(site: Site, film: Path, clerk: str) -> None:
    shoot(film, "nothing of ours")
    page = site.open()
    sign_in(page, clerk, PASSWORD)
    page.get_by_role("button", name="開啟相機").click()
    expect(page.get_by_role("button", name="關閉相機")).to_be_visible()
    page.evaluate(f"{CAMERA}.dispatchEvent(new Event('ended'))")
    expect(page.locator(".camera-state")).to_contain_text("可能正被其他程式使用")
    expect(page.get_by_role("button", name="開啟相機")).to_be_visible()


@pytest.mark.parametrize(
    "paper", ["80mm 297mm", "148mm 210mm", "210mm 297mm"], ids=["80", "A5", "A4"]
)
def test_a_receipt_is_one_page_of_any_paper_black_on_white(
    site: Site, clerk: str, number: str, paper: str
) -> None:
    page = site.open(scheme="dark")
    page.add_init_script("window.print = () => { window.printed = true; };")
    sign_in(page, clerk, PASSWORD)
    page.locator("#number").fill(number)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="核銷這張票券").click()
    page.get_by_role("link", name="收據頁").click()
    page.get_by_role("button", name="列印").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    seen = page.evaluate(
        "() => [...document.querySelectorAll('body *')].filter((one) => one.innerText?.trim()"
        " && !one.children.length && one.checkVisibility() && !one.closest('.slip'))"
        ".map((one) => one.innerText)"
    )
    assert seen == []
    colours = page.evaluate(
        "() => [...document.querySelectorAll('.slip, .slip *')].map((one) => "
        "getComputedStyle(one).color)"
    )
    assert set(colours) == {"rgb(0, 0, 0)"}
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    width, height = paper.split()
    pdf = page.pdf(width=width, height=height, prefer_css_page_size=False)
    assert len(re.findall(rb"/Type ?/Page\b", pdf)) == 1
    slip = page.locator(".slip").bounding_box()
    assert slip
    assert slip["width"] <= 72 / 25.4 * 96 + 1


def test_without_scripts_a_typed_number_is_written_off(site: Site, clerk: str, number: str) -> None:
    page = site.open(javascript=False)
    sign_in(page, clerk, PASSWORD)
    page.locator("#number").fill(number)
    page.get_by_role("button", name="查詢").click()
    verdict(page, "GOOD")
    page.get_by_role("button", name="核銷這張票券").click()
    expect(page.locator(".slip")).to_contain_text(number)
    assert write_offs() == 1


def test_a_dark_page_is_printed_light_and_dark_again_afterwards(site: Site, clerk: str) -> None:
    page = site.open(scheme="dark")
    sign_in(page, clerk, PASSWORD)
    page.goto("/admin/desk/day")
    theme = "document.documentElement.dataset.bsTheme"
    assert page.evaluate(theme) == "dark"
    page.evaluate("addEventListener('beforeprint', () => (window.printedAs = " + theme + "))")
    page.pdf()
    assert page.evaluate("window.printedAs") == "light"
    assert page.evaluate(theme) == "dark"
    page.emulate_media(media="print")
    heading = page.locator("h1").evaluate("(one) => getComputedStyle(one).color")
    assert heading == "rgb(22, 32, 43)"
