#!/usr/bin/env python3
"""Adds up what Meson's test logs say: prints 'PASSED FAILED SKIPPED'.

    sum_test_logs.py meson-logs/testlog.json...

A program that prints a line 'totals: N passed, N failed, N skipped', or Check's summary, counts for
as many tests as it says; any other counts for one.
"""

import json
import re
import sys

TOTALS = re.compile(r"^totals: (\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)


def count(record):
    """(passed, failed, skipped) of one program."""
    result = record["result"]
    output = record.get("stdout") or ""
    good = result in ("OK", "EXPECTEDFAIL")
    if result == "SKIP":
        return 0, 0, 1
    totals = TOTALS.findall(output)
    if totals:
        passed, failed, skipped = (sum(column) for column in zip(*(map(int, t) for t in totals)))
    else:
        checks = [tuple(map(int, c)) for c in CHECK.findall(output)]
        failed = sum(failures + errors for _, failures, errors in checks)
        passed = sum(number for number, _, _ in checks) - failed
        skipped = 0
        if not checks:
            passed = 1 if good else 0
    # Killed, timed out, or failed without saying in what.
    if not good and failed == 0:
        failed = 1
    return passed, failed, skipped


def main():
    sums = [0, 0, 0]
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as log:
            for line in log:
                sums = [a + b for a, b in zip(sums, count(json.loads(line)))]
    print(*sums)


if __name__ == "__main__":
    main()
