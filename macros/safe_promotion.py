"""SQLMesh reads this file whatever its command is, so that each promotes safely and waits its turn."""

from ops.promotion import plan_lock, swap

plan_lock.install()
swap.install()
