"""Links by mail, against a real server on a socket."""

import base64
import ipaddress
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.mailbox import Mailbox, mailbox
from voucherweb.config import Settings, SettingsError, SmtpSettings, load_settings
from voucherweb.services import mail
from voucherweb.services.links import Link

URL = "https://voucher.example.test/admin/link/abc"
ENDS = datetime(2026, 11, 29, 4, 5, tzinfo=UTC)
INVITE = Link("INVITE", "lin@example.test", "林小姐", ENDS)
ENVIRON = {"DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x"}


def send(
    settings: Settings, box: Mailbox, link: Link = INVITE, language: str = "zh-TW", **server: Any
) -> bool:
    smtp = replace(SmtpSettings("127.0.0.1", box.port, tls=False, sender="vw@x.test"), **server)
    return mail.send_link(replace(settings, smtp=smtp), link, URL, language)


@pytest.mark.parametrize(
    ("kind", "language", "subject", "words"),
    [
        ("INVITE", "zh-TW", "您的 voucherweb 帳號", "林小姐 您好"),
        ("RESET", "zh-TW", "重新設定 voucherweb 密碼", "已申請重新設定密碼"),
        ("INVITE", "en", "Your voucherweb account", "You have been invited"),
        ("RESET", "en", "Set a new voucherweb password", "A new password was asked for"),
    ],
)
def test_a_link_arrives(
    settings: Settings, kind: Any, language: str, subject: str, words: str
) -> None:
    with mailbox() as box:
        assert send(settings, box, replace(INVITE, kind=kind), language)
    text = box.mail.get_content().replace("\r\n", "\n")
    assert (box.mail["Subject"], box.mail["To"]) == (subject, "lin@example.test")
    assert words in text
    assert f"\n{URL}\n" in text
    assert "2026/11/29 12:05" in text, "in the site's time zone"
    assert box.said[1:3] == ["mail FROM:<vw@x.test>", "rcpt TO:<lin@example.test>"]


def test_the_server_gets_the_password(settings: Settings) -> None:
    with mailbox() as box:
        assert send(settings, box, user="me", password="p@ss word")
    given = next(one for one in box.said if one.startswith("AUTH")).split()[-1]
    assert base64.b64decode(given) == b"\0me\0p@ss word"


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "AUTH"])
def test_a_refusal_is_told_and_breaks_nothing(settings: Settings, verb: str) -> None:
    with mailbox(refuse=verb) as box:
        assert not send(settings, box, user="me", password="secret")
    assert box.mails == []


def test_a_password_that_cannot_be_sent_breaks_nothing(settings: Settings) -> None:
    with mailbox() as box:
        assert not send(settings, box, user="me", password="密碼")


def test_nobody_at_the_port_breaks_nothing(settings: Settings) -> None:
    with mailbox() as box:
        pass
    assert not send(settings, box)


def test_a_silent_server_is_not_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mail.TIMEOUT_SECONDS == 5
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.2)
    silent = threading.Event()
    with mailbox(silent=silent) as box:
        assert not send(settings, box)
        silent.set()


def test_no_secret_travels_in_the_clear_to_another_machine(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "LOOPBACK", frozenset())
    with mailbox() as box:
        assert not send(settings, box, user="me", password="secret")
    assert box.mails == []
    assert not any(one.startswith("AUTH") for one in box.said)


@pytest.mark.parametrize("account", ["boss", "boss@", "@boss"])
def test_an_account_that_is_no_address_gets_no_mail(settings: Settings, account: str) -> None:
    with mailbox() as box:
        assert not send(settings, box, replace(INVITE, account=account))
    assert box.said == []


def test_without_a_server_nothing_is_sent(settings: Settings) -> None:
    assert settings.smtp is None
    assert not mail.send_link(settings, INVITE, URL, "en")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that signed itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(secret + made.public_bytes(pem))
    return path


@pytest.mark.parametrize("trusted", [True, False])
def test_only_a_trusted_certificate_gets_mail(
    settings: Settings, certificate: Path, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mailbox(serving) as box:
        assert send(settings, box, tls=True) is trusted
    assert len(box.mails) == int(trusted)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.x?from=a@x", SmtpSettings("mail.x", 587, False, "a@x")),
        ("smtps://mail.x?from=a@x", SmtpSettings("mail.x", 465, True, "a@x")),
        (
            "smtp://me%40x:p%3A@mail.x:25?from=a@x",
            SmtpSettings("mail.x", 25, False, "a@x", "me@x", "p:"),
        ),
    ],
)
def test_the_url_names_the_server(url: str, expected: SmtpSettings) -> None:
    assert load_settings({**ENVIRON, "SMTP_URL": url}).smtp == expected


@pytest.mark.parametrize(
    "url",
    ["mail.x", "http://mail.x?from=a@x", "smtp://mail.x", "smtp://mail.x?from=a", "smtp://?from=a@x",
     "smtp://mail.x:mail?from=a@x", "smtp://mail.x?from=a@x&tls=no", "smtp://[x?from=a@x"],
)  # fmt: skip
def test_a_url_that_cannot_be_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({**ENVIRON, "SMTP_URL": url})
    assert url not in str(error.value)


def test_the_password_is_not_shown() -> None:
    smtp = load_settings({**ENVIRON, "SMTP_URL": "smtp://me:hush@mail.x?from=a@x"}).smtp
    assert "hush" not in repr(smtp)
