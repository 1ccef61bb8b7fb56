"""voucherweb: a self-hosted, multi-tenant voucher platform."""

from voucherweb.application import create_app

__all__ = ["create_app"]
