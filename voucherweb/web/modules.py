"""The blueprints of the admin site, one a subject."""

from typing import Final

from flask import Blueprint

from voucherweb.web import (
    add_on_frame,
    admin_deeds,
    card_deeds,
    coupon_hands,
    coupon_set_forms,
    desk_day,
    import_rows,
    issuing,
    issuing_files,
    issuing_rows,
    second_factor,
    statistics_vouchers,
    voucher_deeds,
    voucher_detail,
)
from voucherweb.web.add_ons import add_on_pages
from voucherweb.web.admins import admin_pages
from voucherweb.web.api_keys import api_key_pages
from voucherweb.web.audit import audit_pages
from voucherweb.web.branches import branch_pages
from voucherweb.web.calls import call_pages
from voucherweb.web.campaigns import campaign_pages
from voucherweb.web.cards import card_pages
from voucherweb.web.coupon_sets import coupon_set_pages
from voucherweb.web.desk import desk_pages
from voucherweb.web.help import help_pages
from voucherweb.web.home import home_pages
from voucherweb.web.imports import import_pages
from voucherweb.web.jobs import job_pages
from voucherweb.web.links import link_pages
from voucherweb.web.members import member_pages
from voucherweb.web.notifications import notification_pages
from voucherweb.web.partners import partner_pages
from voucherweb.web.profile import profile_pages
from voucherweb.web.purchases import purchase_pages
from voucherweb.web.quota import quota_pages
from voucherweb.web.search import search_pages
from voucherweb.web.settings import setting_pages
from voucherweb.web.sign_in import sign_in_pages
from voucherweb.web.statistics import statistics_pages
from voucherweb.web.tenants import tenant_pages
from voucherweb.web.vendors import vendor_pages
from voucherweb.web.vouchers import voucher_pages

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    sign_in_pages,
    home_pages,
    import_pages,
    vendor_pages,
    statistics_pages,
    voucher_pages,
    audit_pages,
    job_pages,
    member_pages,
    notification_pages,
    partner_pages,
    call_pages,
    campaign_pages,
    card_pages,
    purchase_pages,
    quota_pages,
    setting_pages,
    add_on_pages,
    admin_pages,
    api_key_pages,
    branch_pages,
    coupon_set_pages,
    help_pages,
    link_pages,
    profile_pages,
    search_pages,
    tenant_pages,
    desk_pages,
)
FURTHER: Final = (
    second_factor,
    add_on_frame,
    admin_deeds,
    coupon_hands,
    coupon_set_forms,
    card_deeds,
    desk_day,
    import_rows,
    issuing,
    issuing_files,
    issuing_rows,
    statistics_vouchers,
    voucher_deeds,
    voucher_detail,
)
"""Modules whose pages belong to a blueprint of another."""
