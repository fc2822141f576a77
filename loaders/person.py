"""Where a person stands in a source: the rows that hang on the person's id, and what in them is personal."""

from dataclasses import dataclass

from loaders.contract import Contract

Link = tuple[str, str]  # a column and the root ("table.column") whose values it repeats


@dataclass(frozen=True)
class PersonalTable:
    """A table with rows of the person.

    `identities` are pseudonyms: they find rows and get a tombstone. `links` only find rows: an order's review
    knows the order and not the customer. `passed_on` are columns by whose values other tables' links find rows.
    `emptied` are the columns that tell of the person, `telling` those of them by which a text gives them away.
    """

    name: str
    identities: tuple[Link, ...]
    links: tuple[Link, ...]
    passed_on: tuple[str, ...]
    emptied: tuple[str, ...]
    telling: tuple[str, ...]

    @property
    def may_tell(self) -> bool:
        """Whether the table can hold anything personal, or lead to a table that can."""
        return bool(self.identities or self.emptied or self.passed_on)


def personal_tables(contract: Contract) -> dict[str, PersonalTable]:
    """Return the tables that hold rows of persons, those that are referenced first.

    They are the table of the contract's `person` and, down the references, all that point at such rows. Empty
    for a contract that names no person.
    """
    if contract.person is None:
        return {}
    place = contract.reference(contract.person)
    reached: list[str] = []
    for name in contract.loading_order():
        if (place and name == place[0]) or any(
            target[0] in reached for target in _references(contract, name).values()
        ):
            reached.append(name)
    links = {name: _links(contract, name, reached) for name in reached}
    roots = {root for pairs in links.values() for _, root in pairs}
    return {
        name: PersonalTable(
            name=name,
            identities=_identities(contract, name, reached),
            links=links[name],
            passed_on=tuple(c for c in contract.tables[name].columns if f"{name}.{c}" in roots),
            emptied=_personal(contract, name, but=("pseudonym",)),
            telling=_personal(contract, name, but=("pseudonym", "region")),
        )
        for name in reached
    }


def below(tables: dict[str, PersonalTable], contract: Contract, name: str) -> list[str]:
    """Return the tables whose rows hang on rows of this one, directly or not."""
    found = [name]
    for other in tables:
        if any(target[0] in found for target in _references(contract, other).values()):
            found.append(other)
    return [other for other in found if other != name]


def person_root(contract: Contract) -> str:
    """Return the root of the person's id."""
    return ".".join(_root(contract, *(contract.reference(contract.person or "") or ("", ""))))


def _personal(contract: Contract, name: str, but: tuple[str, ...]) -> tuple[str, ...]:
    columns = contract.tables[name].columns.items()
    return tuple(column for column, spec in columns if spec.personal and spec.personal not in but)


def _references(contract: Contract, name: str) -> dict[str, tuple[str, str]]:
    found = {}
    for column, spec in contract.tables[name].columns.items():
        target = contract.reference(spec.references) if spec.references else None
        if target and target[0] != name:
            found[column] = target
    return found


def _identities(contract: Contract, name: str, reached: list[str]) -> tuple[Link, ...]:
    """The pseudonyms of a table, but for those that stand for somebody else, such as a clerk."""
    roots = ((column, _root(contract, name, column)) for column in contract.tables[name].columns)
    return tuple(
        (column, f"{table}.{root}")
        for column, (table, root) in roots
        if contract.tables[table].columns[root].personal == "pseudonym" and table in reached
    )


def _links(contract: Contract, name: str, reached: list[str]) -> tuple[Link, ...]:
    return tuple(
        (column, f"{table}.{target}")
        for column, (table, target) in _references(contract, name).items()
        if table in reached and contract.tables[table].columns[target].personal != "pseudonym"
    )


def _root(contract: Contract, table: str, column: str) -> tuple[str, str]:
    """The table and column in which a pseudonym stands first: the end of its references."""
    seen = set()
    while (table, column) not in seen:
        seen.add((table, column))
        target = _references(contract, table).get(column)
        if target is None or contract.tables[target[0]].columns[target[1]].personal != "pseudonym":
            break
        table, column = target
    return table, column
