"""What has to hold before an environment becomes prod."""

from __future__ import annotations

import io
from collections.abc import Callable

from ops.bi_contract import FILE, changes, read_contract, views_of
from ops.errors import OpsError
from ops.evaluation import evaluated
from ops.promotion.candidate import Candidate
from ops.promotion.checks import Answer
from ops.promotion.rehearsal import rehearsed

EVALUATIONS = "ml.model_evaluation"


def gates(candidate: Candidate, *, allow_broken: bool) -> list[tuple[str, Callable[[], Answer]]]:
    """Return the gates in their order, each a name and the question."""
    return [
        ("lint", lambda: lint(candidate)),
        ("unit tests", lambda: unit_tests(candidate)),
        ("audits", lambda: audits(candidate)),
        ("evaluations", lambda: evaluations(candidate)),
        ("bi contract", lambda: bi_contract(candidate)),
        ("dependents", lambda: dependents(candidate, allow_broken=allow_broken)),
    ]


def lint(candidate: Candidate) -> Answer:
    """The linter's errors; what only warns does not stop."""
    found = candidate.context.lint_models(raise_on_error=False)
    errors = [item for item in found if item.violation_type == "error"]
    return Answer(
        [f"{item.model.name}: {item.violation_msg} ({item.rule.name})" for item in errors],
        f"{len(candidate.context.models)} models",
    )


def unit_tests(candidate: Candidate) -> Answer:
    """The models' unit tests, on Postgres."""
    said = io.StringIO()
    result = candidate.context.test(stream=said)
    bad = [*result.failures, *result.errors]
    return Answer([_in_one_line(test, text) for test, text in bad], f"{result.testsRun} tests")


def _in_one_line(test: object, text: str) -> str:
    told = [line.strip() for line in str(text).splitlines() if line.strip()]
    return f"{test}: {told[-1] if told else 'failed'}"


def audits(candidate: Candidate) -> Answer:
    """The environment holds what the files say, computed whole: what an audit stopped is not among it."""
    name = candidate.name
    if candidate.other_versions:
        return Answer(
            [
                f"{model}: {name} does not hold the version that the project's files define"
                for model in candidate.other_versions
            ]
            + [f"`sqlmesh plan {name}` computes and audits what the files say."]
        )
    left = candidate.left_to_compute()
    if left:
        return Answer(
            [f"{model} is not computed to the end in {name}" for model in left]
            + [f"`sqlmesh plan {name}` (or `retail refresh`, for days that are due in prod) computes them."]
        )
    return Answer(note=f"{len(candidate.changed)} versions that prod has not, all computed and audited")


def evaluations(candidate: Candidate) -> Answer:
    """The gates of the learned models, judged on what the environment shows."""
    if not any(model.name == EVALUATIONS for model in candidate.context.models.values()):
        return Answer(note="no learned models")
    try:
        found = evaluated(candidate.settings, candidate.name)
    except OpsError as error:
        return Answer([str(error)])
    judged = sum(bool(item.gates) for item in found.judged)
    return Answer(found.failures, f"{judged} judged")


def bi_contract(candidate: Candidate) -> Answer:
    """What BI tools rely on is what the contract file says."""
    root = candidate.settings.root
    if not (root / FILE).exists():
        return Answer(note=f"there is no {FILE}")
    served = views_of(candidate.context.models.values())
    differing = changes(read_contract(root), served)
    todo = ["If that is meant: `retail bi --write`, and tell the readers in CHANGELOG.md."]
    return Answer(differing + todo if differing else (), f"{len(served)} views are as {FILE} says")


def dependents(candidate: Candidate, *, allow_broken: bool) -> Answer:
    """What others built on prod's views can be built again; tried, and taken back."""
    pairs = [
        candidate.views(one)
        for one in candidate.changed
        if one.is_model and not one.is_symbolic and not candidate.other_versions
    ]
    broken, count = rehearsed(candidate.settings, pairs, candidate.removed)
    told = [str(one) for one in broken]
    if not told:
        return Answer(note=f"{count} built on views that change")
    if allow_broken:
        return Answer(note=f"{len(told)} of {count} will be dropped and kept: {'; '.join(told)}")
    return Answer(
        [*told, "Mend that first; or --allow-broken-dependents drops them and keeps their definitions."]
    )
