"""Signed, expiring addresses of the local store: `?expires=…&signature=…` (behaviour §9)."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from voucherweb.domain import clock
from voucherweb.errors import refuse
from voucherweb.storage.protocol import PartSpec

_BOUND = ("expires", "uploadId", "part", "md5", "size", "filename")


@dataclass(frozen=True, slots=True)
class Grant:
    """What one address allows: a method on a key until `expires` (epoch seconds), perhaps only
    for one part of an upload, perhaps as a download of a name.
    """

    method: str
    key: str
    expires: int
    upload_id: str | None = None
    part: PartSpec | None = None
    filename: str | None = None


class UrlSigner:
    """Writes and reads grants. The key is derived, so that no other signature passes here."""

    def __init__(self, secret: str) -> None:
        self._secret = hmac.digest(secret.encode(), b"voucherweb/storage/local/1", "sha256")

    def address(self, grant: Grant) -> str:
        """Path and query that carry the grant."""
        values = {"expires": str(grant.expires)}
        if grant.upload_id is not None and grant.part is not None:
            part = grant.part
            values |= {"uploadId": grant.upload_id, "part": str(part.number)}
            values |= {"md5": part.md5, "size": str(part.size)}
        if grant.filename is not None:
            values["filename"] = grant.filename
        values["signature"] = self._signature(grant.method, grant.key, values)
        return f"/files/{quote(grant.key)}?{urlencode(values)}"

    def verify(self, method: str, key: str, values: Mapping[str, str]) -> Grant:
        """The grant of a request; raises 403 `FORBIDDEN` when it is forged or too late."""
        given = values.get("signature", "").encode("utf-8", "replace")
        expected = self._signature(method, key, values).encode()
        if not hmac.compare_digest(given, expected):
            raise refuse("FORBIDDEN")
        expires = int(values["expires"])  # From here on every value is one that we wrote.
        if clock.now().timestamp() >= expires:
            raise refuse("FORBIDDEN")
        part = None
        if "part" in values:
            part = PartSpec(int(values["part"]), values["md5"], int(values["size"]))
        return Grant(method, key, expires, values.get("uploadId"), part, values.get("filename"))

    def _signature(self, method: str, key: str, values: Mapping[str, str]) -> str:
        message = json.dumps([method, key, *(values.get(name) for name in _BOUND)])
        return hmac.new(self._secret, message.encode(), hashlib.sha256).hexdigest()
