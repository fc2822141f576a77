"""How rows get into tables: SQLMesh loads the materializations from here."""
