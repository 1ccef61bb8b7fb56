"""What can be done with a voucher now, why not, and what it will mean, in words."""

from dataclasses import dataclass
from datetime import datetime

from voucherweb.domain.enums import TargetType, VoucherStatus, VoucherType
from voucherweb.domain.voucher_rules import Phase, is_over, may_become, phase
from voucherweb.models import Voucher
from voucherweb.services.statistics import Statistics
from voucherweb.web.language import Text
from voucherweb.web.shown import day, moment, moment_to_second, number, points

WHO = {
    TargetType.ALL: Text("所有會員", "all members"),
    TargetType.MEMBER: Text("你們自己的會員", "your own members"),
}


@dataclass(frozen=True, slots=True)
class Deeds:
    """What may be done at this moment."""

    put_on: bool
    take_down: bool
    edit: bool
    delete: bool


def deeds(voucher: Voucher, at: datetime) -> Deeds:
    """By the same rules as the services, which have the last word."""
    where = phase(voucher, at)
    return Deeds(
        put_on=may_become(voucher, VoucherStatus.ON, at),
        take_down=may_become(voucher, VoucherStatus.OFF, at),
        edit=where in {Phase.DRAFT, Phase.OFF},
        delete=where is Phase.DRAFT,
    )


def hint(voucher: Voucher, at: datetime) -> Text | None:
    """Why some of the deeds are not on offer; None when nothing is missing."""
    match phase(voucher, at):
        case Phase.DRAFT if is_over(voucher, at):
            return Text(
                "下架日或使用迄日已過，不能上架；請先編輯日期。",
                "It is past its last day, so it cannot go on the shelf; change its dates first.",
            )
        case Phase.ON:
            return Text(
                "上架中不能編輯；先下架後可修改名稱、圖片、日期與說明。上架過的票券不能刪除。",
                "On the shelf it cannot be edited; taken down, its title, picture, dates and texts"
                " can be. A voucher that was on the shelf cannot be deleted.",
            )
        case Phase.OFF:
            return Text(
                "已下架：可修改名稱、圖片、日期與說明；面額、數量與類別不能再改，也不能刪除。",
                "Off the shelf: its title, picture, dates and texts can be changed; price, volume"
                " and type cannot, and it cannot be deleted.",
            )
        case Phase.ENDED | Phase.EXPIRED:
            return Text(
                "已過{}，不能再上架、編輯或刪除；可以複製成新草稿再發行。",
                "It is past its {}: it cannot go back on the shelf, be edited or deleted. Copy it"
                " into a new draft to issue it again.",
            ).format(
                Text("使用迄日", "last day of use")
                if at > voucher.use_end
                else Text("下架日", "last day on the shelf")
            )
    return None


def why_not_on(voucher: Voucher, at: datetime) -> Text | None:
    """Why it cannot be put on the shelf."""
    if phase(voucher, at) is Phase.ON:
        return Text("它已經上架了。", "It is on the shelf already.")
    return hint(voucher, at)


def why_not_off(voucher: Voucher, at: datetime) -> Text:
    """Why it cannot be taken down."""
    return Text("它現在不在架上。{}", "It is not on the shelf now. {}").format(
        standing(voucher, at)
    )


WHY_NOT_DELETE = Text(
    "只有從未上架的草稿可以刪除；上架過的只能下架。",
    "Only a draft that was never on the shelf can be deleted; others can be taken down.",
)


def note(voucher: Voucher, at: datetime) -> Text | None:
    """What the status alone does not say to somebody who reads a list."""
    where = phase(voucher, at)
    if where is Phase.DRAFT and is_over(voucher, at):
        return Text("日期已過，不能上架", "Its dates are over")
    return _note_on(voucher, at) if where is Phase.ON else None


def _note_on(voucher: Voucher, at: datetime) -> Text | None:
    if at < voucher.on_start:
        return Text("{} 起顯示", "Shown from {}").format(day(voucher.on_start))
    if voucher.redeemed >= voucher.volume:
        return Text("已兌換完", "All redeemed")
    if at < voucher.redeem_start:
        return Text("{} 起可兌換", "To redeem from {}").format(day(voucher.redeem_start))
    if at > voucher.redeem_end:
        return Text("兌換期已過", "No longer to redeem")
    return None


def standing(voucher: Voucher, at: datetime) -> Text:
    """The one sentence on top of a voucher's page."""
    match phase(voucher, at):
        case Phase.DRAFT:
            return Text("草稿：會員還看不到這張票券。", "A draft: no member sees it yet.")
        case Phase.ON if at < voucher.on_start:
            return Text(
                "已排定上架：{} 起會員看得到。", "Scheduled: members see it from {}."
            ).format(moment(voucher.on_start))
        case Phase.ON:
            return Text(
                "上架中，會員看得到，直到 {}。", "On the shelf; members see it until {}."
            ).format(moment_to_second(min(voucher.on_end, voucher.use_end)))
        case Phase.OFF:
            return Text(
                "已下架：會員看不到，也不能兌換；{} 前可再上架。",
                "Off the shelf: members neither see nor redeem it; it may go back until {}.",
            ).format(moment_to_second(min(voucher.on_end, voucher.use_end)))
        case Phase.ENDED:
            return Text(
                "已於 {} 結束；兌換過的會員仍可使用到 {}。",
                "Ended {}; members who redeemed it may use it until {}.",
            ).format(moment_to_second(voucher.on_end), moment_to_second(voucher.use_end))
    return Text("已於 {} 過期。", "Expired {}.").format(moment_to_second(voucher.use_end))


