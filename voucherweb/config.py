"""Typed settings: the only reader of the environment. Wrong values fail loudly at start.

Every secret may also be given as `NAME_FILE`, the path of a file that holds it (behaviour §10).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

from voucherweb.setting_values import (
    Reader,
    SettingsError,
    key_set,
    log_level,
    public_key,
    ratio,
    zone,
)

__all__ = [
    "APPLICATION_NAME",
    "DEVELOPMENT_SECRET",
    "EngineSettings",
    "MemberTokens",
    "S3Settings",
    "Settings",
    "SettingsError",
    "SmtpSettings",
    "environment",
    "load_engine_settings",
    "load_settings",
    "open_to_the_network",
    "refuse_unsafe",
    "share_metrics_in",
    "weak",
]

APPLICATION_NAME = "voucherweb"
"""How our database sessions name themselves, unless the URL names another."""
DEVELOPMENT_SECRET = "development-only-secret-never-in-production"  # noqa: S105


@dataclass(frozen=True, slots=True)
class S3Settings:
    """An S3-compatible object store (behaviour §9)."""

    endpoint: str | None
    region: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    addressing: Literal["path", "virtual"] = "path"

    @property
    def origin(self) -> str:
        """Where browsers fetch and store objects: scheme, host and port."""
        parts = urlsplit(self.endpoint or f"https://s3.{self.region}.amazonaws.com")
        host = f"{self.bucket}.{parts.netloc}" if self.addressing == "virtual" else parts.netloc
        return f"{parts.scheme}://{host}"


@dataclass(frozen=True, slots=True)
class MemberTokens:
    """How host-app tokens are verified: one key, one algorithm family (behaviour §2)."""

    algorithms: tuple[str, ...]
    key: str | None = field(default=None, repr=False)
    jwks_file: Path | None = None
    issuer: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """A mail server; `tls` from the first byte, else STARTTLS."""

    host: str
    port: int
    tls: bool
    sender: str
    user: str | None = None
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured; see the table in README.md."""

    environment: Literal["development", "test", "production"]
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    data_dir: Path
    public_url: str | None
    timezone: ZoneInfo
    unit_points: int
    safety_stock_rate: Decimal
    ratelimit_enabled: bool
    port: int
    web_workers: int
    web_threads: int
    db_pool_size: int
    s3: S3Settings | None
    member_tokens: MemberTokens | None
    log_level: str = "INFO"
    debug: bool = False
    import_wait_seconds: float = 25.0
    metrics_token: str | None = field(default=None, repr=False)
    trusted_proxies: int = 0
    db_prepared_statements: bool = True
    smtp: SmtpSettings | None = None

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def storage_origin(self) -> str | None:
        """Where browsers find stored objects, unless it is wherever they reach the pages."""
        if self.s3:
            return self.s3.origin
        parts = urlsplit(self.public_url or "")
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL with the driver that SQLAlchemy should use."""
        head, _, rest = self.database_url.partition("://")
        return f"{'postgresql+psycopg' if head.startswith('postgres') else head}://{rest}"

    @property
    def libpq_url(self) -> str:
        """The database URL as libpq reads it, without SQLAlchemy's name of a driver."""
        head, _, rest = self.database_url.partition("://")
        return f"{head.partition('+')[0]}://{rest}"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What must be known before the engines run; URLs are None when the engines are our own."""

    database_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    engines: str
    data_dir: Path
    production: bool
    port: int
    web_workers: int
    web_threads: int


def _s3(read: Reader) -> S3Settings | None:
    bucket = read.text("S3_BUCKET")
    if bucket is None:
        return None
    addressing = read.text("S3_ADDRESSING", "path")
    if addressing not in {"path", "virtual"}:
        raise SettingsError("S3_ADDRESSING: expected path or virtual")
    return S3Settings(
        endpoint=read.url("S3_ENDPOINT_URL", "https", "http", example="https://s3.example.com"),
        region=read.text("S3_REGION", "us-east-1") or "us-east-1",
        bucket=bucket,
        access_key=read.need("S3_ACCESS_KEY_ID"),
        secret_key=read.need("S3_SECRET_ACCESS_KEY"),
        addressing="path" if addressing == "path" else "virtual",
    )


def _member_tokens(read: Reader) -> MemberTokens | None:
    secret = read.text("MEMBER_JWT_SECRET")
    public = read.text("MEMBER_JWT_PUBLIC_KEY")
    jwks = read.text("MEMBER_JWT_JWKS_FILE")
    given = [value for value in (secret, public, jwks) if value]
    if not given:
        return None
    if len(given) > 1:
        raise SettingsError(
            "give one of MEMBER_JWT_SECRET, MEMBER_JWT_PUBLIC_KEY, MEMBER_JWT_JWKS_FILE"
        )
    return MemberTokens(
        algorithms=("HS256",) if secret else ("RS256", "EdDSA"),
        key=public_key(public) if public else secret,
        jwks_file=key_set(jwks) if jwks else None,
        issuer=read.text("MEMBER_JWT_ISSUER"),
        audience=read.text("MEMBER_JWT_AUDIENCE"),
    )


def _smtp(text: str | None) -> SmtpSettings | None:
    """`smtp://user:password@host:587?from=address`, or `smtps://`; the URL itself is a secret."""
    if text is None:
        return None
    wanted = "SMTP_URL: expected smtp://user:password@host:587?from=address or smtps://…"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError(wanted) from error
    asked = dict(parse_qsl(parts.query))
    sender = asked.pop("from", "")
    shape = re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", sender)
    if parts.scheme not in {"smtp", "smtps"} or not host or not shape or asked:
        raise SettingsError(wanted)
    tls = parts.scheme == "smtps"
    return SmtpSettings(
        host=host,
        port=port or (465 if tls else 587),
        tls=tls,
        sender=sender,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
    )


def _environment(value: str | None) -> Literal["development", "test", "production"]:
    if value in {None, "development"}:
        return "development"
    if value == "test":
        return "test"
    if value == "production":
        return "production"
    raise SettingsError(f"APP_ENV={value!r}: expected development, test or production")


def _wait_seconds(read: Reader) -> float:
    return float(read.integer("IMPORT_WAIT_SECONDS", 25, low=0, high=25))


def environment() -> dict[str, str]:
    """A copy of the process's environment, to hand on to programs and to `load_settings`."""
    return dict(os.environ)


