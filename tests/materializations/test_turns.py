"""Of the Python models that SQLMesh evaluates side by side only some hold frames at once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS

from materializations.turns import Turns

LONG_SECONDS = 30.0


@dataclass
class Info:
    transaction_status: int = TRANSACTION_STATUS_INTRANS


@dataclass
class Connection:
    closed: int = 0
    info: Info = field(default_factory=Info)


def taken_in_time(turns: Turns, connection: Connection) -> bool:
    """Whether the connection has a turn soon."""
    waiting = threading.Thread(target=turns.take, args=(connection,), daemon=True)
    waiting.start()
    waiting.join(LONG_SECONDS)
    return not waiting.is_alive()


def test_no_more_than_two_hold_a_turn_and_all_get_one() -> None:
    turns, lock = Turns(2), threading.Lock()
    holding, most, done = 0, 0, 0

    def compute() -> None:
        nonlocal holding, most, done
        connection = Connection()
        turns.take(connection)
        with lock:
            holding += 1
            most = max(most, holding)
        time.sleep(0.02)
        with lock:
            holding -= 1
            done += 1
        turns.end(connection)

    threads = [threading.Thread(target=compute, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_SECONDS)
    assert (most, done) == (2, 8)


def test_a_model_that_failed_holds_up_nobody() -> None:
    for end in ("rolled back", "disconnected"):
        turns, failed = Turns(1), Connection()
        turns.take(failed)
        if end == "rolled back":
            failed.info.transaction_status = TRANSACTION_STATUS_IDLE
        else:
            failed.closed = 1
        assert taken_in_time(turns, Connection()), end


def test_the_next_model_on_the_connection_of_one_that_failed_counts_once() -> None:
    turns, connection = Turns(1), Connection()
    turns.take(connection)  # failed, and its thread goes on to another model
    assert taken_in_time(turns, connection)
    turns.end(connection)
    assert taken_in_time(turns, Connection())
