"""Signals: which days of a model can be computed."""

from __future__ import annotations

from sqlmesh import DatetimeRanges, ExecutionContext, signal

# A row may lie ahead of the day of its load, where a contract keeps such rows. One day: clocks east of UTC.
LAST_LANDED = """
    SELECT MAX(landed.day)
    FROM ingest.load AS arrived
    CROSS JOIN UNNEST(arrived.event_dates) AS landed (day)
    WHERE arrived.status = 'loaded'
      AND landed.day <= CAST(arrived.finished_at AT TIME ZONE 'UTC' AS DATE) + 1
"""


@signal()
def data_has_landed(batch: DatetimeRanges, context: ExecutionContext) -> bool:
    """The days up to the last one for which any source has delivered; none before the first load.

    Not the last day of the model's own source: SQLMesh holds back everything downstream of a day that is not
    ready, so a shop that closed would stop all others where they are united. The other days are taken out of the
    batch itself: a list that is returned is looked up in it interval by interval, which for 20 years of days takes
    seconds a model.
    """
    adapter = context.engine_adapter
    if not adapter.table_exists("ingest.load"):
        return False
    row = adapter.fetchone(LAST_LANDED)
    if row is None or row[0] is None:
        return False
    last_landed = row[0]
    batch[:] = [interval for interval in batch if interval[0].date() <= last_landed]
    return True
