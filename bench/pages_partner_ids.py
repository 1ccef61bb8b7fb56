"""Which partners' things the walk of the pages asks for: the asker's own, which are a tenant's or
the platform's, and the variants that cost most."""

from typing import Any, Final

_MINE: Final = "tenant_id IS NOT DISTINCT FROM %(own)s"
_OWNER: Final = "owner_id = coalesce(%(own)s::uuid, '00000000-0000-0000-0000-000000000000')"
_CAMPAIGNS: Final = (
    f"SELECT id FROM programmes WHERE {_MINE} ORDER BY"
    " (SELECT count(*) FROM cards c WHERE c.programme_id = programmes.id)"
)
_CARDS: Final = (
    f"cards c WHERE programme_id IN (SELECT id FROM programmes WHERE {_MINE}) ORDER BY entry_count"
)
_SETS: Final = f"SELECT id FROM coupon_sets WHERE source <> 'VOUCHER' AND {_MINE}"

ONE: Final[dict[str, str]] = {
    "campaign_id": f"{_CAMPAIGNS} DESC LIMIT 1",
    "small_campaign_id": f"{_CAMPAIGNS} LIMIT 1",
    "card_id": f"SELECT id FROM {_CARDS} DESC, id LIMIT 1",
    "card_no": f"SELECT card_no FROM {_CARDS} DESC, id LIMIT 1",
    "card_phone": "SELECT phone_number FROM members WHERE tenant_id IS NULL"
    " ORDER BY created_at, id LIMIT 1",
    "transaction_id": "SELECT transaction_id FROM points_entries WHERE kind = 'ADD' AND card_id ="
    f" (SELECT id FROM {_CARDS} DESC, id LIMIT 1) ORDER BY seq LIMIT 1",
    "key_id": f"SELECT id FROM api_keys WHERE {_MINE} AND kind = 'LIVE' AND revoked_at IS NULL"
    " ORDER BY created_at LIMIT 1",
    "sandbox_key_id": f"SELECT id FROM api_keys k WHERE {_MINE} AND kind = 'SANDBOX'"
    " ORDER BY EXISTS (SELECT 1 FROM partner_calls WHERE caller = 'key:' || k.id) DESC LIMIT 1",
    "add_on_id": f"SELECT id FROM add_ons WHERE {_MINE} AND status = 'ENABLED'"
    " ORDER BY code LIMIT 1",
    "since": "SELECT (extract(epoch FROM now()) * 1000)::bigint",
    "branch_id": f"SELECT id FROM branches WHERE {_MINE} ORDER BY code LIMIT 1",
    "call_id": f"SELECT id FROM partner_calls WHERE {_MINE} AND replayed ORDER BY id DESC LIMIT 1",
    "request_id": f"SELECT request_id FROM partner_calls WHERE {_MINE} ORDER BY id LIMIT 1",
    "coupon_set_id": f"{_SETS} ORDER BY total DESC LIMIT 1",
    "pending_set_id": f"{_SETS} AND status = 'PENDING' LIMIT 1",
    "import_set_id": f"{_SETS} AND source = 'IMPORT' ORDER BY total DESC LIMIT 1",
    "auto_set_id": f"{_SETS} AND source = 'AUTO_GENERATE' ORDER BY total DESC LIMIT 1",
    "coupon_code": "SELECT code FROM coupons WHERE set_id ="
    f" ({_SETS} ORDER BY total DESC LIMIT 1) AND ordinal = 77",
    "gift_id": "SELECT id FROM coupon_gifts WHERE status = 'ACTIVE' AND set_id ="
    f" ({_SETS} ORDER BY total DESC LIMIT 1) LIMIT 1",
    "holder_id": f"SELECT member_id FROM coupon_gifts WHERE {_OWNER}"
    " GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
}
"""Of `own`, the asker's tenant, or NULL for the platform; what there is none of, finds nothing."""

OTHER: Final[dict[str, dict[str, str]]] = {
    "api_keys.certification_of": {"key_id": "sandbox_key_id"},
    "coupon_sets.progress": {"coupon_set_id": "pending_set_id"},
    "coupon_sets.refused": {"coupon_set_id": "import_set_id"},
    "coupon_sets.member": {"member_id": "holder_id"},
}

