"""Materializations that stream the DataFrames of a Python model into Postgres with COPY.

    kind=dict(name=ModelKindName.CUSTOM, materialization="copy_full")
    kind=dict(
        name=ModelKindName.CUSTOM,
        materialization="copy_by_time_range",
        materialization_properties={"time_column": "order_date"},
    )

`copy_full` computes the whole table anew, as SQLMesh's FULL does; `copy_by_time_range` the rows of the days asked
for, as INCREMENTAL_BY_TIME_RANGE does; it is offered for models by day, and none of ours uses it yet. SQLMesh's own
path writes VALUES lists of 400 rows.

The old rows are deleted and the new ones copied into the same table, in SQLMesh's one transaction. Under MVCC
readers see the old rows until that commits, and a failure leaves them; the table stays the same one, with its
indexes, grants and comments. No lock is taken that a reader waits for: TRUNCATE or a renamed table would take one,
and would show an older snapshot no rows at all. The dead rows are left to autovacuum, as with SQLMesh's own path.
Two loads of all of one table follow each other (SHARE ROW EXCLUSIVE), or both would leave their rows. On Postgres
two models at once compute and write, for the sake of memory (`turns.py`).

Queries, and engines other than Postgres, take SQLMesh's own path.
"""

from __future__ import annotations

import re
import threading
import typing as t
from abc import ABC, abstractmethod

import pandas as pd
import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import PrivateAttr, model_validator
from sqlglot import exp
from sqlmesh import CustomKind, CustomMaterialization
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.model import Model, TimeColumn
from sqlmesh.core.model.meta import GrantsTargetLayer
from sqlmesh.core.snapshot import Snapshot, evaluator
from sqlmesh.utils.date import make_inclusive
from sqlmesh.utils.errors import ConfigError

from materializations.encoding import CopyError, encode, to_csv
from materializations.run_ledger import Run, has_ledger
from materializations.turns import TURNS

CHUNK_ROWS = 100_000  # become text at a time: some 10 MB of an ordinary table
READ_BYTES = 1 << 18
PLACE = re.compile(r"line (\d+), column ([^:\n]+)")
Arguments = t.Any  # what SQLMesh hands to a strategy beside what it is to write


class CopyByTimeRangeKind(CustomKind):
    """The kind of models that are stored by time: their time column stands among the materialization's properties."""

    _time_column: TimeColumn = PrivateAttr()

    @model_validator(mode="after")
    def _find_time_column(self) -> t.Self:
        given = self.materialization_properties.get("time_column")
        if not given:
            raise ConfigError("copy_by_time_range needs materialization_properties (time_column = …)")
        self._time_column = TimeColumn.create(given, self.dialect)
        return self

    @property
    def time_column(self) -> TimeColumn:
        """The column by which rows belong to an interval; SQLMesh audits the interval's rows by it."""
        return self._time_column

    @property
    def is_incremental_by_time_range(self) -> bool:
        """True, for the linter and for what asks which models hold rows of days."""
        return True


class _Copying(ABC):
    """What both materializations do: SQLMesh calls a strategy anew for the statements before, each frame and after."""

    adapter: EngineAdapter
    _here = threading.local()  # SQLMesh evaluates a model within one thread

    def run_pre_statements(self, snapshot: Snapshot, render_kwargs: dict[str, t.Any]) -> None:
        super().run_pre_statements(snapshot, render_kwargs)  # type: ignore[misc]
        if _is_evaluation(render_kwargs):
            table = snapshot.table_name(render_kwargs["deployability_index"].is_deployable(snapshot))
            is_recorded = self._has_ledger()
            if self._is_postgres:
                TURNS.take(self.adapter.cursor.connection)
            self._here.run = Run(snapshot.model.name, table, is_recorded)

    def insert(self, table_name: str, query_or_df: t.Any, model: Model, **arguments: Arguments) -> None:
        """Write the first frame, or the query's rows."""
        arguments.pop("is_first_insert", None)
        run: Run = self._here.run
        if not isinstance(query_or_df, pd.DataFrame):
            run.is_recorded = False  # a query counts no rows here
            self._replace(table_name, query_or_df, model, arguments)
            run.has_replaced = True
        elif self._is_postgres:
            self._copy(run, table_name, query_or_df, model, arguments)
        elif len(query_or_df):  # SQLMesh cannot write an empty frame
            write = self._append if run.has_replaced else self._replace
            write(table_name, query_or_df, model, arguments)
            run.has_replaced = True

    append = insert  # the frames after the first

    def run_post_statements(self, snapshot: Snapshot, render_kwargs: dict[str, t.Any]) -> None:
        if _is_evaluation(render_kwargs):
            run: Run = self._here.run
            if not run.has_replaced:  # no row came, for which SQLMesh would leave the old ones
                self._delete(run.table, snapshot.model, render_kwargs)
            if run.is_recorded:
                run.record(self.adapter.cursor)
            if self._is_postgres:
                TURNS.end(self.adapter.cursor.connection)
            del self._here.run
        super().run_post_statements(snapshot, render_kwargs)  # type: ignore[misc]

    @property
    def _is_postgres(self) -> bool:
        return bool(self.adapter.dialect == "postgres")

    def _has_ledger(self) -> bool:
        return self._is_postgres and has_ledger(self.adapter.cursor)

    def _copy(
        self, run: Run, table: str, frame: pd.DataFrame, model: Model, arguments: dict[str, t.Any]
    ) -> None:
        """Write a frame's rows in chunks, behind the deletion of the old ones where it is the first."""
        columns = self.adapter.columns(table)
        if not run.has_replaced:
            self._delete(table, model, arguments)
            run.has_replaced = True
        target = _quoted(table)
        names = ", ".join(exp.to_identifier(name, quoted=True).sql("postgres") for name in columns)
        for begin in range(0, max(len(frame), 1), CHUNK_ROWS):  # an empty frame has its columns checked, too
            rows = encode(frame.iloc[begin : begin + CHUNK_ROWS], columns, model.name, first_row=begin)
            rows = self._wanted(rows, model, arguments)
            try:
                self.adapter.cursor.copy_expert(
                    f"COPY {target} ({names}) FROM STDIN (FORMAT csv, ENCODING 'utf8')",
                    pa.BufferReader(to_csv(rows)),
                    READ_BYTES,
                )
            except psycopg2.Error as error:
                raise CopyError(f"{model.name}: {_explained(error, begin)}") from error
            run.count(rows)

    @abstractmethod
    def _delete(self, table: str, model: Model, arguments: dict[str, t.Any]) -> None:
        """Delete what the new rows stand for."""

    def _wanted(self, rows: pa.Table, model: Model, arguments: dict[str, t.Any]) -> pa.Table:
        return rows

    @abstractmethod
    def _replace(self, table: str, rows: t.Any, model: Model, arguments: dict[str, t.Any]) -> None:
        """Put the new rows into their place as another engine's adapter does."""

    def _append(self, table: str, rows: t.Any, model: Model, arguments: dict[str, t.Any]) -> None:
        super().append(table, rows, model, **arguments)  # type: ignore[misc]


