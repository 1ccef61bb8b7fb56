"""The blueprint that every app call registers on."""

from flask import Blueprint

blueprint = Blueprint("member", __name__, url_prefix="/voucher")