_CAMPAIGN: Final = (
    *("?sort=balance&order=desc", "?sort=balance&order=asc", "?sort=cardNo", "?page=200"),
    *("?q={card_phone}", "?q=09", "?q=0912", "?q={card_no}"),
)
_MOVEMENTS: Final = (
    *("?kind=ADD", "?kind=BURN", "?kind=VOID", "?kind=GRANT", "?kind=REDEEM", "?page=500"),
    *("?q={card_no}", "?q={transaction_id}", "?q=N-0-5-2", "?q=nothing", "?kind=VOID&q={card_no}"),
    *("?order=asc", "?kind=VOID&page=500"),
)
_CODES: Final = (
    *("?status=PENDING", "?status=ACTIVE", "?status=USED", "?status=VOIDED"),
    *("?status=ACTIVE&page=3000", "?status=PENDING&page=2500", "?code={coupon_code}", "?page=2500"),
    *("?code=nothing", "?order=desc&status=USED"),
)
_CALLS: Final = (
    *("?outcome=done", "?outcome=refused", "?outcome=failed", "?code=INSUFFICIENT_POINTS"),
    *("?code=COUPON_ALREADY_USED", "?path=burn", "?path=nothing", "?request={request_id}"),
    *("?request=nothing", "?caller=key:{key_id}", "?caller=key:{sandbox_key_id}", "?caller=key:x"),
    *("?endDate={month}", "?startDate={month}&endDate={month}", "?startDate={today}"),
    *("?startDate={month}", "?caller=key:{key_id}&endDate={month}", "?page=400"),
    *("?endDate={month}&outcome=failed", "?caller=key:{key_id}&code=POOL_EMPTY"),
)
_SITE: Final = "/admin/partners"
HEAVY: Final = (
    *(f"{_SITE}/campaigns/{{campaign_id}}{query}" for query in _CAMPAIGN),
    *(f"{_SITE}/campaigns/{{campaign_id}}/movements{query}" for query in _MOVEMENTS),
    f"{_SITE}/campaigns/{{small_campaign_id}}",
    f"{_SITE}/campaigns/{{small_campaign_id}}/totals",
    f"{_SITE}/campaigns/{{small_campaign_id}}/movements",
    f"{_SITE}/campaigns/{{small_campaign_id}}/movements?kind=GRANT",
    f"{_SITE}/campaigns/{{small_campaign_id}}/movements?page=100",
    f"{_SITE}/cards/{{card_id}}?page=500",
    *(f"{_SITE}/coupon-sets/{{coupon_set_id}}{query}" for query in _CODES),
    *(f"{_SITE}/coupon-sets/{{auto_set_id}}{query}" for query in _CODES[:4]),
    f"{_SITE}/coupon-sets/{{pending_set_id}}",
    f"{_SITE}/coupon-sets/{{import_set_id}}/refused?page=400",
    f"{_SITE}/coupon-sets?keyword=%E7%A5%A8&state=giving",
    f"{_SITE}/coupon-sets?source=IMPORT",
    f"{_SITE}/coupon-sets/members/{{holder_id}}?page=80",
    f"{_SITE}/keys?keyword=vk_&kind=LIVE&state=active",
    f"{_SITE}/keys?kind=SANDBOX",
    *(f"{_SITE}/calls{query}" for query in _CALLS),
)
PLATFORM: Final = (
    f"{_SITE}/calls?whose=own",
    f"{_SITE}/calls?whose=own&outcome=failed",
    f"{_SITE}/calls?tenant={{tenant_id}}",
    f"{_SITE}/calls?tenant={{tenant_id}}&outcome=failed&startDate={{month}}",
)


def partner_paths(ids: dict[str, Any], *, platform: bool) -> list[str]:
    """The variants whose things the asker has; `month` and `today` are days among the ids."""
    found = []
    for path in (*HEAVY, *(PLATFORM if platform else ())):
        try:
            found.append(path.format(**ids))
        except KeyError:  # The platform has no sandbox key, for one.
            continue
    return found
