"""After a refresh that went through: alert of what is wrong with the data nevertheless."""

from collections.abc import Mapping

from ops import alerts, log
from ops.alerts import Alert
from ops.doctor.report import AFTER_REFRESH, look
from ops.errors import OpsError
from ops.settings import Settings


def tell_what_is_wrong(settings: Settings, variables: Mapping[str, str]) -> None:
    """Alert of files that were not loaded, promises of freshness that are not kept, blocking checks that failed.

    Nothing is looked at where nobody is to be told and there is no log.
    """
    try:
        if not (alerts.targets(variables) or log.is_on()):
            return
    except OpsError:  # `tell` says what is wrong with the variables
        pass
    failed = [check for check in look(settings, AFTER_REFRESH).checks if check.verdict == "fail"]
    for check in failed:
        log.event("check", "error", check=check.name, message=check.found)
    if failed:
        lines = tuple(f"{check.name}: {check.found}" for check in failed)
        subject = "retailmesh: prod is up to date, and its data is not as it has to be"
        alerts.tell(Alert("data_failed", subject, lines), variables)
