"""voucherweb: a self-hosted, multi-tenant voucher platform."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from voucherweb.config import Settings

__all__ = ["create_app"]


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The WSGI application for these settings (default: from the environment).

    Imported late: the supervisor and the engines need this package, but not two seconds of imports.
    Raises `SettingsError` when a setting is missing, wrong, or unsafe in production.
    """
    from voucherweb import application  # noqa: PLC0415

    return application.create_app(settings)