def means_on(voucher: Voucher, at: datetime) -> list[Text]:
    """What members will meet once it is on the shelf."""
    return [_listed(voucher, at), _redeemable(voucher, at), _usable(voucher), _from_then(voucher)]


def _listed(voucher: Voucher, at: datetime) -> Text:
    end = moment_to_second(min(voucher.on_end, voucher.use_end))
    who = WHO[TargetType(voucher.target_type)]
    if at < voucher.on_start:
        return Text(
            "{0}會在 {1} 至 {2} 於 App 看到「{3}」；在那之前還看不到。",
            "From {1} until {2}, {0} will see “{3}” in the app; before that nobody does.",
        ).format(who, moment(voucher.on_start), end, voucher.title)
    return Text(
        "{0}會立刻在 App 看到「{2}」，直到 {1}。",
        "At once, {0} will see “{2}” in the app, until {1}.",
    ).format(who, end, voucher.title)


def _redeemable(voucher: Voucher, at: datetime) -> Text:
    left = number(voucher.volume - voucher.redeemed)
    if at > voucher.redeem_end:
        return Text(
            "兌換期已於 {} 結束：看得到，但不能兌換。",
            "Redeeming ended {}: it is seen, but cannot be redeemed.",
        ).format(moment_to_second(voucher.redeem_end))
    limit = (
        Text("每人最多 {} 張", "at most {} each").format(number(voucher.redeem_limit))
        if voucher.redeem_limit
        else Text("每人張數不限", "no limit per member")
    )
    return Text(
        "可在 {} 至 {} 兌換，每張 {}，還有 {} 張，{}。",
        "To redeem from {} until {} for {} a piece; {} left, {}.",
    ).format(
        moment(voucher.redeem_start),
        moment_to_second(voucher.redeem_end),
        points(voucher.redeem_points),
        left,
        limit,
    )


def _usable(voucher: Voucher) -> Text:
    return Text("使用期間為 {} 至 {}。", "To be used from {} until {}.").format(
        moment(voucher.use_start), moment_to_second(voucher.use_end)
    )


def _from_then(voucher: Voucher) -> Text:
    if voucher.first_on_at is None:
        return Text(
            "可以隨時下架再上架；但上架過一次後就不能刪除，面額、數量與類別也不能再改。",
            "You may take it down and put it back at any time; but after its first time on the"
            " shelf it cannot be deleted, nor its price, volume or type changed.",
        )
    return Text("可以隨時再下架。", "You may take it down again at any time.")


def means_off(voucher: Voucher, figures: Statistics, at: datetime) -> list[Text]:
    """What members will meet once it is off the shelf."""
    gone = (
        Text(
            "「{}」原訂 {} 起顯示，下架後就不會出現，{} 張都不能兌換。",
            "“{}” was to be seen from {}; taken down it will not be, nor any of its {} redeemed.",
        ).format(voucher.title, moment(voucher.on_start), number(voucher.volume))
        if at < voucher.on_start
        else Text(
            "會員在 App 的列表上不再看到「{}」，剩下的 {} 張停止兌換。",
            "Members no longer find “{}” in the app; the {} left cannot be redeemed.",
        ).format(voucher.title, number(voucher.volume - voucher.redeemed))
    )
    return [
        gone,
        _taken(voucher, figures.redeemed.total - figures.used.total),
        Text("{} 前都可以再上架。", "It may go back on the shelf until {}.").format(
            moment_to_second(min(voucher.on_end, voucher.use_end))
        ),
    ]


def _taken(voucher: Voucher, unused: int) -> Text:
    if not unused:
        return Text("沒有已兌換而未使用的票券。", "No redeemed piece is waiting to be used.")
    return Text(
        "會員已兌換而未使用的 {} 張不受影響，仍可使用到 {}。",
        "The {} that members redeemed and have not used stay good until {}.",
    ).format(number(unused), moment_to_second(voucher.use_end))


def means_delete(voucher: Voucher) -> list[Text]:
    """What deleting a draft does to the books."""
    said = [
        Text(
            "「{}」（{}）會被刪除，沒有會員看過它。",
            "“{}” ({}) will be deleted; no member has ever seen it.",
        ).format(voucher.title, voucher.voucher_no),
        Text(
            "發行時用掉的 {}全數退回額度；這個票券編號不會再使用。",
            "The {} that issuing took go back to your quota; its number is not used again.",
        ).format(points(voucher.redeem_points * voucher.volume)),
    ]
    if voucher.voucher_type == VoucherType.COUPON_CODE:
        said.append(
            Text(
                "由檔案匯入的折價券可以再用於另一張票券。",
                "Coupons that came from a file can be taken for another voucher.",
            )
        )
    return [*said, Text("刪除後無法復原。", "This cannot be undone.")]
