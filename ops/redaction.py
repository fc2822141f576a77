"""Secrets are left out of what goes into logs and alerts, whoever wrote the text."""

import re
from collections.abc import Mapping

MASK = "•••"
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY$|^RETAIL_ALERT_(SLACK|WEBHOOK|SMTP)|DATABASE_URL")
LOGIN = re.compile(r"(\w://)[^\s/@]+@")  # user and password of an address
PASSWORD = re.compile(r"(password\s*[=:]\s*)('[^']*'|\S+)", re.IGNORECASE)
LEAST_LENGTH = 6  # shorter values would be found in ordinary words


def redacted(text: str, variables: Mapping[str, str]) -> str:
    """Return the text without the values of variables whose names say that they are secret, and without logins."""
    values = {value for name, value in variables.items() if SECRET_NAME.search(name)}
    paths = {value.partition("://")[2].partition("/")[2] for value in values}
    for value in sorted(values | paths, key=len, reverse=True):
        if len(value) < LEAST_LENGTH:
            break
        text = text.replace(value, MASK)
    return PASSWORD.sub(rf"\1{MASK}", LOGIN.sub(rf"\1{MASK}@", text))
