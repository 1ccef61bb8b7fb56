"""A typed client of voucherweb's partner Open API, over the standard library alone."""

from voucherweb_partner.client import Client
from voucherweb_partner.errors import Detail, NoAnswer, PartnerError
from voucherweb_partner.session import Patience
from voucherweb_partner.transport import Answer, ConnectionTrouble, HttpTransport, Transport
from voucherweb_partner.windows import Window

__all__ = [
    "Answer",
    "Client",
    "ConnectionTrouble",
    "Detail",
    "HttpTransport",
    "NoAnswer",
    "PartnerError",
    "Patience",
    "Transport",
    "Window",
]
