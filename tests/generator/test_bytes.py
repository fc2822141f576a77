"""The same options give the same bytes."""

import subprocess
import sys
from pathlib import Path

from generator.build import generate
from generator.scales import options
from tests.generator.conftest import FAULTS
from tests.generator.files import Generated, digests
from tests.support import ROOT, quiet_environment


def test_another_process_with_another_hash_seed_writes_the_same_bytes(
    spoiled: Generated, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "ops.cli.main", "generate", "--scale", "tiny", "--seed", "7"]
    subprocess.run(
        [*command, "--faults", str(FAULTS), "--out", str(tmp_path / "again")],
        cwd=ROOT,
        env=quiet_environment(PYTHONHASHSEED="4711"),
        check=True,
        capture_output=True,
        timeout=120,
    )
    again = digests(tmp_path / "again")
    assert again == digests(spoiled.folder)
    assert {Path(name).suffix for name in again} >= {".csv", ".jsonl", ".parquet"}


def test_another_seed_is_another_shop(tiny: Generated, tmp_path: Path) -> None:
    generate(options("tiny", seed=8), tmp_path / "other")
    same = digests(tiny.store).items() & digests(tmp_path / "other" / "store").items()
    assert {name for name, _ in same} <= {"store/stores.csv", "warehouse/warehouses.csv"}


def test_only_the_listed_rows_differ_with_faults(tiny: Generated, spoiled: Generated) -> None:
    listed = {fault["file"] for fault in spoiled.truth("faults")}
    listed |= {fault["detail"].removeprefix("was in ") for fault in spoiled.truth("faults")}
    listed |= {fault["file"] for fault in tiny.truth("faults")}
    listed |= {fault["detail"].removeprefix("was in ") for fault in tiny.truth("faults")}
    clean, faulty = digests(tiny.store), digests(spoiled.store)
    assert clean.keys() == faulty.keys()
    assert {name for name in clean if clean[name] != faulty[name]} <= listed
