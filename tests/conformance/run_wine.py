#!/usr/bin/env python3
"""Runs a Windows program under Wine and ends as it does.

    run_wine.py PREFIX PROGRAM.exe [ARGUMENT]...

PREFIX is the folder of Wine's own files. It is made where it is missing (seconds, some 700 MB), for
one program at a time; HOSTMEM_TEST_WINEPREFIX names another, to be shared by several builds.
Ends with 77, which is Meson's word for a skipped test, where there is no Wine or no such program
(because there was no mingw to build it).
"""

import fcntl
import os
import shutil
import subprocess
import sys

SKIPPED = 77


def prepare(prefix):
    """Makes the prefix once, whoever comes first."""
    os.makedirs(prefix, exist_ok=True)
    with open(os.path.join(prefix, ".hostmem-lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = os.path.join(prefix, ".hostmem-made")
        if os.path.exists(done):
            return True
        made = subprocess.run(["wine", "wineboot", "--init"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=300, check=False)
        if made.returncode == 0:
            with open(done, "w", encoding="ascii"):
                pass
        return made.returncode == 0


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    prefix = os.path.abspath(os.environ.get("HOSTMEM_TEST_WINEPREFIX") or sys.argv[1])
    program = sys.argv[2]
    if not shutil.which("wine"):
        print("skipped: there is no Wine here")
        sys.exit(SKIPPED)
    if not os.path.exists(program):
        print("skipped: there was no mingw to build " + program)
        sys.exit(SKIPPED)
    os.environ.update(
        WINEPREFIX=prefix,
        WINEDEBUG="-all",
        # No questions about .NET and HTML, no menu entries on this desktop.
        WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe=",
    )
    os.environ.pop("DISPLAY", None)
    if not prepare(prefix):
        sys.exit("run_wine.py: Wine could not make " + prefix)
    sys.exit(subprocess.run(["wine", *sys.argv[2:]], stdin=subprocess.DEVNULL,
                            check=False).returncode)


if __name__ == "__main__":
    main()
