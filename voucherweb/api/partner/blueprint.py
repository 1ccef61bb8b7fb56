"""The blueprint that every call of contract B registers on; paths are written whole."""

from flask import Blueprint

blueprint = Blueprint("partner", __name__)

PREFIXES = ("/v1/auth-connect/", "/v2/connect/", "/api/v1/connect/")
"""Where contract B begins; what is not found below is told in its shape too."""
