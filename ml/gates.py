"""Gates: what an evaluation has to reach before its model is served.

A gate names a model and a metric, and says at least one of `minimum`, `maximum`, `worse_than_baseline` and
`worse_than_prod`. The last two are shares: 0.05 lets the value be up to 5 % worse than the naive baseline's, or than
what prod served last. It judges the champion of every source and part, unless it names a `role`, `method`, `source` or
`part`. A value that could not be computed is not judged by `minimum` and `maximum`: the evaluation's note tells why.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

GATE_LIMITS = ("minimum", "maximum", "worse_than_baseline", "worse_than_prod")
GATE_CHOICES = ("role", "method", "source", "part")
GATE_DEFAULT_ROLE = "champion"
#: What judge() reads of an evaluation.
JUDGED_COLUMNS = (
    "model",
    "source",
    "part",
    "method",
    "role",
    "metric",
    "metric_value",
    "is_higher_better",
    "baseline_method",
    "baseline_value",
)

JudgedRow = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Verdict:
    """What one limit of a gate says of one evaluation. `is_passed` is None where there is nothing to compare."""

    model: str
    source: str
    part: str
    method: str
    metric: str
    metric_value: float | None
    gate: str
    limit_value: float | None
    is_passed: bool | None

    def sentence(self) -> str:
        """`ml.customer_clv, shop, all: mae of bg_nbd is 12.5, and the gate's maximum is 10`."""
        if not self.source:
            return f"{self.model}: {self.gate}"
        value = "missing" if self.metric_value is None else f"{self.metric_value:.6g}"
        limit = "" if self.limit_value is None else f" {self.limit_value:.6g}"
        subject = f"{self.model}, {self.source}, {self.part}: {self.metric} of {self.method} is {value}"
        return f"{subject}, and the gate's {self.gate} is{limit}"


def check_gates(gates: t.Any) -> list[dict[str, t.Any]]:
    """Return the gates as they stand in config.yaml.

    Raises ValueError for what is no gate, and says which one and why.
    """
    if not isinstance(gates, list):
        raise ValueError("config.yaml: the variable `gates` has to be a list")
    for gate in gates:
        if not isinstance(gate, dict) or not gate.get("model") or not gate.get("metric"):
            raise ValueError(f"config.yaml, gates: {gate} does not name a model and a metric")
        unknown = sorted(set(gate) - {"model", "metric", *GATE_LIMITS, *GATE_CHOICES})
        if unknown:
            known = ", ".join(GATE_LIMITS + GATE_CHOICES)
            raise ValueError(f"config.yaml, gates: {gate} says {', '.join(unknown)}; known are {known}")
        limits = [gate[name] for name in GATE_LIMITS if name in gate]
        if not limits:
            raise ValueError(f"config.yaml, gates: {gate} sets no limit: {', '.join(GATE_LIMITS)}")
        if any(isinstance(limit, bool) or not isinstance(limit, int | float) for limit in limits):
            raise ValueError(f"config.yaml, gates: the limits of {gate} have to be numbers")
    return gates


def judge(
    rows: t.Sequence[JudgedRow],
    gates: t.Sequence[t.Mapping[str, t.Any]],
    prod: t.Sequence[JudgedRow] = (),
) -> list[Verdict]:
    """Judge evaluations by checked gates. `prod` are the evaluations that prod served last.

    Gates of models without any row are left out: their sources may not be there. A gate whose metric none of
    its model's rows has is a slip or a metric that got lost, and fails.
    """
    verdicts = []
    for gate in gates:
        of_model = [row for row in rows if row["model"] == gate["model"]]
        if not of_model:
            continue
        known = sorted({row["metric"] for row in of_model})
        if gate["metric"] not in known:
            lost = f"the gate's metric '{gate['metric']}' is not among {', '.join(known)}"
            verdicts.append(_unmatched_verdict(gate, lost))
            continue
        for row in of_model:
            if _gate_is_about(gate, row):
                verdicts += [_limit_verdict(gate, name, row, prod) for name in GATE_LIMITS if name in gate]
    return verdicts


def failures(verdicts: t.Sequence[Verdict]) -> list[str]:
    """Return a sentence for each verdict that failed, with the number and the limit."""
    return [verdict.sentence() for verdict in verdicts if verdict.is_passed is False]


def _gate_is_about(gate: t.Mapping[str, t.Any], row: JudgedRow) -> bool:
    wanted = {name: gate[name] for name in GATE_CHOICES if name in gate}
    if "method" not in wanted:
        wanted.setdefault("role", GATE_DEFAULT_ROLE)
    wanted["metric"] = gate["metric"]
    return all(row[name] == value for name, value in wanted.items())


def _limit_verdict(
    gate: t.Mapping[str, t.Any], name: str, row: JudgedRow, prod: t.Sequence[JudgedRow]
) -> Verdict:
    value, higher, share = row["metric_value"], row["is_higher_better"], gate[name]
    words, limit = name, t.cast(float | None, share)
    lost = False
    if name == "worse_than_baseline":
        words = f"limit, {share:.0%} worse than the baseline {row['baseline_method']},"
        limit = _worse_by(row["baseline_value"], share, higher)
    elif name == "worse_than_prod":
        words = f"limit, {share:.0%} worse than in prod,"
        limit = _worse_by(_served_value(row, prod), share, higher)
        lost = value is None and limit is not None
    above = name == "minimum" or (name != "maximum" and higher)
    passed: bool | None = None
    if lost:
        passed = False
    elif value is not None and limit is not None:
        passed = value >= limit if above else value <= limit
    return Verdict(
        row["model"], row["source"], row["part"], row["method"], row["metric"], value, words, limit, passed
    )


def _unmatched_verdict(gate: t.Mapping[str, t.Any], words: str) -> Verdict:
    return Verdict(gate["model"], "", "", "", gate["metric"], None, words, None, False)


def _worse_by(reference: float | None, share: float, higher: bool) -> float | None:
    """What is worse than the reference by a share of it."""
    if reference is None:
        return None
    return reference - share * abs(reference) if higher else reference + share * abs(reference)


def _served_value(row: JudgedRow, prod: t.Sequence[JudgedRow]) -> float | None:
    """Prod's value of the same metric: of the same method where prod has it, else of what has its role there."""
    same = ("model", "source", "part", "metric", "role")
    found = [item for item in prod if all(item[name] == row[name] for name in same)]
    found = [item for item in found if item["metric_value"] is not None]
    found = [item for item in found if item["method"] == row["method"]] or found
    values: list[float] = [item["metric_value"] for item in found]
    if not values:
        return None
    return max(values) if row["is_higher_better"] else min(values)
