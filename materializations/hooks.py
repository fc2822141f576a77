"""SQLMesh reads this folder for `run` and `migrate` too, which read no macros: its methods are wrapped from here."""

from ops.promotion import alerting, longest_first, plan_lock, same_tables, shared_reads, swap
from ops.sqlmesh_process import set_up

set_up()
plan_lock.install()
swap.install()
same_tables.install()
shared_reads.install()
longest_first.install()
alerting.install()
