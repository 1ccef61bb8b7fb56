"""What the supervisor asks about the demo data."""

import json
from pathlib import Path

import psycopg

ACCOUNTS = "demo-accounts.json"


def is_empty(database_url: str) -> bool:
    """Whether the (migrated) database has neither a tenant nor an admin."""
    scheme, _, rest = database_url.partition("://")  # SQLAlchemy's spelling names a driver.
    plain = f"{scheme.partition('+')[0]}://{rest}"
    with psycopg.connect(plain, autocommit=True) as connection:
        row = connection.execute(
            "SELECT NOT EXISTS (SELECT FROM tenants) AND NOT EXISTS (SELECT FROM admins)"
        ).fetchone()
    return row is not None and bool(row[0])


def accounts_text(data_dir: Path) -> str:
    """The demo accounts as `demo load` wrote them, a line each; empty when there are none.

    The file is a list of objects; `account` and `password` come first, then whatever else they say.
    """
    path = data_dir / ACCOUNTS
    if not path.exists():
        return ""
    lines = ["  Demo accounts (account · password):"]
    for entry in json.loads(path.read_text(encoding="utf-8")):
        rest = [str(value) for key, value in entry.items() if key not in {"account", "password"}]
        lines.append("    " + " · ".join([entry["account"], entry["password"], *rest]))
    return "\n".join(lines) + "\n"
