"""`.ci/run` before it begins; what it runs is the rest of these tests."""

import shutil
import subprocess
from pathlib import Path

from tests.support import ROOT


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it in a folder that holds nothing else of the project."""
    script = folder / ".ci" / "run"
    script.parent.mkdir()
    shutil.copy(ROOT / ".ci" / "run", script)
    return subprocess.run(
        [str(script), *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_project_with_settings_of_its_own_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PGHOST=somewhere\n")
    done = run(tmp_path)
    assert done.returncode == 2
    assert "there is a .env" in done.stderr
    assert (tmp_path / ".env").read_text() == "PGHOST=somewhere\n"


def test_an_unknown_wish_is_refused_before_anything_runs(tmp_path: Path) -> None:
    done = run(tmp_path, "everything")
    assert done.returncode == 2
    assert "'everything' means nothing here. Usage: .ci/run [all]" in done.stderr
    assert not done.stdout
