"""Contract B call 6: the programmes that points are added to."""

from voucherweb.api.partner.answers import Listed
from voucherweb.api.partner.call import Asked, call
from voucherweb.api.partner.points_shapes import Campaign
from voucherweb.api.partner.shapes import PageQuery
from voucherweb.domain.partner import Scope
from voucherweb.models import Programme
from voucherweb.services.campaigns import campaigns_of


@call(
    "GET",
    "/v2/connect/campaigns",
    scope=Scope.POINTS_READ,
    query=PageQuery,
    data=Campaign,
    listed=True,
    session=True,
    summary=("取得點數活動", "Get campaigns"),
)
def campaigns(asked: Asked) -> Listed:
    """The points programmes of this tenant, oldest first."""
    rows, total = campaigns_of(asked.partner.owner_id, asked.query.size, asked.query.offset)
    return Listed([_told(row) for row in rows], total)


def _told(row: Programme) -> Campaign:
    return Campaign(
        uuid=row.id,
        name=row.name,
        type=row.type,
        status=row.status,
        value_per_point=row.value_per_point,
        start_date=row.start_date,
        end_date=row.end_date,
        image_url=row.image_url,
    )
