"""What becomes of the learned models' worth, as their evaluations tell it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ops.diff.kpis import relation_name
from ops.diff.relations import Relations
from ops.diff.state import Pair
from ops.diff.types import MetricChange
from ops.evaluation import Judged, evaluated
from ops.settings import Settings

EVALUATION = "ml.model_evaluation"
Key = tuple[str, str, str, str, int]


def metric_changes(
    settings: Settings, pair: Pair, relations: Relations, not_computed: Collection[str]
) -> tuple[MetricChange, ...]:
    """Return where champion or value differ; nothing where both show the same evaluations, or none yet."""
    after, before = (
        {relation_name(name): (name, item) for name, item in side.items()}.get(EVALUATION)
        for side in (relations.after, relations.before)
    )
    if after and (after[0] in not_computed or (before and after[1].table == before[1].table)):
        return ()
    return compared(
        evaluated(settings, pair.before.name).judged if before else [],
        evaluated(settings, pair.after.name).judged if after else [],
    )


def compared(before: Sequence[Judged], after: Sequence[Judged]) -> tuple[MetricChange, ...]:
    """Return what has another champion or value, with the verdict of the gates about it."""
    old, new = _keyed(before), _keyed(after)
    found = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was and now and (was.champion, was.value) == (now.champion, now.value):
            continue
        found.append(
            MetricChange(
                *key[:4],
                champion_before=was.champion if was else "",
                champion_after=now.champion if now else "",
                before=was.value if was else None,
                after=now.value if now else None,
                verdict=now.verdict if now else "",
            )
        )
    return tuple(found)


def _keyed(judged: Sequence[Judged]) -> dict[Key, Judged]:
    """By what they are about; the last part of the key tells several champions of one metric apart."""
    found: dict[Key, Judged] = {}
    for one in judged:
        number = 0
        while (key := (one.model, one.source, one.part, one.metric, number)) in found:
            number += 1
        found[key] = one
    return found
