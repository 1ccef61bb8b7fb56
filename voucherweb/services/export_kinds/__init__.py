"""What can be exported: one file each, gathered here. Another kind is one more line."""

from typing import Final

from voucherweb.services.export_kinds import (
    audit,
    coupons,
    redemptions,
    statistics_list,
    voucher_statistics,
    vouchers,
    write_offs,
)
from voucherweb.services.export_kinds.kind import ExportKind

EXPORTS: Final[dict[str, ExportKind]] = {
    "STATISTICS_LIST": statistics_list.KIND,
    "VOUCHERS": vouchers.KIND,
    "REDEMPTIONS": redemptions.KIND,
    "VOUCHER_STATISTICS": voucher_statistics.KIND,
    "WRITE_OFFS": write_offs.KIND,
    "COUPONS": coupons.KIND,
    "AUDIT": audit.KIND,
}
