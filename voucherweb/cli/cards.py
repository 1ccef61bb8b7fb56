"""`cards create`."""

import click
from flask.cli import AppGroup

from voucherweb.cli.command import Answer, command
from voucherweb.domain.actor import OPERATOR
from voucherweb.services.cards import CardTerms, give_card
from voucherweb.services.ids import parse_id
from voucherweb.transaction import unit_of_work

cards = AppGroup("cards", help="Members' cards in points programmes.")


@command(cards, "create")
@click.option("--member", required=True, help="The member's id (householdMemberId).")
@click.option("--campaign", required=True, help="The campaign's id.")
@click.option("--tier", help="A tier of the tenant's own words.")
def create(member: str, campaign: str, tier: str | None) -> Answer:
    """Give a member a card in a campaign; answers the one there is when it was given before."""
    with unit_of_work():
        given = give_card(OPERATOR, member, parse_id(campaign), CardTerms(tier))
        return {"card_no": given.card.card_no, "created": given.is_new}