def share_metrics_in(directory: Path) -> None:
    """Tell prometheus-client, which asks the environment, where the processes share metrics."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


def _data_dir(read: Reader) -> Path:
    return Path(read.text("DATA_DIR", "var") or "var").resolve()


def _database_url(read: Reader) -> str | None:
    example = "postgresql://user:password@host:5432/voucherweb"
    return read.url("DATABASE_URL", "postgresql", "postgres", example=example)


def _redis_url(read: Reader) -> str | None:
    example = "redis://:password@host:6379/0"
    return read.url("REDIS_URL", "redis", "rediss", "unix", example=example)


def _public_url(read: Reader) -> str | None:
    return read.url("PUBLIC_URL", "https", "http", example="https://voucher.example.com")


def load_engine_settings(environ: Mapping[str, str] | None = None) -> EngineSettings:
    """The part of the settings that the embedded system starts from; raises `SettingsError`."""
    read = Reader(os.environ if environ is None else environ)
    return EngineSettings(
        database_url=_database_url(read),
        redis_url=_redis_url(read),
        engines=read.text("ENGINES", "auto") or "auto",
        data_dir=_data_dir(read),
        production=_environment(read.text("APP_ENV")) == "production",
        port=read.integer("PORT", 8000, high=65_535),
        web_workers=read.integer("WEB_WORKERS", 2, high=64),
        web_threads=read.integer("WEB_THREADS", 64, high=512),
    )


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment (or the mapping given) into `Settings`; raises `SettingsError`."""
    read = Reader(os.environ if environ is None else environ)
    kind = _environment(read.text("APP_ENV"))
    secret = read.text("SECRET_KEY")
    settings = Settings(
        environment=kind,
        secret_key=secret or DEVELOPMENT_SECRET,
        database_url=_database_url(read) or read.need("DATABASE_URL"),
        redis_url=_redis_url(read) or read.need("REDIS_URL"),
        data_dir=_data_dir(read),
        public_url=(_public_url(read) or "").rstrip("/") or None,
        timezone=zone(read.text("TIMEZONE", "Asia/Taipei") or ""),
        unit_points=read.integer("UNIT_POINTS", 30, high=100_000),
        safety_stock_rate=ratio(read.text("SAFETY_STOCK_RATE", "0.3") or ""),
        ratelimit_enabled=read.flag("RATELIMIT_ENABLED", default=True),
        port=read.integer("PORT", 8000, high=65_535),
        web_workers=read.integer("WEB_WORKERS", 2, high=64),
        web_threads=read.integer("WEB_THREADS", 64, high=512),
        db_pool_size=read.integer("DB_POOL_SIZE", 8, high=200),
        s3=_s3(read),
        member_tokens=_member_tokens(read),
        log_level=log_level(read.text("LOG_LEVEL", "INFO") or "INFO"),
        debug=read.flag("APP_DEBUG", default=False),
        import_wait_seconds=_wait_seconds(read),
        metrics_token=read.text("METRICS_TOKEN"),
        trusted_proxies=read.integer("TRUSTED_PROXIES", 0, low=0, high=10),
        db_prepared_statements=read.flag("DB_PREPARED_STATEMENTS", default=True),
        smtp=_smtp(read.text("SMTP_URL")),
    )
    if settings.production:
        refuse_unsafe(settings, read.environ)
    return settings


