"""Contract B call 7: members with their cards."""

from voucherweb.api.partner.answers import Listed
from voucherweb.api.partner.call import Asked, call
from voucherweb.api.partner.points_shapes import Profile, ProfileCard, ProfileQuery
from voucherweb.domain.partner import Scope
from voucherweb.services import profiles as service


@call(
    "GET",
    "/v2/connect/profiles",
    scope=Scope.MEMBERS_READ,
    query=ProfileQuery,
    data=Profile,
    listed=True,
    session=True,
    summary=("取得會員資料", "Get profiles"),
)
def profiles(asked: Asked) -> Listed:
    """This tenant's members of that telephone number, card or id; all of them without any."""
    query = asked.query
    wanted = service.Wanted(query.phone_number, query.card_no, query.member_id)
    rows, total = service.find_profiles(asked.partner.owner_id, wanted, query.size, query.offset)
    return Listed([_told(row) for row in rows], total)


def _told(row: service.Profile) -> Profile:
    return Profile(
        member_id=row.member_id,
        phone_number=row.phone_number,
        first_name=row.name,
        last_name=None,
        email=None,
        gender=row.gender,
        birth_date=row.birth_date,
        cards=[_card(card) for card in row.cards],
        other_data=[],
        created_at=row.created_at,
    )


def _card(card: service.HeldCard) -> ProfileCard:
    return ProfileCard(
        card_no=card.card_no,
        campaign_uuid=card.campaign_id,
        campaign_name=card.campaign_name,
        points=card.points,
        tier=card.tier,
        expired_at=card.expired_at,
    )
