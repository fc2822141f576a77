"""Readers notice nothing of promotions, be they finished or killed: no error, and never half of one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg2
import pytest

from tests.promotion.conftest import Shop
from tests.support import quiet_environment

pytestmark = pytest.mark.thorough(minutes=2)

PROMOTIONS = 20
KILLS = 30
BOTH = "SELECT sale.amount, total.amount FROM bi.sale CROSS JOIN bi.total"


@dataclass
class Readers:
    """Clients that read both views without a pause, and what they met."""

    shop: Shop
    clients: int = 8
    pause: float = 0.0
    errors: list[str] = field(default_factory=list)
    mixed: list[tuple[int, int]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    reads: int = 0
    slowest: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        """Read until it is over."""
        connection = self.shop.settings.connect()
        connection.autocommit = True
        while not self.over.is_set():
            began = time.monotonic()
            try:
                with connection.cursor() as cursor:
                    cursor.execute(BOTH)
                    [(sale, total)] = cursor.fetchall()
            except psycopg2.Error as error:
                self.errors.append(str(error))
                continue
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.reads += 1
            self.seen.add(sale)
            if sale != total:
                self.mixed.append((sale, total))
            time.sleep(self.pause)
        connection.close()


@contextmanager
def reading(readers: Readers) -> Iterator[Readers]:
    """Readers at work."""
    threads = [threading.Thread(target=readers.read) for _ in range(readers.clients)]
    for thread in threads:
        thread.start()
    try:
        yield readers
    finally:
        readers.over.set()
        for thread in threads:
            thread.join()


def promotions(shop: Shop, first: int, last: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.promotion.promotions", str(shop.root), str(first), str(last)],
        env=quiet_environment(PYTHONPATH=os.pathsep.join(sys.path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.both_versions
def test_eight_readers_see_no_error_and_no_mixture_through_twenty_promotions(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with reading(Readers(shop)) as readers:
        program = promotions(shop, 100, 99 + PROMOTIONS)
        printed, _ = program.communicate(timeout=600)
    assert program.returncode == 0, printed
    with capsys.disabled():
        sys.stdout.write(
            f"\n{readers.reads:,} reads by {readers.clients} clients through {PROMOTIONS} promotions: "
            f"{len(readers.errors)} errors, {len(readers.mixed)} mixtures, slowest {readers.slowest:.2f} s\n"
        )
    assert readers.errors == []
    assert readers.mixed == []
    assert {100, 99 + PROMOTIONS} <= readers.seen
    assert shop.query(BOTH) == [(99 + PROMOTIONS, 99 + PROMOTIONS)]


def test_a_plan_killed_at_any_moment_heals_with_the_next_one(shop: Shop) -> None:
    chance = random.Random(7)  # noqa: S311 - any moments will do
    killed = 0
    began = time.monotonic()
    promotions(shop, 999, 999).communicate(timeout=120)
    usual = (
        time.monotonic() - began
    )  # with the program's start, so that some are through before they are killed
    with reading(Readers(shop, clients=2, pause=0.005)) as readers:
        for number in range(1000, 1000 + KILLS):
            killed += _is_killed(promotions(shop, number, number), chance.uniform(0, 0.5 * usual))
            if number % 5 == 4:  # the others are healed by a plan that is killed in turn
                program = promotions(shop, number + 1000, number + 1000)
                printed, _ = program.communicate(timeout=120)
                assert program.returncode == 0, printed
                assert shop.query(BOTH) == [(number + 1000, number + 1000)]
    assert readers.errors == []
    assert readers.mixed == []
    assert killed >= KILLS / 3  # the others were through by then


def _is_killed(program: subprocess.Popen[str], seconds: float) -> bool:
    """Kill a promotion with -9 so many seconds after it began, and return whether it was still under way."""
    assert program.stdout is not None
    assert program.stdout.readline().startswith("begin")
    time.sleep(seconds)
    os.killpg(program.pid, signal.SIGKILL)
    program.stdout.close()
    return program.wait() == -signal.SIGKILL
