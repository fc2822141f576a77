"""Settings and `.env`: who wins, what is kept, what is refused."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmesh.core.config import Config, load_configs

from ops import dotenv
from ops.errors import OpsError
from ops.settings import load_settings


def test_the_env_file_wins_over_the_environment_as_in_sqlmesh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PGHOST=from-file\n")
    (tmp_path / "config.yaml").write_text("model_defaults: {dialect: postgres}\n")
    monkeypatch.setenv("PGHOST", "from-environment")
    ours = load_settings(tmp_path).host
    load_configs(None, Config, tmp_path)
    assert ours == os.environ["PGHOST"] == "from-file"


def test_defaults_need_nothing(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "project", {})
    assert (settings.host, settings.port, settings.database) == ("127.0.0.1", 5432, "retail")
    assert (settings.transformer.user, settings.bi.user) == ("retail_transformer", "bi_reader")
    assert settings.server == "embedded"
    assert settings.data_dir == tmp_path / "project" / "data"


def test_shared_data_beside_the_project_is_found_and_a_named_folder_wins(tmp_path: Path) -> None:
    (tmp_path / "shared" / "data").mkdir(parents=True)
    root = tmp_path / "project"
    assert load_settings(root, {}).data_dir == tmp_path / "shared" / "data"
    assert load_settings(root, {"RETAIL_DATA_DIR": "mine"}).data_dir == root / "mine"


def test_the_generated_shop_lies_in_the_projects_own_folder_unless_the_data_has_one(tmp_path: Path) -> None:
    root, shared = tmp_path / "project", tmp_path / "shared" / "data"
    (shared / "olist").mkdir(parents=True)
    settings = load_settings(root, {})
    assert settings.data_dir_of("olist") == settings.data_dir_of("online_retail") == shared
    assert settings.data_dir_of("store") == root / "data"
    (shared / "store").mkdir()
    assert settings.data_dir_of("store") == root / "data"  # there is nothing in it
    (shared / "store" / "pos").mkdir()
    assert settings.data_dir_of("store") == shared


def test_with_one_user_everybody_is_that_user(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"PGUSER": "me", "PGPASSWORD": "secret", "PGHOST": "db"})
    assert settings.loader == settings.transformer
    assert settings.server == "other"


@pytest.mark.parametrize(
    ("name", "value"), [("PGPORT", "http"), ("PGPORT", "70000"), ("RETAIL_POSTGRES_VERSION", "15")]
)
def test_a_value_that_makes_no_sense_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(OpsError, match=rf"{name} is '{value}'"):
        load_settings(tmp_path, {name: value})


def test_a_url_quotes_what_needs_it_and_can_leave_the_password_out(tmp_path: Path) -> None:
    values = {"PGUSER": "a b", "PGPASSWORD": "p@ss/word", "PGHOST": "::1", "PGSSLMODE": "require"}
    settings = load_settings(tmp_path, values)
    assert settings.url() == "postgresql://a%20b:p%40ss%2Fword@[::1]:5432/retail?sslmode=require"
    assert settings.url(password=False) == "postgresql://a%20b@[::1]:5432/retail?sslmode=require"


def test_an_unreachable_server_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"PGPORT": "1", "PGPASSWORD": "secret"})
    with pytest.raises(OpsError, match=r"127\.0\.0\.1:1 .*(?s:.*)retail start") as failure:
        settings.connect()
    assert "secret" not in str(failure.value)


def test_updating_keeps_other_lines_and_removes_on_none(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# mine\nKEEP='a b'\nexport CHANGE=1\nDROP=2\n")
    dotenv.update(path, {"CHANGE": "x", "DROP": None, "NEW": "y z"})
    assert path.read_text() == "# mine\nKEEP='a b'\nCHANGE=x\nNEW='y z'\n"
    assert path.stat().st_mode & 0o777 == 0o600


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n'\\", exclude_categories=["Cc", "Cs"])))
def test_a_value_comes_back_as_it_was_written(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ".env"
        dotenv.update(path, {"PGPASSWORD": text})
        assert dotenv.read(path) == {"PGPASSWORD": text}


@pytest.mark.parametrize("text", ["two\nlines", "it's", "back\\slash"])
def test_a_value_that_could_not_come_back_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(OpsError, match=r"A setting in \.env cannot hold"):
        dotenv.update(tmp_path / ".env", {"PGPASSWORD": text})


def test_help_does_not_import_what_it_does_not_need() -> None:
    code = "import sys, ops.cli.main; print({'psycopg2', 'sqlmesh', 'duckdb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