class CopyFull(_Copying, CustomMaterialization[CustomKind]):  # type: ignore[misc]
    """The model's rows are all of the table's."""

    NAME = "copy_full"

    def _delete(self, table: str, model: Model, arguments: dict[str, t.Any]) -> None:
        if self._is_postgres:
            self.adapter.execute(f"LOCK TABLE {_quoted(table)} IN SHARE ROW EXCLUSIVE MODE")
        self.adapter.delete_from(table, exp.true())
        is_deployable = arguments.get("is_snapshot_deployable", False)
        self._apply_grants(model, table, GrantsTargetLayer.PHYSICAL, is_deployable)

    def _replace(self, table: str, rows: t.Any, model: Model, arguments: dict[str, t.Any]) -> None:
        self._replace_query_for_model(model, table, rows, **arguments)


class CopyByTimeRange(_Copying, CustomMaterialization[CopyByTimeRangeKind]):  # type: ignore[misc]
    """The model's rows are those of an interval; rows of other times that it yields are left out."""

    NAME = "copy_by_time_range"

    def _delete(self, table: str, model: Model, arguments: dict[str, t.Any]) -> None:
        types = self.adapter.columns(table)
        start, end = self._interval(arguments)
        low, high = (model.convert_to_time_column(time, types) for time in (start, end))
        self.adapter.delete_from(table, _time_column(model).column.between(low, high))

    def _wanted(self, rows: pa.Table, model: Model, arguments: dict[str, t.Any]) -> pa.Table:
        times = rows[_time_column(model).column.name]
        if not pa.types.is_date32(times.type) and not pa.types.is_timestamp(times.type):
            raise CopyError(f"{model.name}: give the time column as dates or timestamps, not as {times.type}")
        low, high = (_scalar(time, times.type) for time in self._interval(arguments))
        return rows.filter(pc.and_(pc.greater_equal(times, low), pc.less_equal(times, high)))

    def _replace(self, table: str, rows: t.Any, model: Model, arguments: dict[str, t.Any]) -> t.Any:
        if not self.adapter.table_exists(table):  # of a query's first run
            return self._replace_query_for_model(model, table, rows, **arguments)
        arguments = dict(arguments)
        types, source_columns = self._get_target_and_source_columns(
            model, table, render_kwargs=arguments.pop("render_kwargs"), force_get_columns_from_target=True
        )
        return self.adapter.insert_overwrite_by_time_partition(
            table,
            rows,
            time_formatter=model.convert_to_time_column,
            time_column=_time_column(model),
            target_columns_to_types=types,
            source_columns=source_columns,
            **arguments,
        )

    def _interval(self, arguments: dict[str, t.Any]) -> tuple[t.Any, t.Any]:
        """The first and the last moment of the interval that is computed."""
        start, end = make_inclusive(arguments["start"], arguments["end"], self.adapter.dialect)
        return start, end


def _quoted(table: str) -> str:
    return exp.to_table(table, dialect="postgres").sql("postgres", identify=True)


def _time_column(model: Model) -> TimeColumn:
    if not model.time_column:
        raise ConfigError(f"{model.name} has no time column")
    return model.time_column


def _scalar(moment: t.Any, kind: pa.DataType) -> pa.Scalar:
    """A moment as a value of the time column's type."""
    if pa.types.is_date32(kind):
        return pa.scalar(moment.date(), kind)
    return pa.scalar(moment if kind.tz else moment.replace(tzinfo=None), kind)


def _is_evaluation(render_kwargs: dict[str, t.Any]) -> bool:
    """Whether rows are computed within the transaction, rather than a table made or changed."""
    return bool(render_kwargs.get("inside_transaction")) and "start" in render_kwargs


def _explained(error: psycopg2.Error, begin: int) -> str:
    """Postgres' words, with the column and the frame's row that it was about."""
    said = (error.diag.message_primary or str(error)).strip()
    place = PLACE.search(error.diag.context or "")
    column = place[2] if place else error.diag.column_name
    row = f", row {begin + int(place[1]) - 1} that was copied" if place else ""
    return f"column '{column}'{row}: {said}" if column else said


# SQLMesh imports this file anew for each Context of a process, and remembers the classes that it found first. Those
# are no longer what their names stand for, so that models of these kinds could not be pickled into its cache.
evaluator._custom_materialization_type_cache = None
