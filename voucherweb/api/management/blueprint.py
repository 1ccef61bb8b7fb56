"""The blueprint that every management call registers on."""

from flask import Blueprint

blueprint = Blueprint("management", __name__, url_prefix="/voucher-mgmt")
