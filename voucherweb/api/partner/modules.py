"""Imports every module that declares calls of contract B, so that `CALLS` is whole."""

from voucherweb.api.partner import campaigns, identity, points, profiles, transactions

MODULES = (campaigns, identity, points, profiles, transactions)
