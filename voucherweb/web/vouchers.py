"""Vouchers on the admin site: the list of a tenant's vouchers, and one with all that is known."""

from typing import Final

from flask import Blueprint

voucher_pages: Final = Blueprint("vouchers", __name__, url_prefix="/admin/vouchers")
