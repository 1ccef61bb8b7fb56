"""The blueprints of the admin site, one a subject."""

from typing import Final

from flask import Blueprint

from voucherweb.web import desk_day, issuing, issuing_files, voucher_deeds, voucher_detail
from voucherweb.web.desk import desk_pages
from voucherweb.web.home import home_pages
from voucherweb.web.sign_in import sign_in_pages
from voucherweb.web.statistics import statistics_pages
from voucherweb.web.vendors import vendor_pages
from voucherweb.web.vouchers import voucher_pages

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    sign_in_pages,
    desk_pages,
    home_pages,
    vendor_pages,
    statistics_pages,
    voucher_pages,
)
FURTHER: Final = (desk_day, issuing, issuing_files, voucher_deeds, voucher_detail)
"""Modules whose pages belong to a blueprint of another."""
