"""An invented Indian retailer of any size: its customers, shelves and files, and the truth about them.

`generator.build.generate` simulates the shop with vectorised NumPy and writes what `retail load store` reads,
and beside it the truth, which only tests look at. The same options give the same bytes.
"""
