"""Errors of the operational side. Their text is written for the person at the command line."""


class OpsError(Exception):
    """Something that the user can put right; the message says what happened and what to do."""


class ToldError(OpsError):
    """A failure of which an alert was sent already."""
