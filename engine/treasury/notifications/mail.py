"""E-mail over SMTP."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from engine.treasury.notifications.carriers import Message, Never, NotNow, Taken
from engine.treasury.notifications.settings import MailSettings

SECONDS = 15
"""For each exchange with the server."""

ID_DOMAIN = "notifications.sluicegate"
"""Right side of every Message-ID. It names no host, so that moving house changes no id."""

PERMANENT = 500
"""SMTP replies from these on (RFC 5321, 4.2.1)."""


class MailCarrier:
    """Hands mail to one server, one connection per message.

    Only what the server says of this recipient or this message is final. That it cannot be
    reached, wants another password or takes nothing from us is its operator's to mend.
    """

    def __init__(self, settings: MailSettings, seconds: float = SECONDS) -> None:
        self._settings = settings
        self._seconds = seconds

    def carry(self, message: Message) -> Taken | NotNow | Never:
        """Send once. After a connection lost in the middle it may have been taken: NotNow."""
        try:
            smtp = self._connected()
        except (smtplib.SMTPException, OSError) as error:
            return NotNow(_words(error))
        try:
            return self._transaction(smtp, message)
        except (smtplib.SMTPException, OSError) as error:
            return NotNow(_words(error))
        finally:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def close(self) -> None:
        """Nothing is kept open."""

    def _connected(self) -> smtplib.SMTP:
        own = self._settings
        ours = own.sender.partition("@")[2]
        if own.security == "implicit":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                own.host, own.port, ours, timeout=self._seconds, context=self._tls()
            )
        else:
            smtp = smtplib.SMTP(own.host, own.port, ours, timeout=self._seconds)
        try:
            if own.security == "starttls":
                # Raises where the server does not offer it: nothing goes out in the clear.
                smtp.starttls(context=self._tls())
            if own.user is not None and own.password is not None:
                smtp.login(own.user, own.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.ca_file)

    def _transaction(self, smtp: smtplib.SMTP, message: Message) -> Taken | NotNow | Never:
        smtp.ehlo_or_helo_if_needed()
        code, said = smtp.mail(self._settings.sender)
        if not _good(code):
            return NotNow(_reply(code, said))
        code, said = smtp.rcpt(message.address)
        if _good(code):
            code, said = smtp.data(self.written(message))
        if _good(code):
            return Taken(_reply(code, said))
        return (Never if code >= PERMANENT else NotNow)(_reply(code, said))

    def written(self, message: Message) -> bytes:
        """The mail as it goes over the wire."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address("Sluicegate", addr_spec=self._settings.sender)
        mail["To"] = Address(addr_spec=message.address)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(message.made_at)
        mail["Message-ID"] = f"<{message.message_id}@{ID_DOMAIN}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = message.language
        mail.set_content(message.body, charset="utf-8", cte="base64")
        return mail.as_bytes()


def _reply(code: int, said: bytes) -> str:
    return f"{code} {said.decode('utf-8', 'replace')}"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _reply(error.smtp_code, said if isinstance(said, bytes) else said.encode())
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _good(code: int) -> bool:
    """Whether a reply accepts; what cannot be read as a reply is -1 and accepts nothing."""
    return 200 <= code < 300