def refuse_unsafe(settings: Settings, environ: Mapping[str, str]) -> None:
    """Production starts only with real secrets and no debug setting; raises `SettingsError`."""
    tokens = settings.member_tokens
    member_secret = tokens.key if tokens and "HS256" in tokens.algorithms else None
    rules = {
        "SECRET_KEY is missing or weak: give at least 32 random characters": weak(
            settings.secret_key
        ),
        "MEMBER_JWT_SECRET is weak: give at least 32 random characters": member_secret is not None
        and weak(member_secret),
        "METRICS_TOKEN is weak: give at least 32 random characters": settings.metrics_token
        is not None
        and weak(settings.metrics_token),
        "APP_DEBUG and FLASK_DEBUG must be off": settings.debug
        or environ.get("FLASK_DEBUG", "0") not in {"", "0"},
        "LOG_LEVEL must not be DEBUG": settings.log_level == "DEBUG",
        "PUBLIC_URL must be the https:// address that people use": not (
            settings.public_url or ""
        ).startswith("https://"),
        "RATELIMIT_ENABLED must be on": not settings.ratelimit_enabled,
        "DATABASE_URL needs a password that is not a well-known one: the server is reached over "
        "the network": open_to_the_network(settings.libpq_url),
        "REDIS_URL needs a password that is not a well-known one: who can write there can run "
        "code in the workers": open_to_the_network(settings.redis_url),
    }
    wrong = [sentence for sentence, broken in rules.items() if broken]
    if wrong:
        raise SettingsError("; ".join(wrong))


_PLACEHOLDERS = ("change", "development", "example", "replace", "secret", "password", "your-")
_WELL_KNOWN = {"", "admin", "changeme", "password", "postgres", "redis", "root", "secret"}


def weak(secret: str) -> bool:
    """Whether a secret could be guessed: short, a placeholder, or a short piece repeated."""
    size = len(secret)
    repeated = any(secret[step:] == secret[:-step] for step in range(1, size // 2 + 1))
    placeholder = any(word in secret.lower() for word in _PLACEHOLDERS)
    return size < 32 or len(set(secret)) < 10 or repeated or placeholder


def open_to_the_network(url: str) -> bool:
    """Whether a server's URL names another machine and no secret of its own to get in with.

    A client certificate or a password file counts; a unix socket and this machine need none.
    """
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    host = asked.get("host") or parts.hostname or ""
    if parts.scheme == "unix" or host.startswith("/"):
        return False
    if host in {"", "localhost", "127.0.0.1", "::1"} or {"sslcert", "passfile", "service"} & {
        *asked
    }:
        return False
    password = unquote(asked.get("password") or parts.password or "")
    return password in _WELL_KNOWN or password == unquote(parts.username or "")
