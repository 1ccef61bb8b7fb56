"""Stores of objects behind one protocol: pictures, videos, failure workbooks (behaviour §9)."""

from collections.abc import Callable

from voucherweb.config import Settings
from voucherweb.storage.local import LocalStorage
from voucherweb.storage.protocol import Storage


def make_storage(settings: Settings, public_url: Callable[[], str]) -> Storage:
    """The store that the settings name: S3 when a bucket is set, else the data directory.

    `public_url` answers the address that people reach the app at, without a slash at the end;
    it is asked for each address, since without `PUBLIC_URL` it depends on the request.
    """
    if settings.s3 is None:
        return LocalStorage(settings.data_dir / "objects", settings.secret_key, public_url)
    # boto3 costs half a second and ten megabytes a process: only those pay who use it.
    from voucherweb.storage.s3 import S3Storage  # noqa: PLC0415

    return S3Storage(settings.s3)
