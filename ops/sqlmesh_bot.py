"""`python -m ops.sqlmesh_bot …` is `sqlmesh_cicd …`, SQLMesh's bot for pull requests on GitHub."""

from ops.sqlmesh_process import set_up


def main() -> None:
    """Be `sqlmesh_cicd`, with its arguments, output and exit code."""
    set_up()
    from sqlmesh.cicd.bot import bot

    bot(prog_name="sqlmesh_cicd")


if __name__ == "__main__":
    main()
