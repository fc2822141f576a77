"""Gates judge evaluations by numbers that anybody can compute by hand."""

from __future__ import annotations

import typing as t

import pytest

from ml.gates import check_gates, failures, judge

CLV = "ml.customer_clv"


def row(value: float | None, **changed: t.Any) -> dict[str, t.Any]:
    return {
        "model": CLV,
        "source": "shop",
        "part": "all",
        "method": "bg_nbd",
        "role": "champion",
        "metric": "mae",
        "metric_value": value,
        "is_higher_better": False,
        "baseline_method": "mean",
        "baseline_value": 10.0,
        "holdout_count": 100,
        **changed,
    }


def gate(**limits: t.Any) -> dict[str, t.Any]:
    return {"model": CLV, "metric": "mae", **limits}


def passed(
    value: float | None, *, prod: t.Sequence[dict[str, t.Any]] = (), **limits: t.Any
) -> list[bool | None]:
    higher = limits.pop("higher", False)
    rows = [row(value, is_higher_better=higher)]
    return [verdict.is_passed for verdict in judge(rows, check_gates([gate(**limits)]), prod)]


@pytest.mark.parametrize(
    ("limits", "good", "bad"),
    [
        ({"maximum": 12}, 12.0, 12.01),
        ({"minimum": 0.7}, 0.7, 0.69),
        ({"worse_than_baseline": 0.05}, 10.5, 10.51),
        ({"worse_than_baseline": 0.05, "higher": True}, 9.5, 9.49),
        ({"worse_than_baseline": 0}, 10.0, 10.01),
        ({"worse_than_baseline": -0.1, "higher": True}, 11.0, 10.99),  # has to be a tenth better
    ],
)
def test_a_limit_is_reached_up_to_its_edge_and_not_beyond(
    limits: dict[str, t.Any], good: float, bad: float
) -> None:
    assert passed(good, **limits) == [True]
    assert passed(bad, **limits) == [False]


def test_a_share_of_a_negative_reference_still_makes_it_worse() -> None:
    rows = [row(-1.15, baseline_value=-1.0, is_higher_better=True)]
    assert [v.is_passed for v in judge(rows, [gate(worse_than_baseline=0.1)])] == [False]
    assert [v.limit_value for v in judge(rows, [gate(worse_than_baseline=0.1)])] == [pytest.approx(-1.1)]


def test_prod_is_compared_by_method_and_else_by_role() -> None:
    prod = [row(8.0), row(4.0, method="pareto_nbd")]
    assert passed(8.8, prod=prod, worse_than_prod=0.1) == [True]
    assert passed(8.81, prod=prod, worse_than_prod=0.1) == [False]
    assert passed(4.5, prod=prod[1:], worse_than_prod=0.1) == [False]
    assert passed(99.0, prod=[row(1.0, source="other"), row(1.0, role="challenger")], worse_than_prod=0) == [
        None
    ]


def test_a_value_that_is_missing_is_not_judged_unless_prod_has_one() -> None:
    assert passed(None, maximum=1, worse_than_baseline=0) == [None, None]
    assert passed(None, prod=[row(8.0)], worse_than_prod=0.1) == [False]
    assert passed(None, prod=[row(None)], worse_than_prod=0.1) == [None]


def test_prod_is_no_yardstick_where_it_was_measured_on_next_to_nothing() -> None:
    assert passed(8.0, prod=[row(1.0, holdout_count=50)], worse_than_prod=0.1) == [False]
    assert passed(8.0, prod=[row(1.0, holdout_count=49)], worse_than_prod=0.1) == [None]
    assert passed(8.0, prod=[row(1.0, holdout_count=None)], worse_than_prod=0.1) == [None]
    assert passed(8.0, prod=[row(0.0)], worse_than_prod=0.1) == [None]  # no share of it can be told


def test_a_gate_judges_the_champion_unless_it_says_what() -> None:
    rows = [row(5.0), row(50.0, method="mean", role="baseline"), row(50.0, source="other")]
    by = [
        ({}, 2),
        ({"source": "shop"}, 1),
        ({"method": "mean"}, 1),
        ({"role": "baseline"}, 1),
        ({"part": "x"}, 0),
    ]
    for choice, count in by:
        assert len(judge(rows, [gate(maximum=9, **choice)])) == count, choice
    assert [v.is_passed for v in judge(rows, [gate(maximum=9, source="shop")])] == [True]


def test_a_gate_whose_metric_nothing_has_fails_but_not_one_whose_model_is_not_there() -> None:
    (failure,) = failures(judge([row(5.0)], [{"model": CLV, "metric": "maee", "maximum": 1}]))
    assert failure == f"{CLV}: the gate asks for maee, and it has only mae"
    assert judge([], [gate(maximum=1)]) == []
    assert judge([row(5.0)], [{"model": "ml.other", "metric": "mae", "maximum": 1}]) == []


def test_a_failure_says_the_model_the_number_and_the_limit() -> None:
    gates = [gate(maximum=12, worse_than_baseline=0.05, worse_than_prod=0.1)]
    said = "ml.customer_clv, shop, all: mae of bg_nbd is 12.5, the gate asks for"
    assert failures(judge([row(12.5)], gates, [row(8.0)])) == [
        f"{said} at most 12",
        f"{said} at most 10.5 (the baseline mean has 10, up to 5 % worse)",
        f"{said} at most 8.8 (prod has 8, up to 10 % worse)",
    ]
    assert failures(judge([row(None)], [gate(worse_than_prod=0.1)], [row(8.0)]))[0].startswith(
        "ml.customer_clv, shop, all: mae of bg_nbd is missing"
    )


@pytest.mark.parametrize(
    ("gates", "complaint"),
    [
        ({"model": CLV}, "has to be a list"),
        ([{"metric": "mae", "maximum": 1}], "does not name a model and a metric"),
        ([{"model": CLV, "metric": "mae"}], "sets no limit"),
        ([{"model": CLV, "metric": "mae", "maximun": 1}], "says maximun; known are minimum"),
        ([{"model": CLV, "metric": "mae", "maximum": "1"}], "have to be numbers"),
        ([{"model": CLV, "metric": "mae", "maximum": True}], "have to be numbers"),
    ],
)
def test_what_is_no_gate_is_refused_with_a_reason(gates: t.Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        check_gates(gates)
