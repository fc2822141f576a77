"""quality: the evidence of data quality, as tables, as JSON, as a page."""

from pathlib import Path
from typing import Any

import click

from ops.cli.output import console, print_json, print_table, say, write_json
from ops.quality import Report, report
from ops.settings import load_settings
from ops.wording import measured, percent

MOST = 15
LAYERS = ("raw", "staged", "quarantined", "repeated", "superseded", "core")
FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command()
@click.option("--json", "json_file", type=FILE, help="Write it as JSON to this file; - prints it instead.")
@click.option("--html", "html_file", type=FILE, help="Write it as one self-contained HTML page.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Judge only the days from this one on.  [default: all]",
)
@click.option(
    "--fail-on",
    type=click.Choice(["block", "warn", "never"]),
    default="block",
    show_default=True,
    help="Exit 1 when a check of this severity, or a graver one, failed.",
)
@click.pass_context
def quality(
    context: click.Context, json_file: Path | None, html_file: Path | None, since: Any, fail_on: str
) -> None:
    """Show the evidence: valid records, checks, rows left out and why, layers compared, freshness, anomalies.

    Exit code 1 when a blocking check failed on some day, or layers differ.
    """
    found = report(load_settings(), since.date() if since else None)
    if html_file:
        from ops.quality_page import page

        html_file.write_text(page(found), "utf-8")
    if json_file and str(json_file) == "-":
        print_json(found.as_dict())
    else:
        if json_file:
            write_json(json_file, found.as_dict())
        print_report(found)
        for path in (json_file, html_file):
            if path:
                say(f"Written: {path}")
    if fail_on != "never" and found.failures(fail_on):
        context.exit(1)


def print_report(found: Report) -> None:
    """Print the evidence as tables, the headline first."""
    total = found.total
    if total["valid_rate"] is None:
        say("Nothing was loaded yet: there is nothing to judge.")
        return
    console.print(
        f"[bold]{percent(total['valid_rate'])} of the records are valid[/bold]: {total['valid_count']:,} of "
        f"{total['read_count']:,} read; {total['rejected_count']:,} rejected, "
        f"{total['quarantined_count']:,} quarantined, {total['repeated_count']:,} repeated.\n"
    )
    columns = ("source", "valid", "read", "rejected", "quarantined", "repeated")
    names = ("read_count", "rejected_count", "quarantined_count", "repeated_count")
    print_table(
        "Records",
        columns,
        [(r["source"], percent(r["valid_rate"]), *(r[name] for name in names)) for r in found.records],
    )
    _print_checks(found)
    print_table(
        "Rows left out, by reason",
        ("what", "source", "table", "rule", "open", "healed", "since", "reason"),
        [
            (
                row["fate"],
                row["source"],
                row["table_name"],
                row["rule_name"],
                row["open_count"],
                row["healed_count"],
                row["first_since_at"].date(),
                row["example"],
            )
            for row in found.reasons[:MOST]
        ],
        rest(found.reasons),
    )
    print_table(
        "Layers: raw = quarantined + repeated + superseded + core",
        ("source", "entity", "days", *LAYERS, "days that differ"),
        [
            (
                row["source"],
                row["entity"],
                row["day_count"],
                *(row[f"{name}_count"] for name in LAYERS),
                row["differing_day_count"],
            )
            for row in found.layers
        ],
    )
    _print_freshness_and_anomalies(found)
    _print_verdict(found)


def _print_checks(found: Report) -> None:
    shown = [row for row in found.checks if row["failed_count"] or not row["is_passed"]]
    quiet = len(found.checks) - len(shown)
    print_table(
        "Checks that found something",
        (
            "verdict",
            "severity",
            "source",
            "table",
            "check",
            "failed",
            "rate",
            "worst day",
            "may a day",
            "days failed",
            "action",
        ),
        [
            (
                "ok" if row["is_passed"] else "FAILED",
                row["severity"],
                row["source"],
                row["table_name"],
                row["check_name"],
                row["failed_count"],
                percent(rate(row["failed_count"], row["tested_count"])),
                f"{percent(row['worst_rate'])} on {row['worst_date']}" if row["worst_date"] else "",
                percent(row["threshold_rate"]),
                row["failed_day_count"],
                row["action"],
            )
            for row in shown
        ],
        f"{quiet} more checks found nothing",
    )
    empty = [row for row in found.completeness if row["empty_count"]]
    print_table(
        "Columns that are empty in places",
        ("source", "table", "column", "empty", "rate"),
        [
            (
                row["source"],
                row["table_name"],
                row["column_name"],
                row["empty_count"],
                percent(rate(row["empty_count"], row["tested_count"])),
            )
            for row in empty[:MOST]
        ],
        rest(empty),
    )


def _print_freshness_and_anomalies(found: Report) -> None:
    columns = ("source", "table", "files", "replaced", "failed loads", "last day", "days ago", "last load")
    names = (
        "file_count",
        "replaced_count",
        "failed_load_count",
        "last_event_date",
        "age_days",
        "last_loaded_at",
    )
    print_table(
        "Freshness",
        columns,
        [(row["source"], row["table_name"], *(row[name] for name in names)) for row in found.freshness],
    )
    print_table(
        "Unlike the same weekday in the eight weeks before, newest first",
        ("day", "source", "what", "column", "measure", "value", "expected", "score"),
        [
            (
                row["event_date"],
                row["source"],
                row["entity"],
                row["column_name"],
                row["measure"],
                measured(row["measure"], row["value"]),
                measured(row["measure"], row["expected_value"]),
                f"{row['score']:.1f}",
            )
            for row in found.anomalies[:MOST]
        ],
        rest(found.anomalies),
    )


def _print_verdict(found: Report) -> None:
    blocking = found.failures("block")
    warned = [name for name in found.failures("warn") if name not in blocking]
    for names, what in ((blocking, "Blocking"), (warned, "Warning")):
        if names:
            say(f"{what}: {'; '.join(names)}")
    if not blocking:
        say("No blocking check failed.")


def rate(part: int, whole: int) -> float | None:
    """Return a share, or None of nothing."""
    return part / whole if whole else None


def rest(rows: list[dict[str, Any]]) -> str:
    """Return the words for what is not shown."""
    return f"and {len(rows) - MOST} more: --json or --html shows all" if len(rows) > MOST else ""
