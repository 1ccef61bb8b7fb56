"""Imports every module that declares calls of contract B, so that `CALLS` is whole."""

from voucherweb.api.partner import campaigns, points, profiles, transactions

MODULES = (campaigns, points, profiles, transactions)
