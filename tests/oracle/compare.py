#!/usr/bin/env python3
"""Runs the same random calls on hostmem and under Wine and compares all that they print.

    compare.py [--seed N] [--sequences N] [--calls N] NATIVE WINDOWS...

NATIVE is tests/oracle/oracle.c built for hostmem; WINDOWS is the command that runs it as a Windows
program ('run_wine.py PREFIX oracle.exe'). HOSTMEM_TEST_SEED and HOSTMEM_TEST_SEQUENCES stand in for
options that are not given.

Wine is not Windows. A difference counts as known where a rule below allows it: hostmem then did what
the fact says, and Wine what it is known to do instead. Any other ends the comparison of its
sequence, and so does agreement with Wine in what Windows is known to refuse. The first one is printed with what came before it and with commands that replay the
sequence. Ends with 1 if there is one, with 77 (skipped) if one of the programs cannot be run.
"""

import argparse
import collections
import os
import re
import subprocess
import sys

SKIPPED = 77
SECONDS = 900
CONTEXT = 12

GUARD, NOCACHE, WRITECOMBINE = 0x100, 0x200, 0x400
RESERVE, RESET, WRITE_WATCH = 0x2000, 0x80000, 0x200000
RELEASE, DECOMMIT = 0x8000, 0x4000
UNTOUCHED_OLD = 0xA5A5A5A5

CALL = re.compile(r"(\d+) (\w+) (.*?) ?-> (.*)")
QUERY = re.compile(r"ok 48 .* size (?P<size>\S+) state (?P<state>\S+) .*")


class Line:
    """One printed call; what a rule asks of it."""

    def __init__(self, text):
        self.text = text
        match = CALL.fullmatch(text)
        self.number, self.name, self.arguments, self.answer = match.groups() if match else [""] * 4

    def argument(self, name):
        match = re.search(name + r" 0x([0-9a-f]+)", self.arguments)
        return int(match[1], 16) if match else 0

    def size(self):
        words = self.arguments.split()
        return int(words[1], 16) if len(words) > 1 else 0

    def error(self):
        match = re.match(r"error (\d+)", self.answer)
        return int(match[1]) if match else 0

    def old(self):
        match = re.search(r"old 0x([0-9a-f]+)", self.answer)
        return int(match[1], 16) if match else None

    def query(self):
        return QUERY.fullmatch(self.answer)


# --- What Windows refuses because of the arguments alone, and some Wine takes. ---

def is_valid(protect):
    access, modifiers = protect & 0xFF, protect & ~0xFF
    return (access in (1, 2, 4, 0x10, 0x20, 0x40) and
            modifiers in (0, GUARD, NOCACHE, WRITECOMBINE) and not (access == 1 and modifiers))


def modifiers_together(first, second):
    """Two modifiers, or PAGE_NOACCESS and one."""
    def rule(line):
        protect = line.argument("protect")
        return (line.name in ("alloc", "protect") and
                all((protect & 0xFF) == 1 if bit == 1 else protect & bit for bit in (first, second)))
    return rule


def is_copy_on_write(line):
    """A protection that VirtualProtect takes for views of files: there the memory decides."""
    return line.name == "protect" and line.argument("protect") in (8, 0x80)


def bad_protection(line):
    return (line.name in ("alloc", "protect") and not is_valid(line.argument("protect")) and
            not is_copy_on_write(line))


def write_watch_alone(line):
    kind = line.argument("type")
    return line.name == "alloc" and kind & WRITE_WATCH and not kind & RESERVE


def reset_with_others(line):
    kind = line.argument("type")
    return line.name == "alloc" and kind & RESET and kind != RESET


def protect_nothing(line):
    """A missing place for the old protection is noticed before."""
    return line.name == "protect" and line.size() == 0 and "without old" not in line.arguments


# --- Where the answer depends on what there is. ---

def unmerged(native, windows):
    mine, theirs = native.query(), windows.query()
    if not mine or not theirs or mine["state"] != hex(RESERVE):
        return False
    shorter = int(theirs["size"], 16) < int(mine["size"], 16)
    return shorter and (native.answer.replace("size " + mine["size"], "") ==
                        windows.answer.replace("size " + theirs["size"], ""))


