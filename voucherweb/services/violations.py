"""Which constraint a statement met: the driver and SQLAlchemy each have an error of their own."""

from psycopg import Error
from sqlalchemy.exc import DBAPIError

UNIQUE_CODE = "uq_coupons_code"
UNIQUE_REF_ID = "uq_points_entries_ref_id"


def constraint_of(error: Exception) -> str | None:
    """The name of the constraint that was violated; None for any other error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return cause.diag.constraint_name if isinstance(cause, Error) else None
