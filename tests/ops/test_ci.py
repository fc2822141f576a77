"""`.ci/run` before it begins; what it runs is the rest of these tests."""

import shutil
import subprocess
from pathlib import Path

from tests.support import ROOT


def test_a_project_with_settings_of_its_own_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / ".env").write_text("PGHOST=somewhere\n")
    done = subprocess.run(
        [str(tmp_path / ".ci" / "run")], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "there is a .env" in done.stderr
    assert (tmp_path / ".env").read_text() == "PGHOST=somewhere\n"
