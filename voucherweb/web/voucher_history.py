"""What an entry of the audit log says of a voucher, in words."""

from voucherweb.services.audit_log import Entry
from voucherweb.web.audit_details import ENDS, Line, details
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
            return str(ENDS[data["ended"]])
        case "voucher.update":
            return t("；", "; ").join(_changed(one) for one in details(entry))
        case "voucher.add":
            return str(data.get("number", ""))
        case "voucher.delete":
            return t("退回 ", "Returned ") + points(data["refunded"])
    return ""


def _changed(line: Line) -> str:
    """Such as 面額：NT$100 → NT$120."""
    before = "" if line.before is None else f"{line.before} → "
    return f"{line.name}{t('：', ': ')}{before}{line.value}"
