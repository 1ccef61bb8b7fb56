"""Which things the walk of the pages asks for: something of each kind that addresses name, and
beside it what is the asker's own, in the state in which the page has something to show."""

import uuid
from collections.abc import Callable
from typing import Any, Final

import psycopg
from flask import Flask
from psycopg.types.json import Jsonb

from bench import pages_partner_ids
from voucherweb.domain.enums import Role
from voucherweb.storage.keys import export_key
from voucherweb.web.page import Page

_ONE: Final[dict[str, str]] = {
    "voucher_id": "SELECT id FROM vouchers WHERE tenant_id = %(t)s ORDER BY voucher_no LIMIT 1",
    "voucher_no": "SELECT voucher_no FROM vouchers WHERE tenant_id = %(t)s ORDER BY 1 LIMIT 1",
    "draft_id": "SELECT id FROM vouchers WHERE tenant_id = %(t)s AND status = 'NONE' LIMIT 1",
    "off_id": "SELECT id FROM vouchers WHERE tenant_id = %(t)s AND status = 'OFF' LIMIT 1",
    "coupons_id": "SELECT v.id FROM vouchers v JOIN coupon_sets s ON s.id = v.coupon_set_id"
    " WHERE v.tenant_id = %(t)s ORDER BY s.total DESC LIMIT 1",
    "long_id": "SELECT id FROM vouchers ORDER BY redeemed DESC LIMIT 1",
    "vendor_id": "SELECT id FROM vendors WHERE tenant_id = %(t)s",
    "purchase_id": "SELECT p.id FROM quota_purchases p JOIN vendors v ON v.id = p.vendor_id"
    " WHERE v.tenant_id = %(t)s LIMIT 1",
    "member_id": "SELECT id FROM members ORDER BY created_at LIMIT 1",
    "write_off_id": "SELECT max(id) FROM write_offs WHERE tenant_id = %(t)s AND undone_at IS NULL",
    "import_id": "SELECT id FROM jobs WHERE tenant_id = %(t)s AND kind = 'IMPORT'"
    " AND state = 'DONE' ORDER BY created_at DESC LIMIT 1",
    "row": "SELECT min(row_number) FROM coupon_import_failures",
    "admin_id": "SELECT id FROM admins WHERE tenant_id = %(t)s ORDER BY account LIMIT 1",
}
_OTHER: Final[dict[str, dict[str, str]]] = {
    "vouchers.coupons": {"voucher_id": "coupons_id"},
    "vouchers.put_on": {"voucher_id": "off_id"},
    "vouchers.delete": {"voucher_id": "draft_id"},
    "vouchers.import_progress": {"job_id": "import_id"},
    "vouchers.refused_rows": {"job_id": "import_id"},
    **pages_partner_ids.OTHER,
    "jobs.cancel": {"job_id": "open_job_id"},
    "imports.cancel": {"job_id": "open_import_id"},
    "imports.progress": {"job_id": "open_import_id"},
}
"""What a page is about when the usual thing of that kind has nothing to show there."""
_QUERY: Final = {"vouchers.take_down_many": "id={voucher_id}"}

_JOB: Final = """
INSERT INTO jobs (id, kind, tenant_id, actor, state, progress, params, result, attempts, created_at,
                  started_at, finished_at, seen_at)
SELECT %(id)s, %(kind)s, %(tenant)s, %(actor)s, s.state, CASE WHEN s.done THEN 100 ELSE 40 END,
       %(params)s, CASE WHEN s.done THEN %(result)s::jsonb END, 1, now(), now(),
       CASE WHEN s.done THEN now() END, CASE WHEN s.done THEN now() END
FROM (SELECT %(state)s::text AS state, %(state)s = 'DONE' AS done) s
"""
_WORKBOOK: Final = b"PK" + bytes(40_000)


def ids_for(
    app: Flask, database_url: str, tenant_id: uuid.UUID, role: Role, admin_id: uuid.UUID
) -> dict[str, Any]:
    """Ids by name, for one asker; makes what must be his own."""
    own = None if role is Role.PLATFORM_ADMIN else tenant_id
    with psycopg.connect(database_url) as connection:
        read: Callable[..., Any] = connection.execute
        given, queries = {"t": tenant_id, "own": own}, _ONE | pages_partner_ids.ONE
        found = {name: read(query, given).fetchone() for name, query in queries.items()}
        ids = {name: row[0] for name, row in found.items() if row and row[0] is not None}
        # A clerk may see the receipts that he gave himself.
        values = {"admin": admin_id, "id": ids["write_off_id"]}
        read("UPDATE write_offs SET admin_id = %(admin)s WHERE id = %(id)s", values)
        for name, kind, state in (
            ("job_id", "EXPORT", "DONE"),
            ("open_job_id", "EXPORT", "QUEUED"),
            ("open_import_id", "IMPORT", "RUNNING"),
        ):
            ids[name] = _job(connection, kind, state, own, admin_id)
    app.extensions["storage"].write(export_key(ids["job_id"], 1, "xlsx"), _WORKBOOK)
    return {"tenant_id": tenant_id, **ids}


def _job(
    connection: psycopg.Connection[Any],
    kind: str,
    state: str,
    tenant_id: uuid.UUID | None,
    admin_id: uuid.UUID,
) -> uuid.UUID:
    job_id = uuid.uuid4()
    params = {"what": "VOUCHERS", "format": "xlsx", "filters": {}, "english": False, "stored": True}
    result = {"attempt": 1, "fileName": "票券.xlsx", "bytes": len(_WORKBOOK), "rows": 500}
    connection.execute(
        _JOB,
        {
            "id": job_id,
            "kind": kind,
            "tenant": tenant_id,
            "actor": f"admin:{admin_id}",
            "state": state,
            "params": Jsonb(params),
            "result": Jsonb(result),
        },
    )
    return job_id


def address_of(app: Flask, page: Page, ids: dict[str, Any]) -> str | None:
    """The page's address with ids of things that exist; None for what the bench does not make."""
    rule = next(app.url_map.iter_rules(page.endpoint))
    renamed = _OTHER.get(page.endpoint, {})
    if page.endpoint.startswith("imports.") and not renamed:
        renamed = {"job_id": "import_id"}
    names = {name: renamed.get(name, name) for name in rule.arguments}
    if not set(names.values()) <= ids.keys():
        return None
    wanted = {name: ids[kept] for name, kept in names.items()}
    path: str = app.url_map.bind("").build(page.endpoint, wanted)
    query = _QUERY.get(page.endpoint)
    return f"{path}?{query.format(**ids)}" if query else path
