"""What makes SQLMesh faster reaches every process that plans."""

import subprocess
import sys

from ops.sqlmesh_process import THRESHOLDS
from tests.support import ROOT


def test_bare_sqlmesh_too_looks_through_its_objects_less_often() -> None:
    asked = "import gc, materializations.hooks; print(gc.get_threshold())"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == str(THRESHOLDS)
