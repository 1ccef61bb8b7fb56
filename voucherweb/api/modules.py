"""Imports every module that declares calls, so that `ENDPOINTS` is whole."""

from voucherweb.api.management import quotas, vendors

MODULES = (quotas, vendors)
