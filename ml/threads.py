"""Numerical libraries on one thread, so that the same input gives the same last bit."""

from __future__ import annotations


def use_one_thread() -> None:
    """Let the BLAS and OpenMP libraries that are loaded compute on one thread, from now on and for good.

    The order of summation, and with it the last bit, depends on the number of threads. It is not given back: models
    are computed side by side in threads of one process, where the end of one would set the threads of another loose
    in the middle of its work. Call it behind the imports of what it is to act on, and in the thread that computes:
    OpenMP keeps the number by thread.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)
