"""What is learned from the data: pure functions over arrays and DataFrames that know no database.

SQLMesh keeps the source of each function that a Python model reaches in the model's fingerprint, so a change here makes
new versions of just the models that use it.
"""
