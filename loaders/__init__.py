"""Loaders: raw files into Postgres, under a contract, with a ledger. Start at `loaders.load`."""
