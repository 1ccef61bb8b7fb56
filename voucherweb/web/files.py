"""`/files/<key>`: the local store's signed addresses (behaviour §9). No session, no CSRF token:
the signature in the address is the whole permission.
"""

from typing import BinaryIO

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from voucherweb.domain import clock
from voucherweb.errors import invalid, refuse
from voucherweb.storage.keys import attachment, check_key
from voucherweb.storage.local import LocalStorage, stat_open
from voucherweb.storage.protocol import ObjectNotFound, broken_off
from voucherweb.storage.signing import Grant


def files_blueprint(storage: LocalStorage) -> Blueprint:
    """The routes that serve this store; exempt the blueprint from CSRF protection."""
    blueprint = Blueprint("files", __name__)

    @blueprint.put("/files/<path:key>")
    def upload(key: str) -> Response:
        grant = storage.signer.verify("PUT", key, request.args)
        length = _announced_length(grant)
        response = Response(status=200)
        try:
            response.set_etag(storage.receive(grant, request.stream, length))
        except ClientDisconnected as gone:
            raise broken_off() from gone
        return response

    @blueprint.get("/files/<path:key>")
    def download(key: str) -> Response:
        return _answer(storage, storage.signer.verify("GET", key, request.args))

    return blueprint


def _announced_length(grant: Grant) -> int:
    """The length that the request announces, refused before it is read if it is too large.

    It is required, as by S3: some servers end a broken-off body like a whole one, and only the
    length tells them apart.
    """
    limit = check_key(grant.key).limit
    length = request.content_length
    if length is None:
        raise invalid("Content-Length", "is required", "必須提供")
    if length > limit:
        raise refuse("PAYLOAD_TOO_LARGE")
    request.max_content_length = limit + 1  # Exactly the limit is allowed; Werkzeug stops at it.
    return length


def _answer(storage: LocalStorage, grant: Grant) -> Response:
    try:
        file = storage.open_file(grant.key)
    except ObjectNotFound:
        raise refuse("NOT_FOUND") from None
    return _response(file, grant)


def _response(file: BinaryIO, grant: Grant) -> Response:
    info, modified = stat_open(file)
    response = Response(wrap_file(request.environ, file), direct_passthrough=True)
    response.content_type = check_key(grant.key).media_type
    response.content_length = info.size
    response.last_modified = modified
    response.set_etag(info.etag)
    response.cache_control.private = True
    response.cache_control.max_age = grant.expires - int(clock.now().timestamp())
    # The bytes are a stranger's: a browser shall see the type we name, and never run them.
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = (
        "inline" if grant.filename is None else attachment(grant.filename)
    )
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=info.size)
    except RequestedRangeNotSatisfiable:
        file.close()
        return Response(status=416, headers={"Content-Range": f"bytes */{info.size}"})
    return response
