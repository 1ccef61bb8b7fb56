"""Addresses of stored objects, as the answers give them."""

from flask import current_app, has_request_context, request

from voucherweb.config import Settings
from voucherweb.storage.protocol import Storage


def storage() -> Storage:
    """The object store of the running application."""
    found: Storage = current_app.extensions["storage"]
    return found


def public_url() -> str:
    """PUBLIC_URL, else the host that the request came to, else the local address."""
    settings: Settings = current_app.extensions["settings"]
    if settings.public_url:
        return settings.public_url
    if has_request_context():
        return request.host_url.rstrip("/")
    return f"http://127.0.0.1:{settings.port}"


def picture_url(key: str | None) -> str | None:
    """A download address, good for 3600 s (contract A `thumbnailUrl`)."""
    return storage().presign_get(key) if key else None
