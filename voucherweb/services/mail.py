"""Mail of links, when SMTP_URL names a server; whoever made the link sees it on the page too."""

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from voucherweb.config import Settings, SmtpSettings
from voucherweb.services.links import INVITE, Link

TIMEOUT_SECONDS: Final = 5.0
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
log = structlog.get_logger(__name__)


class _NotPrivate(OSError):
    """A password would have travelled in the clear."""


def send_link(settings: Settings, link: Link, url: str, language: str) -> bool:
    """Mail the link to the account's address; call it after the commit. `language` is `zh-TW` or
    `en`. Takes 5 s at most for each answer of the server.

    False when there is no mail server, when the account is no mail address, and when it failed,
    which is logged: the page then shows the link for handing it on.
    """
    if settings.smtp is None or "@" not in link.account.strip("@"):
        return False
    message = _message(settings.smtp, link, url, language, settings.timezone)
    try:
        _send(settings.smtp, message)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        code = getattr(error, "smtp_code", None)
        log.warning("mail_failed", kind=link.kind, error=type(error).__name__, code=code)
        return False
    log.info("mail_sent", kind=link.kind)
    return True


def _send(server: SmtpSettings, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    connection: smtplib.SMTP
    if server.tls:
        connection = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT_SECONDS, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    with connection:
        connection.ehlo()
        private = server.tls or server.host in LOOPBACK
        if not server.tls and connection.has_extn("starttls"):
            connection.starttls(context=context)
            private = True
        if not private:
            # The link itself is a secret, and so is the password.
            raise _NotPrivate("the mail server offers no encryption")
        if server.user:
            connection.login(server.user, server.password)
        connection.send_message(message, server.sender, [str(message["To"])])


def _message(
    server: SmtpSettings, link: Link, url: str, language: str, zone: ZoneInfo
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = formataddr(("voucherweb", server.sender))
    message["To"] = link.account
    message["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    english = language == "en"
    message["Subject"] = _subject(link, english=english)
    message.set_content(_text(link, url, link.expires_at.astimezone(zone), english=english))
    return message


def _subject(link: Link, *, english: bool) -> str:
    if link.kind == INVITE:
        return "Your voucherweb account" if english else "您的 voucherweb 帳號"
    return "Set a new voucherweb password" if english else "重新設定 voucherweb 密碼"


def _text(link: Link, url: str, until: datetime, *, english: bool) -> str:
    when = f"{until:%Y/%m/%d %H:%M}"
    name = link.name or link.account
    if english:
        why = (
            f"You have been invited to voucherweb. Your account is {link.account}."
            if link.kind == INVITE
            else f"A new password was asked for, for your account {link.account}."
        )
        return (
            f"Hello {name},\n\n{why}\n\nSet your password here, until {when}:\n{url}\n\n"
            "The link works once. Do not pass it on.\n"
            "If you did not expect this mail, leave it; nothing changes.\n"
        )
    why = (
        f"您受邀使用 voucherweb，帳號為 {link.account}。"
        if link.kind == INVITE
        else f"您的帳號 {link.account} 已申請重新設定密碼。"
    )
    return (
        f"{name} 您好：\n\n{why}\n\n請於 {when} 前由此設定密碼：\n{url}\n\n"
        "此連結僅能使用一次，請勿轉寄。\n若您並未預期收到此信，請略過，帳號不會有任何變更。\n"
    )
