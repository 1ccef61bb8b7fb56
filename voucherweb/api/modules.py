"""Imports every module that declares calls, so that `ENDPOINTS` is whole."""

from voucherweb.api.management import imports, jobs, quotas, statistics, uploads, vendors, vouchers
from voucherweb.api.member import offers, pieces

MODULES = (imports, jobs, quotas, statistics, uploads, vendors, vouchers, offers, pieces)
