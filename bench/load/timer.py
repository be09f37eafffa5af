#!/usr/bin/env python3
"""How late a thread wakes that does nothing but wait for one moment after another: what the machine itself allows.

Usage: bench/load/timer.py RATE SECONDS

Prints p99.9 in ms. The moments are fixed beforehand, so that a late one delays no other's: unlike cyclictest, which
counts a stop of 2 ms once, this counts every moment in it, as an open loop does.
"""

import ctypes
import sys
import time

PR_SET_TIMERSLACK, CLOCK_MONOTONIC, TIMER_ABSTIME = 29, 1, 1


class Timespec(ctypes.Structure):
    _fields_ = [("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long)]


def main(rate, seconds):
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_TIMERSLACK, 1)
    interval_ns, count = 1_000_000_000 // rate, rate * seconds
    begin_ns = time.monotonic_ns() + interval_ns
    lags_ns = []
    for number in range(count):
        due_ns = begin_ns + number * interval_ns
        due = Timespec(*divmod(due_ns, 1_000_000_000))
        libc.clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, ctypes.byref(due), None)
        lags_ns.append(time.monotonic_ns() - due_ns)
    print(sorted(lags_ns)[count * 999 // 1_000] / 1e6)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
