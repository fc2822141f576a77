"""Alerts: what failed is told to Slack, by mail and to a webhook, as far as variables name them.

    RETAIL_ALERT_SLACK_URL     an incoming webhook of Slack
    RETAIL_ALERT_WEBHOOK_URL   gets the alert as JSON
    RETAIL_ALERT_SMTP          smtp://user:password@host:587 or smtps://…:465, for mail to
    RETAIL_ALERT_MAIL_TO       these addresses, separated by commas, from RETAIL_ALERT_MAIL_FROM

SQLMesh's plans and runs (`ops.promotion.alerting`) and `retail` use the same. Whoever cannot be told fails nothing.
"""

import json
import platform
import smtplib
import ssl
import sys
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

import psycopg2

from ops import log
from ops.errors import OpsError
from ops.redaction import redacted

SLACK, WEBHOOK, SMTP = "RETAIL_ALERT_SLACK_URL", "RETAIL_ALERT_WEBHOOK_URL", "RETAIL_ALERT_SMTP"
MAIL_TO, MAIL_FROM = "RETAIL_ALERT_MAIL_TO", "RETAIL_ALERT_MAIL_FROM"
SECONDS = 10  # a target that does not answer holds nobody up for longer
MOST_LINES = 20
PORTS = {"smtp": 587, "smtps": 465}
WITH_VALUES = ("22", "23")  # classes of Postgres' errors whose text shows what stands in a row
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Alert:
    """What happened: an event for programs, a subject and lines for people."""

    event: str
    subject: str
    lines: tuple[str, ...] = ()
    host: str = field(default_factory=platform.node)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def text(self) -> str:
        """The lines, the first of them where there are many, and where it happened."""
        more = len(self.lines) - MOST_LINES
        shown = [f"- {line}" for line in self.lines[:MOST_LINES]] + (
            [f"- and {more} more"] if more > 0 else []
        )
        return "\n".join([*shown, f"{self.host}, {self.at:%Y-%m-%d %H:%M:%S} UTC"])

    def without_secrets(self, variables: Mapping[str, str]) -> "Alert":
        lines = tuple(redacted(line, variables) for line in self.lines)
        return Alert(self.event, redacted(self.subject, variables), lines, self.host, self.at)


class Target(Protocol):
    """Whom alerts are sent to; `where` may be said aloud."""

    @property
    def where(self) -> str: ...

    def send(self, alert: Alert) -> None: ...


@dataclass(frozen=True)
class Slack:
    """An incoming webhook of Slack."""

    url: str = field(repr=False)

    @property
    def where(self) -> str:
        return f"Slack at {urlsplit(self.url).hostname}"

    def send(self, alert: Alert) -> None:
        _post(self.url, {"text": f"*{alert.subject}*\n{alert.text}"})


@dataclass(frozen=True)
class Webhook:
    """Any address that takes JSON."""

    url: str = field(repr=False)

    @property
    def where(self) -> str:
        return f"the webhook at {urlsplit(self.url).hostname}"

    def send(self, alert: Alert) -> None:
        body = {
            "event": alert.event,
            "subject": alert.subject,
            "lines": alert.lines,
            "host": alert.host,
            "at": alert.at.isoformat(),
        }
        _post(self.url, body)


@dataclass(frozen=True)
class Mail:
    """A mail server, and between whom mail goes."""

    server: str = field(repr=False)
    sender: str
    recipients: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"the mail server {urlsplit(self.server).hostname}"

    def send(self, alert: Alert) -> None:
        message = EmailMessage()
        message["Subject"] = alert.subject
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        message.set_content(f"{alert.subject}\n\n{alert.text}\n")
        with self._connected() as server:
            server.send_message(message)

    def _connected(self) -> smtplib.SMTP:
        """Open a connection, encrypted where the server can; a password goes to no other beyond this machine."""
        parts = urlsplit(self.server)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=SECONDS, context=ssl.create_default_context()
            )
            is_private = True
        else:
            server = smtplib.SMTP(host, port, timeout=SECONDS)
            server.ehlo()
            is_private = host in LOOPBACK
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                is_private = True
        if parts.username:
            if not is_private:
                raise OSError("it offers no encryption, and would get the password in the clear")
            server.login(unquote(parts.username), unquote(parts.password or ""))
        return server


def in_a_line(error: BaseException) -> str:
    """Return an error's kind and first line, without the line where it may show values of a row."""
    kind = type(error).__name__
    if isinstance(error, psycopg2.Error) and (error.pgcode or "").startswith(WITH_VALUES):
        return f"{kind} (the log tells more)"
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{kind}: {first}" if first else kind


def targets(variables: Mapping[str, str]) -> list[Target]:
    """Return the targets that the variables name. Raises OpsError, without the value, where one makes no sense."""
    found: list[Target] = []
    if url := variables.get(SLACK):
        found.append(Slack(_checked(SLACK, url, ("https", "http"))))
    if url := variables.get(WEBHOOK):
        found.append(Webhook(_checked(WEBHOOK, url, ("https", "http"))))
    server, to = variables.get(SMTP), variables.get(MAIL_TO)
    if bool(server) != bool(to):
        raise OpsError(f"Mail needs {SMTP} and {MAIL_TO}: only one of them is set.")
    if server and to:
        recipients = tuple(address.strip() for address in to.split(",") if address.strip())
        sender = variables.get(MAIL_FROM) or recipients[0]
        found.append(Mail(_checked(SMTP, server, tuple(PORTS)), sender, recipients))
    return found


def tell(alert: Alert, variables: Mapping[str, str]) -> bool:
    """Send an alert to every target; return whether one took it. What goes wrong is said and raises nothing."""
    try:
        whom = targets(variables)
    except OpsError as error:
        _warn(str(error), variables)
        return False
    alert = alert.without_secrets(variables)
    sent = [_sent(target, alert, variables) for target in whom]
    return any(sent)


def _sent(target: Target, alert: Alert, variables: Mapping[str, str]) -> bool:
    try:
        target.send(alert)
    except Exception as error:  # whatever a target does, the command behind the alert is to end as it would
        _warn(f"No alert to {target.where}: {type(error).__name__}: {error}", variables)
        return False
    log.event("alert", target=target.where, subject=alert.subject)
    return True


def _warn(text: str, variables: Mapping[str, str]) -> None:
    text = redacted(text, variables)
    sys.stderr.write(f"Warning: {text}\n")
    log.event("alert", "warning", message=text)


def _checked(name: str, value: str, schemes: Iterable[str]) -> str:
    try:
        parts = urlsplit(value)
        known = parts.scheme in schemes and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known:
        raise OpsError(
            f"{name} must be an address that begins with {' or '.join(f'{s}://' for s in schemes)}."
        )
    return value


def _post(url: str, body: object) -> None:
    request = urllib.request.Request(  # noqa: S310 - `targets` lets only http and https through
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
        pass
