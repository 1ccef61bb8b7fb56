"""Imports every module that declares calls of contract B, so that `CALLS` is whole."""

MODULES = ()