def old_not_written(native, windows):
    return (native.name == "protect" and native.error() == windows.error() == 487 and
            native.old() == 1 and windows.old() == UNTOUCHED_OLD)


def protect_leaves_allocation(native, windows):
    return (native.name == "protect" and native.error() == 487 and windows.error() == 87 and
            native.old() == 1 and windows.old() == UNTOUCHED_OLD)


def copy_on_write_refused(native, windows):
    return is_copy_on_write(native) and native.error() == 87 and windows.error() in (487, 998)


def free_of_free_memory(kind):
    def rule(native, windows):
        return (native.name == "free" and native.argument("type") == kind and
                native.error() == 487 and windows.error() == 87)
    return rule


# Facts that Wine does not follow, by their ids in the conformance rows.

# hostmem answers 87 whenever such a call is made, also where Wine does. Wine may take it, or find
# something else wrong first. The first rule that fits counts.
REFUSED = [
    ("B06", "MEM_WRITE_WATCH needs MEM_RESERVE", write_watch_alone),
    ("G04", "MEM_RESET is exclusive", reset_with_others),
    ("B13", "PAGE_NOACCESS|PAGE_GUARD is refused", modifiers_together(1, GUARD)),
    ("B14", "PAGE_NOACCESS|PAGE_NOCACHE is refused", modifiers_together(1, NOCACHE)),
    ("B15", "PAGE_GUARD|PAGE_NOCACHE is refused", modifiers_together(GUARD, NOCACHE)),
    ("B16", "PAGE_NOCACHE|PAGE_WRITECOMBINE is refused",
     modifiers_together(NOCACHE, WRITECOMBINE)),
    ("B09-B12 D07-D10", "a bad protection is refused before anything else is looked at",
     bad_protection),
    ("D13", "VirtualProtect of size 0 is refused", protect_nothing),
]
OTHER_ANSWERS = (0, 487, 998)

# What both answered is looked at.
RULES = [
    ("B28 D18", "VirtualProtect beyond the allocation or on free memory: 487",
     protect_leaves_allocation),
    ("D09 D10", "copy on write is refused on private memory, committed or not",
     copy_on_write_refused),
    ("C06", "decommitted pages merge with reserved neighbours", unmerged),
    ("D02", "a failing VirtualProtect leaves PAGE_NOACCESS as old protection", old_not_written),
    ("E15", "release of free memory: 487", free_of_free_memory(RELEASE)),
    ("E16", "decommit of free memory: 487", free_of_free_memory(DECOMMIT)),
]

# Protections that are shown otherwise, in any answer: what hostmem and Wine show, each as it is
# compared.
SHOWN = [
    ("B17", "PAGE_WRITECOMBINE is kept", lambda mine: mine & ~WRITECOMBINE, lambda theirs: theirs),
    ("B14 D21", "PAGE_NOACCESS in a PAGE_NOCACHE allocation is shown alone",
     lambda mine: mine, lambda theirs: 1 if theirs == 1 | NOCACHE else theirs),
]
# Three hexadecimal digits stand for nothing else in these answers.
PROTECTION = re.compile(r"(?<=0x)[0-9a-f]{3}(?![0-9a-f])|(?<=:)[0-9a-f]{3}(?=:)")


def convert(answer, conversion):
    return PROTECTION.sub(lambda match: format(conversion(int(match[0], 16)), "x"), answer)


def breaks_a_fact(native):
    """hostmem is wrong whatever Wine says."""
    line = Line(native)
    refused = any(rule(line) for _, _, rule in REFUSED)
    without_old = line.name == "protect" and line.error() == 487 and line.old() != 1
    taken = is_copy_on_write(line) and not line.error()
    return without_old or taken or (refused and line.error() != 87)


