"""What a model that is written by COPY promises to those who read its table, on a server."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.materializations.conftest import Small

NUMBERS = """
    @model("ml.numbers", kind=FULL, columns={"number": "bigint", "word": "text"}, description="Numbers.",
        column_descriptions={"word": "A word."}, grants={"select": ["bi_reader"]})
    def execute(context, start, end, execution_time, **kwargs):
        yield pd.DataFrame({"word": ["one", None], "number": [1, 2]})
        yield pd.DataFrame({"number": [3], "word": [""]})
"""
DAYS = """
    @model("ml.days", kind=BY_DAY, columns={"day": "date", "number": "bigint"})
    def execute(context, start, end, execution_time, **kwargs):
        days = pd.date_range("2026-10-20", "2026-11-20")
        yield pd.DataFrame({"day": days, "number": int(Path("ROOT/number").read_text())})
"""


def test_all_frames_are_the_table_and_a_second_plan_does_nothing(small: Small) -> None:
    small.write("numbers.py", NUMBERS)
    assert small.plan()
    assert small.query("SELECT * FROM ml.numbers ORDER BY 1") == [(1, "one"), (2, None), (3, "")]
    assert not small.plan()


def test_a_new_computation_keeps_the_table_with_its_index_grants_comments_and_statistics(
    small: Small,
) -> None:
    small.write("numbers.py", NUMBERS)
    small.plan()
    table = small.physical("ml.numbers")
    small.query(f"CREATE INDEX an_index ON {table} (number)")
    facts = (
        f"SELECT '{table}'::regclass::oid::bigint, has_table_privilege('bi_reader', '{table}', 'SELECT'), "
        f"obj_description('{table}'::regclass), col_description('{table}'::regclass, 2), "
        f"to_regclass('{table.split('.')[0]}.an_index') IS NOT NULL, "
        f"(SELECT reltuples FROM pg_class WHERE oid = '{table}'::regclass)"
    )
    before = small.query(facts)
    assert before[0][2:] == ("Numbers.", "A word.", True, 3.0)
    small.plan(restate_models=["ml.numbers"])
    assert small.query(facts) == before
    assert small.query("SELECT count(*) FROM ml.numbers") == [(3,)]


def test_a_model_that_yields_no_rows_leaves_an_empty_table(small: Small) -> None:
    switch = small.root / "empty"
    small.write(
        "some.py",
        f"""
        @model("ml.some", kind=FULL, columns={{"number": "bigint"}})
        def execute(context, start, end, execution_time, **kwargs):
            if Path("{switch}").exists():
                yield from ()
            else:
                yield pd.DataFrame({{"number": [1]}})
        """,
    )
    small.plan()
    assert small.query("SELECT number FROM ml.some") == [(1,)]
    switch.touch()
    small.plan(restate_models=["ml.some"])
    assert small.query("SELECT number FROM ml.some") == []


def test_a_restated_interval_replaces_its_days_and_no_others(small: Small) -> None:
    number = small.root / "number"
    number.write_text("1")
    small.write("days.py", DAYS.replace("ROOT", str(small.root)))
    small.plan(execution_time="2026-11-21")
    assert small.query("SELECT min(day), max(day), count(*) FROM ml.days") == [
        (dt.date(2026, 11, 1), dt.date(2026, 11, 20), 20)
    ]
    number.write_text("2")
    days = {"start": "2026-11-05", "end": "2026-11-06", "execution_time": "2026-11-21"}
    small.plan(restate_models=["ml.days"], **days)
    assert small.query("SELECT day FROM ml.days WHERE number = 2 ORDER BY 1") == [
        (dt.date(2026, 11, 5),),
        (dt.date(2026, 11, 6),),
    ]
    assert small.query("SELECT count(*) FROM ml.days") == [(20,)]


def test_a_reader_during_the_load_sees_the_old_rows_at_once(small: Small) -> None:
    seen = small.root / "seen"
    dsn = small.settings.connect().dsn
    password = small.settings.transformer.password
    small.write(
        "slow.py",
        f"""
        @model("ml.slow", kind=FULL, columns={{"number": "bigint"}})
        def execute(context, start, end, execution_time, **kwargs):
            yield pd.DataFrame({{"number": [1, 2, 3]}})
            reader = psycopg2.connect("{dsn}", password="{password}", options="-c lock_timeout=1s")
            with reader.cursor() as cursor:
                cursor.execute("SELECT to_regclass('ml.slow')")
                if cursor.fetchone()[0]:
                    cursor.execute("SELECT array_agg(number ORDER BY number)::text FROM ml.slow")
                    Path("{seen}").write_text(cursor.fetchone()[0])
            reader.close()
            yield pd.DataFrame({{"number": [4]}})
        """,
    )
    small.plan()
    small.plan(restate_models=["ml.slow"])
    assert seen.read_text() == "{1,2,3,4}"
    assert small.query("SELECT number FROM ml.slow ORDER BY 1") == [(1,), (2,), (3,), (4,)]


def test_a_load_that_is_killed_leaves_the_old_rows(small: Small) -> None:
    switch = small.root / "kill"
    small.write(
        "killed.py",
        f"""
        @model("ml.killed", kind=FULL, columns={{"number": "bigint"}})
        def execute(context, start, end, execution_time, **kwargs):
            if not Path("{switch}").exists():
                yield pd.DataFrame({{"number": [1]}})
            else:
                yield pd.DataFrame({{"number": range(1000)}})
                os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    small.plan()
    switch.touch()
    restate = ("plan", "--auto-apply", "--no-prompts", "--skip-tests", "--restate-model", "ml.killed")
    assert "Virtual layer updated" not in small.sqlmesh(*restate, check=False)
    assert small.query("SELECT number FROM ml.killed") == [(1,)]


