"""What Looker does with LookML, as far as tests need it: turn chosen fields of an explore into SQL."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lkml

REFERENCE = re.compile(r"\$\{(?:(\w+)\.)?(\w+)\}")


@dataclass(frozen=True)
class Looker:
    """A LookML project, read."""

    views: Mapping[str, Mapping[str, Any]]
    explores: Mapping[str, Mapping[str, Any]]
    schema: str

    @classmethod
    def read(cls, folder: Path) -> "Looker":
        """Parse the files of a project."""
        parsed = [lkml.load(path.read_text("utf-8")) for path in sorted(folder.rglob("*.lkml"))]
        constants = {each["name"]: each["value"] for part in parsed for each in part.get("constants", [])}
        return cls(
            {view["name"]: view for part in parsed for view in part.get("views", [])},
            {explore["name"]: explore for part in parsed for explore in part.get("explores", [])},
            constants["bi_schema"],
        )

    def fields(self, view: str, kind: str) -> dict[str, Mapping[str, Any]]:
        """A view's dimensions, dimension_groups or measures by name."""
        return {field["name"]: field for field in self.views[view].get(kind, [])}

    def sql(self, explore: str, dimensions: Sequence[str], measures: Sequence[str]) -> str:
        """The query for an explore's fields; each stands under its own name."""
        chosen = [
            f"{self.resolved(f'${{{name}}}', explore)} AS {name.replace('.', '__')}"
            for name in (*dimensions, *measures)
        ]
        text = ", ".join(chosen)
        tables = f"{self._table(explore)} AS {explore}"
        for join in self.explores[explore].get("joins", []):
            if f"{join['name']}." in text:
                source = self._table(join.get("from", join["name"]))
                tables += f" LEFT JOIN {source} AS {join['name']} ON {self.resolved(join['sql_on'], explore)}"
        groups = ", ".join(str(number + 1) for number in range(len(dimensions)))
        return f"SELECT {text} FROM {tables}" + (f" GROUP BY {groups}" if groups else "")

    def resolved(self, sql: str, view: str) -> str:
        """Replace `${TABLE}` and references to fields until none is left."""

        def field(match: re.Match[str]) -> str:
            owner, name = match[1] or view, match[2]
            return view if name == "TABLE" else f"({self.resolved(self._sql_of(owner, name), owner)})"

        return REFERENCE.sub(field, sql)

    def _table(self, view: str) -> str:
        return str(self.views[view]["sql_table_name"]).replace("@{bi_schema}", self.schema)

    def _sql_of(self, owner: str, name: str) -> str:
        view = self._joined_as(owner)
        for kind in ("dimensions", "measures"):
            if found := self.fields(view, kind).get(name):
                return str(found.get("sql", "COUNT(*)"))
        for group, found in self.fields(view, "dimension_groups").items():
            frame = name.removeprefix(f"{group}_")
            if name.startswith(f"{group}_") and frame in found["timeframes"]:
                sql = str(found["sql"])
                return sql if frame in ("raw", "date") else f"DATE_TRUNC('{frame}', {sql})::DATE"
        raise KeyError(f"{owner}.{name}")

    def _joined_as(self, name: str) -> str:
        """The view behind the name of a join."""
        joins = (join for explore in self.explores.values() for join in explore.get("joins", []))
        return next((str(join["from"]) for join in joins if join["name"] == name and "from" in join), name)