def known_rules(native, windows):
    """The ids of the rules that allow this difference; none if it is not allowed."""
    mine, theirs = Line(native), Line(windows)
    if (mine.number, mine.name, mine.arguments) != (theirs.number, theirs.name, theirs.arguments):
        return []
    for identity, _, rule in REFUSED:
        if rule(mine) and theirs.error() in OTHER_ANSWERS:
            return [identity]
    used = []
    for identity, _, convert_mine, convert_theirs in SHOWN:
        answers = convert(mine.answer, convert_mine), convert(theirs.answer, convert_theirs)
        if answers != (mine.answer, theirs.answer):
            used.append(identity)
        mine.answer, theirs.answer = answers
    if mine.answer == theirs.answer:
        return used
    for identity, _, rule in RULES:
        if rule(mine, theirs):
            return [*used, identity]
    return []


def sequences(text):
    """{seed: lines}; a line that was not finished counts as well."""
    result = {}
    for block in re.split(r"^sequence ", text, flags=re.M)[1:]:
        seed, _, lines = block.partition("\n")
        result[int(seed)] = lines.splitlines()
    return result


class Comparison:
    def __init__(self):
        self.known = collections.Counter()
        self.compared = 0
        self.differing = []  # (seed, number of the line)

    def sequence(self, seed, native, windows):
        for i in range(max(len(native), len(windows))):
            mine = native[i] if i < len(native) else "(nothing)"
            theirs = windows[i] if i < len(windows) else "(nothing)"
            self.compared += 1
            wrong = breaks_a_fact(mine)
            if mine == theirs and not wrong:
                continue
            rules = known_rules(mine, theirs)
            if wrong or not rules:
                self.differing.append((seed, i))
                return
            self.known.update(rules)


def start(command, arguments):
    return subprocess.Popen([*command, *arguments], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, text=True)


def print_difference(options, seed, line, native, windows):
    print(f"\nfirst difference, or fact that both break: sequence {seed}")
    for i in range(max(0, line - CONTEXT), line):
        print("          " + native[i])
    print("hostmem:  " + (native[line] if line < len(native) else "(nothing)"))
    print("Windows:  " + (windows[line] if line < len(windows) else "(nothing)"))
    arguments = f"--seed {seed} --sequences 1 --calls {options.calls}"
    print("replay:   " + " ".join([options.native, arguments]))
    print("          " + " ".join([*options.windows, arguments]))
    print("          " + " ".join([sys.argv[0], arguments, options.native, *options.windows]))


def parse_options():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seed", type=int, default=os.environ.get("HOSTMEM_TEST_SEED", 1))
    parser.add_argument("--sequences", type=int,
                        default=os.environ.get("HOSTMEM_TEST_SEQUENCES", 200))
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("native")
    parser.add_argument("windows", nargs=argparse.REMAINDER)
    return parser.parse_args()


def main():
    options = parse_options()
    arguments = [f"--{name}={getattr(options, name)}" for name in ("seed", "sequences", "calls")]
    arguments = [word for argument in arguments for word in argument.split("=")]
    windows = start(options.windows, arguments)
    native = start([options.native], arguments)
    mine = native.communicate(timeout=SECONDS)[0]
    theirs = windows.communicate(timeout=SECONDS)[0]
    if SKIPPED in (native.returncode, windows.returncode):
        print(theirs if windows.returncode == SKIPPED else mine, end="")
        sys.exit(SKIPPED)

    comparison = Comparison()
    mine, theirs = sequences(mine), sequences(theirs)
    for seed in sorted({*mine, *theirs}):
        comparison.sequence(seed, mine.get(seed, []), theirs.get(seed, []))

    print(f"{len(mine)} sequences, {comparison.compared} lines compared")
    for identity, text, *_ in [*REFUSED, *SHOWN, *RULES]:
        print(f"known     {identity:16}{comparison.known[identity]:7}  {text}")
    if comparison.differing:
        seed, line = comparison.differing[0]
        print_difference(options, seed, line, mine.get(seed, []), theirs.get(seed, []))
    for name, code in (("hostmem", native.returncode), ("Windows", windows.returncode)):
        if code != 0:
            print(f"the program for {name} ended with {code}")
    failed = len(comparison.differing)
    print(f"totals: {len({*mine, *theirs}) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed or native.returncode or windows.returncode or not mine else 0)


if __name__ == "__main__":
    main()
