"""How LookML is written down."""

from collections.abc import Mapping

HEAD = "# Written by `retail lookml` from the metric dictionary and the views of bi: what is changed here is lost.\n\n"
SQL = ("sql", "sql_on", "sql_table_name")  # parameters that end with two semicolons
BARE = ("type", "datatype", "relationship", "from", "timeframes", "export")  # words of LookML, not texts


def block(kind: str, name: str, parameters: Mapping[str, object], indent: str = "") -> str:
    """Return a block with its parameters, in their order; those that are empty are left out."""
    inner = indent + "  "
    lines = [f"{indent}{kind}: {name} {{"]
    for key, value in parameters.items():
        if key == "fields" and isinstance(value, list) and value and isinstance(value[0], dict):
            for field in value:
                rest = {k: v for k, v in field.items() if k not in ("kind", "name")}
                lines.append("\n" + block(str(field["kind"]), str(field["name"]), rest, inner).rstrip("\n"))
        elif key == "joins" and isinstance(value, list):
            lines += [block("join", name, join, inner).rstrip("\n") for name, join in value]
        elif key == "set" and isinstance(value, tuple):
            lines.append("\n" + block("set", value[0], value[1], inner).rstrip("\n"))
        elif value != "":
            lines.append(f"{inner}{key}: {_written(key, value)}")
    return "\n".join([*lines, f"{indent}}}"]) + "\n"


def _written(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    if key in SQL:
        return f"{value} ;;"
    if key in BARE:
        return str(value)
    quoted = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'
