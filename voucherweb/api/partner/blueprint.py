"""The blueprint that every call of contract B registers on; paths are written whole."""

from flask import Blueprint
from werkzeug.routing import BaseConverter

blueprint = Blueprint("partner", __name__)

PREFIXES = ("/v1/auth-connect/", "/v2/connect/", "/api/v1/connect/")
"""Where contract B begins; what is not found below is told in its shape too."""


class RestConverter(BaseConverter):
    """`<rest:name>`: all that is left of an address, whatever it begins with. Servers decode
    `%2F` before we see it, so a partner's own name for a transaction may begin with a slash."""

    part_isolating = False
    regex = "(?s:.+)"
    weight = 200