def test_what_does_not_fit_is_told_with_model_and_column_and_leaves_the_old_rows(small: Small) -> None:
    switch = small.root / "large"
    small.write(
        "amounts.py",
        f"""
        @model("ml.amounts", kind=FULL, columns={{"number": "bigint", "amount": "numeric(4, 2)"}})
        def execute(context, start, end, execution_time, **kwargs):
            last = Decimal("123.45") if Path("{switch}").exists() else Decimal("1.5")
            yield pd.DataFrame({{"number": [1, 2], "amount": [Decimal("1"), last]}})
        """,
    )
    small.plan()
    switch.touch()
    restate = ("plan", "--auto-apply", "--no-prompts", "--skip-tests", "--restate-model", "ml.amounts")
    said = " ".join(small.sqlmesh(*restate, check=False).split())
    assert "ml.amounts: column 'amount', row 1 that was copied: numeric field overflow" in said
    assert [str(amount) for (amount,) in small.query("SELECT amount FROM ml.amounts")] == ["1.00", "1.50"]


def test_a_query_takes_sqlmeshs_own_path(small: Small) -> None:
    small.write("numbers.py", NUMBERS)
    small.write(
        "squares.sql",
        "MODEL (name ml.squares, kind CUSTOM (materialization 'copy_full')); "
        "SELECT (number * number)::bigint AS square FROM ml.numbers",
    )
    small.write(
        "daily.sql",
        "MODEL (name ml.daily, kind CUSTOM (materialization 'copy_by_time_range', "
        "materialization_properties (time_column = day))); "
        "SELECT day::date AS day FROM generate_series(@start_date, @end_date, '1 day') AS series (day)",
    )
    small.plan(execution_time="2026-11-21")
    for _ in range(2):
        assert small.query("SELECT square FROM ml.squares ORDER BY 1") == [(1,), (4,), (9,)]
        assert small.query("SELECT count(*), count(DISTINCT day) FROM ml.daily") == [(20, 20)]
        days = {"start": "2026-11-03", "end": "2026-11-04", "execution_time": "2026-11-21"}
        small.plan(restate_models=["ml.numbers", "ml.daily"], **days)


def test_a_change_of_the_materialization_rebuilds_no_model(small: Small) -> None:
    small.write("numbers.py", NUMBERS)
    small.plan()
    for name in ("copying.py", "encoding.py"):
        file = small.root / "materializations" / name
        file.write_text(file.read_text("utf-8") + "\nANOTHER_CONSTANT = 1\n", "utf-8")
    assert not small.plan()


def test_a_model_reads_by_copy_what_another_wrote(small: Small) -> None:
    small.write("numbers.py", NUMBERS)
    small.write(
        "words.py",
        """
        @model("ml.words", kind=FULL, columns={"word": "text", "number": "bigint"}, depends_on=["ml.numbers"])
        def execute(context, start, end, execution_time, **kwargs):
            table = exp.to_table(context.resolve_table("ml.numbers"), dialect="postgres")
            yield read_frame(context, exp.select("number", "word").from_(table))
        """,
    )
    small.plan()
    assert small.query("SELECT number, word FROM ml.words ORDER BY 1") == [(1, "one"), (2, None), (3, "")]


def test_the_janitor_removes_what_was_written(small: Small) -> None:
    small.write("numbers.py", NUMBERS)
    small.plan()
    table = small.physical("ml.numbers")
    Path(small.root / "models" / "numbers.py").unlink()
    small.write("other.py", NUMBERS.replace("ml.numbers", "ml.other"))
    small.plan()
    small.sqlmesh("janitor", "--ignore-ttl", answers="y\n")
    assert small.query(f"SELECT to_regclass('{table}')") == [(None,)]
