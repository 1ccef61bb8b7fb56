"""The operators' commands: `flask --app app …` (behaviour §10)."""

from flask import Flask

from voucherweb.cli.addons import addons
from voucherweb.cli.admins import admins
from voucherweb.cli.apikeys import apikeys
from voucherweb.cli.backup import backup, restore
from voucherweb.cli.books import books
from voucherweb.cli.branches import branches
from voucherweb.cli.campaigns import campaigns
from voucherweb.cli.cards import cards
from voucherweb.cli.coupons import coupons
from voucherweb.cli.demo import demo
from voucherweb.cli.members import members
from voucherweb.cli.partner import partner
from voucherweb.cli.points import points
from voucherweb.cli.tenants import tenants

COMMANDS = (
    tenants,
    admins,
    members,
    points,
    campaigns,
    cards,
    coupons,
    books,
    demo,
    backup,
    restore,
    apikeys,
    addons,
    branches,
    partner,
)


def register_commands(app: Flask) -> None:
    """Hang every command and group of commands on the application."""
    for command in COMMANDS:
        app.cli.add_command(command)
