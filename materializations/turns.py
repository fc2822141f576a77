"""Python models take turns: each holds its frames in this process' memory until its last row is written."""

from __future__ import annotations

import threading
import typing as t

from psycopg2.extensions import TRANSACTION_STATUS_IDLE

#: SQLMesh evaluates concurrent_tasks models at once, which is for queries: they cost memory in Postgres. Four learned
#: models of a large shop at once took 4 GB here; two keep two cores busy.
MOST_AT_ONCE = 2
LOOK_AGAIN_SECONDS = 1.0


class Turns:
    """At most `most` connections have a turn. One whose transaction is over has none any more, whatever ended it."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._holders: list[t.Any] = []
        self._changed = threading.Condition()

    def take(self, connection: t.Any) -> None:
        """Wait for a turn and take it. The connection is in a transaction; a turn of an earlier one is over."""
        self.end(connection)
        with self._changed:
            while len(self._busy()) >= self._most:
                self._changed.wait(LOOK_AGAIN_SECONDS)  # a model that fails does not tell
            self._holders.append(connection)

    def end(self, connection: t.Any) -> None:
        """Give the turn back."""
        with self._changed:
            self._holders = [holder for holder in self._holders if holder is not connection]
            self._changed.notify_all()

    def _busy(self) -> list[t.Any]:
        """Those that hold a turn, without the ones whose model failed and was rolled back."""
        self._holders = [
            holder
            for holder in self._holders
            if not holder.closed and holder.info.transaction_status != TRANSACTION_STATUS_IDLE
        ]
        return self._holders


TURNS = Turns()
