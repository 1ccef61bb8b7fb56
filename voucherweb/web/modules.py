"""The blueprints of the admin site, one a subject."""

from typing import Final

from flask import Blueprint

from voucherweb.web.home import home_pages
from voucherweb.web.sign_in import sign_in_pages
from voucherweb.web.vendors import vendor_pages

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    sign_in_pages,
    home_pages,
    vendor_pages,
)
