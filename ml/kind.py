"""How the learned models' rows are written."""

from __future__ import annotations

from sqlmesh.core.model import ModelKindName

#: The whole table anew, streamed by COPY: see materializations/copying.py.
COPY_FULL = {"name": ModelKindName.CUSTOM, "materialization": "copy_full"}
