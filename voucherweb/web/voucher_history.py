"""What an entry of the audit log says of a voucher, in words."""

from voucherweb.services.audit_log import Entry
from voucherweb.web.labels import label
from voucherweb.web.language import t
from voucherweb.web.shown import points


def told(entry: Entry) -> str:
    """The part of a deed that its name does not say; empty when there is none."""
    data = entry.data
    match entry.action:
        case "voucher.status":
            before, now = label("status", data["before"]), label("status", data["now"])
            return f"{before} → {now}"
        case "voucher.take_down":
            return (
                t("下架日已到", "Its last day on the shelf was over")
                if data["ended"] == "on"
                else t("使用迄日已到", "Its last day of use was over")
            )
        case "voucher.add":
            return str(data.get("number", ""))
        case "voucher.delete":
            return t("退回 ", "Returned ") + points(data["refunded"])
    return ""
