"""The advisory locks of prod, and who holds one."""

from dataclasses import dataclass
from datetime import datetime

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

REFRESH = 7_265_002  # one refresh at a time
PLAN = 7_265_003  # one plan or run at a time
HOLDER = """
    SELECT activity.pid, activity.usename, coalesce(nullif(activity.application_name, ''), 'a program'),
        coalesce(host(activity.client_addr), 'this machine'), activity.backend_start,
        date_trunc('second', clock_timestamp() - activity.backend_start)::text
    FROM pg_locks AS held
    JOIN pg_stat_activity AS activity ON activity.pid = held.pid
    WHERE held.locktype = 'advisory' AND held.granted AND held.classid = 0 AND held.objid = %s AND held.objsubid = 1
      AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class Holder:
    """A session that holds a lock."""

    pid: int
    user: str
    program: str
    address: str
    connected_at: datetime
    connected_for: str

    def __str__(self) -> str:
        return (
            f"{self.program} of {self.user} from {self.address}, server process {self.pid}, "
            f"connected for {self.connected_for}"
        )


def holder(cursor: Cursor, lock: int) -> Holder | None:
    """Return who holds a lock of this database."""
    cursor.execute(HOLDER, [lock])
    row = cursor.fetchone()
    return Holder(*row) if row else None
