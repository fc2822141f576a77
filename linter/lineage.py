"""Which columns of a model carry what the contracts call personal, followed from the raw tables through the queries.

A value is carried by copying, cutting, joining and (unkeyed) hashing it. It is left behind by a question about it
(`email IS NULL`), by counting or measuring it, and by the keyed hash.
"""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

from ruamel.yaml import YAML
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope
from sqlmesh.core.model import Model

Kinds = frozenset[str]
Columns = t.Mapping[str, Kinds]
Output = list[tuple[str, Kinds]]  # of a SELECT, in its order
FindModel = t.Callable[[exp.Table], Model | None]

NOTHING: Kinds = frozenset()
UNKNOWN = "unknown columns"
POSTAL_CODE = "postal code"
REGION_LENGTH = 3  # so many characters of a postal code are a region
PSEUDONYM = ("privacy", "pseudonym")
#: What tells nothing of its operand but yes or no, or how long or how many.
QUESTIONS = (
    exp.Predicate,
    exp.RegexpLike,
    exp.RegexpILike,
    exp.Not,
    exp.Connector,
    exp.Exists,
    exp.Length,
    exp.Count,
    exp.LogicalOr,
    exp.LogicalAnd,
)
#: Columns outside the contracts that keep parts of raw rows.
INGEST: t.Mapping[str, Columns] = {
    "ingest.rejected_row": {"raw": frozenset({"free text"}), "reason": frozenset({"free text"})}
}


def contract_kinds(folder: Path) -> dict[str, Columns]:
    """What each raw table's columns tell of a person, read from the contracts in a folder."""
    return _kinds_of(tuple(path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))))


@functools.lru_cache(maxsize=4)
def _kinds_of(contracts: tuple[str, ...]) -> dict[str, Columns]:
    found: dict[str, Columns] = dict(INGEST)
    for text in contracts:
        contract = YAML(typ="safe").load(text)
        for name, table in contract["tables"].items():
            kinds = {
                column: frozenset({spec["personal"]})
                for column, spec in table["columns"].items()
                if (spec or {}).get("personal")
            }
            found[f"raw_{contract['source']}.{name}"] = {**kinds, "_extra": frozenset({UNKNOWN})}
    return found


class Lineage:
    """Follows personal columns through models, each of which is looked at once."""

    def __init__(self, find_model: FindModel, raw: t.Mapping[str, Columns]) -> None:
        self._find_model = find_model
        self._raw = raw
        self._known: dict[str, Columns] = {}

    def of_model(self, model: Model) -> Columns:
        """The kinds that each column of a model carries; nothing for what is no SQL."""
        if model.fqn not in self._known:
            self._known[model.fqn] = {}  # a model that reads itself carries what its other sources do
            query = model.render_query() if model.is_sql else None
            if query is not None:
                self._known[model.fqn] = self._of_query(query)
        return self._known[model.fqn]

    def _of_table(self, table: exp.Table) -> Columns:
        raw = self._raw.get(f"{table.db}.{table.name}")
        if raw is not None:
            return raw
        model = self._find_model(table)
        return self.of_model(model) if model else {}

    def _of_query(self, query: exp.Expr) -> Columns:
        root = build_scope(query)
        if root is None:
            return {}
        outputs: dict[int, Output] = {}
        for scope in root.traverse():
            outputs[id(scope)] = self._of_scope(scope, outputs)
        return dict(outputs[id(root)])

    def _of_scope(self, scope: Scope, outputs: t.Mapping[int, Output]) -> Output:
        if scope.union_scopes:  # by position: only the first side's names count
            first, *others = (outputs.get(id(side), []) for side in scope.union_scopes)
            return [
                (name, kinds.union(*(side[place][1] for side in others if place < len(side))))
                for place, (name, kinds) in enumerate(first)
            ]
        walk = Walk(self._of_table, scope, outputs)
        if not isinstance(scope.expression, exp.Query):
            return [("*", walk.over(scope.expression))]  # a table function: a column carries what went in
        return [(item.alias_or_name, walk.over(item)) for item in scope.expression.selects]


class Walk:
    """What an expression of one SELECT carries."""

    def __init__(
        self,
        of_table: t.Callable[[exp.Table], Columns],
        scope: Scope,
        outputs: t.Mapping[int, Output],
    ) -> None:
        self._of_table = of_table
        self._scope = scope
        self._outputs = outputs
        self._subqueries = {
            id(inner.expression): dict(outputs.get(id(inner), [])) for inner in scope.subquery_scopes
        }

    def over(self, node: exp.Expr) -> Kinds:
        """The kinds that the value of an expression carries."""
        if isinstance(node, QUESTIONS) or is_pseudonym(node):
            return NOTHING
        if isinstance(node, exp.Column):
            return self._column(node)
        if is_region(node):
            return self.over(node.this) - {POSTAL_CODE}
        if isinstance(node, exp.Star):
            return NOTHING.union(*(self._row(name) for name in self._scope.sources))
        if isinstance(node, exp.Query):
            return NOTHING.union(*self._subqueries.get(id(node.unnest()), {}).values())
        if isinstance(node, exp.Window):
            return self.over(node.this)
        if isinstance(node, exp.If):
            parts = [node.args.get("true"), node.args.get("false")]
        elif isinstance(node, exp.Case):
            parts = [*node.args.get("ifs", ()), node.args.get("default")]
        else:
            parts = list(node.iter_expressions())
        return NOTHING.union(*(self.over(part) for part in parts if part is not None))

    def _column(self, column: exp.Column) -> Kinds:
        if not column.table and column.name in self._scope.sources:
            return self._row(column.name)  # a whole row
        columns = self._columns(column.table)
        return columns.get(column.name, columns.get("*", NOTHING))

    def _row(self, name: str) -> Kinds:
        return NOTHING.union(*self._columns(name).values())

    def _columns(self, name: str) -> Columns:
        source = self._scope.sources.get(name)
        if isinstance(source, exp.Table):
            return self._of_table(source)
        return dict(self._outputs.get(id(source), []))


def is_pseudonym(node: exp.Expr) -> bool:
    """Whether an expression is the keyed hash, `privacy.pseudonym(…)`."""
    return isinstance(node, exp.Dot) and (node.this.name.lower(), node.expression.name.lower()) == PSEUDONYM


def is_region(node: exp.Expr) -> bool:
    """Whether an expression is the beginning of a text, so short that of a postal code it is a region."""
    if not isinstance(node, exp.Left):
        return False
    length = node.expression
    return isinstance(length, exp.Literal) and length.is_int and int(length.name) <= REGION_LENGTH
