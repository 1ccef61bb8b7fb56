"""Imports every module that declares calls, so that `ENDPOINTS` is whole."""

from voucherweb.api.management import quotas, uploads, vendors, vouchers

MODULES = (quotas, uploads, vendors, vouchers)
