"""Personal columns stay behind: hashed from staging on, texts left in staging, nothing of either in the star schema."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path
from weakref import WeakKeyDictionary, proxy

from sqlglot import exp
from sqlmesh.core.context import GenericContext
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model

from linter.layers import SERVED, is_ours, layer
from linter.lineage import POSTAL_CODE, UNKNOWN, Lineage, contract_kinds

CONTRACTS = Path("loaders") / "contracts"
#: What is hashed from staging on, and what staging and quality may hold and no other layer.
HASHED = frozenset({"email", "phone", "name", "address", POSTAL_CODE})
TEXTS = frozenset({"free text", UNKNOWN})
HOLD_TEXTS = ("stg", "quality")
GRANTED = ("bi", "mart", "ml")

#: The second net, for what no contract marks: names that promise a person.
PERSONAL_NAME = re.compile(
    r"(^|_)(e_?mail|phone|telephone|mobile|fax|(first|last|full|middle|customer|maiden)_name|forename|surname|"
    r"street|house_number|address|address_line(_\d)?|birth_?(date|day)|date_of_birth|iban|passport|ip_address)$"
)
HARMLESS_NAME = re.compile(r"^(is|has)_")


AnyContext = GenericContext[t.Any]
#: The lineage of each project, with the models that it was followed through: SQLMesh makes a rule anew for each model.
_followed: WeakKeyDictionary[AnyContext, tuple[list[Model], Lineage]] = WeakKeyDictionary()


def lineage_in(context: AnyContext) -> Lineage:
    """The lineage through a project's models, followed once until one of them is another."""
    models = list(context.models.values())
    seen, lineage = _followed.get(context, ([], None))
    if lineage is None or list(map(id, seen)) != list(map(id, models)):
        project = proxy(context)  # the lineage must not keep alive what it is kept for

        def find(table: exp.Table) -> Model | None:
            name = exp.table_(table.name, table.db, table.catalog, quoted=True)  # without its alias
            return t.cast(AnyContext, project).get_model(name.sql("postgres"))

        lineage = Lineage(find, contract_kinds(Path(context.path) / CONTRACTS))
        _followed[context] = (models, lineage)
    return lineage


class PersonalColumnsStayBehind(Rule):
    """E-mail, phone, name and address are hashed from stg on; free text stays in stg; core has neither."""

    def check_model(self, model: Model) -> list[RuleViolation] | None:
        if not is_ours(model):
            return None
        return [*self._by_lineage(model), *self._by_name(model)]

    def _by_lineage(self, model: Model) -> t.Iterator[RuleViolation]:
        if not self.context:  # a model by itself, in a test of a rule
            return
        forbidden = HASHED if layer(model) in HOLD_TEXTS else HASHED | TEXTS
        for column, kinds in lineage_in(self.context).of_model(model).items():
            if found := sorted(kinds & forbidden):
                yield self.violation(
                    f"{model.name}: {column} carries {' and '.join(found)} of a raw table as the contract marks "
                    "it; hash it in stg with @PSEUDONYM, or leave it behind"
                )

    def _by_name(self, model: Model) -> t.Iterator[RuleViolation]:
        if layer(model) not in (*SERVED, "conformed"):
            return
        for column in model.columns_to_types or {}:
            if PERSONAL_NAME.search(column) and not HARMLESS_NAME.match(column):
                yield self.violation(
                    f"{model.name}: {column} sounds personal; leave it behind, or name it {column}_hash if it is "
                    "a @PSEUDONYM"
                )


class ReadersGetServedLayers(Rule):
    """Only models of bi, mart and ml have grants: whoever reads there sees no raw rows and no copies of them."""

    def check_model(self, model: Model) -> RuleViolation | None:
        if not is_ours(model) or not model.grants or layer(model) in GRANTED:
            return None
        return self.violation(f"{model.name} has grants; only models of {', '.join(GRANTED)} are granted")
