"""Gates: what an evaluation has to reach before its model is served.

A gate names a model and a metric, and says at least one of `minimum`, `maximum`, `worse_than_baseline` and
`worse_than_prod`. The last two are shares: 0.05 lets the value be up to 5 % worse than the naive baseline's, or than
what prod served last, where that is not 0 and was measured on at least half as many rows: a shop whose first days
have just been computed is no yardstick. It judges the champion of every source and part, unless it names a `role`,
`method`, `source` or `part`. A value that could not be computed is not judged by `minimum` and `maximum`: the
evaluation's note tells why.
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
    "holdout_count",
)
LEAST_HOLDOUT_SHARE = 0.5  # of the rows that an evaluation is measured on, for prod's to compare with
#: The evaluations that prod served last, by the record: of each method the last one, and of champions that followed
#: each other under different methods the newest. Who is evaluated no more leaves no row that says so.
LAST_OF_PROD = f"""
WITH last AS (
  SELECT DISTINCT ON (model, source, part, method, metric) {", ".join(JUDGED_COLUMNS)}, recorded_at
  FROM ingest.model_evaluation
  WHERE environment = 'prod'
  ORDER BY model, source, part, method, metric, recorded_at DESC
), ranked AS (
  SELECT {", ".join(JUDGED_COLUMNS)},
    RANK() OVER (PARTITION BY model, source, part, metric, role ORDER BY recorded_at DESC) AS age
  FROM last
)
SELECT {", ".join(JUDGED_COLUMNS)}
FROM ranked
WHERE role <> 'champion' OR age = 1
ORDER BY model, source, part, metric, method
"""

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
        """`ml.customer_clv, shop, all: mae of bg_nbd is 12.5, the gate asks for at most 10`."""
        if not self.source:
            return f"{self.model}: the gate asks for {self.gate}"
        value = "missing" if self.metric_value is None else f"{self.metric_value:.6g}"
        subject = f"{self.model}, {self.source}, {self.part}: {self.metric} of {self.method}"
        return f"{subject} is {value}, the gate asks for {self.gate}"


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
            words = f"{gate['metric']}, and it has only {', '.join(known)}"
            verdicts.append(Verdict(gate["model"], "", "", "", gate["metric"], None, words, None, False))
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
    value, higher, limit = row["metric_value"], row["is_higher_better"], t.cast(float | None, gate[name])
    compared, reference = "", t.cast(float | None, None)
    if name in ("worse_than_baseline", "worse_than_prod"):
        of_prod = name == "worse_than_prod"
        reference = _served_value(row, prod) if of_prod else row["baseline_value"]
        compared = "prod" if of_prod else f"the baseline {row['baseline_method']}"
        limit = _worse_by(reference, gate[name], higher)
    above = name == "minimum" or (name != "maximum" and higher)
    passed: bool | None = None
    if value is not None and limit is not None:
        passed = value >= limit if above else value <= limit
    elif name == "worse_than_prod" and limit is not None:
        passed = False  # prod has the number, and here it got lost
    asked = f"at {'least' if above else 'most'}" + ("" if limit is None else f" {limit:.6g}")
    if reference is not None:
        asked += f" ({compared} has {reference:.6g}, {_margin_words(gate[name])})"
    elif compared:
        asked = f"{_margin_words(gate[name])} than {compared}"
    subject = (row["model"], row["source"], row["part"], row["method"], row["metric"])
    return Verdict(*subject, value, asked, limit, passed)


def _margin_words(share: float) -> str:
    if not share:
        return "no worse"
    return f"at least {-share * 100:.4g} % better" if share < 0 else f"up to {share * 100:.4g} % worse"


def _worse_by(reference: float | None, share: float, higher: bool) -> float | None:
    """What is worse than the reference by a share of it."""
    if reference is None:
        return None
    return reference - share * abs(reference) if higher else reference + share * abs(reference)


def _served_value(row: JudgedRow, prod: t.Sequence[JudgedRow]) -> float | None:
    """Prod's value of the same metric: of the same method where prod has it, else of what has its role there."""
    same = ("model", "source", "part", "metric", "role")
    found = [item for item in prod if all(item[name] == row[name] for name in same)]
    enough = LEAST_HOLDOUT_SHARE * (row["holdout_count"] or 0)
    found = [item for item in found if item["metric_value"] and (item["holdout_count"] or 0) >= enough]
    found = [item for item in found if item["method"] == row["method"]] or found
    values: list[float] = [item["metric_value"] for item in found]
    if not values:
        return None
    return max(values) if row["is_higher_better"] else min(values)
