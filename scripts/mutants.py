#!/usr/bin/env python3
"""mutants.py - breaks the core in one place after the other and looks whether the tests notice.

    scripts/mutants.py [--only WORD] [--jobs N]

Works on a copy of the tree in build-mutants/. Each mutant replaces one piece of text by another; the
suites run in order of speed until one fails. Prints a line a mutant; exit code 1 when one survives.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "build-mutants")
TREE = os.path.join(WORK, "tree")
BUILD = os.path.join(WORK, "build")
TESTS = [
    "unit/test_space",
    "unit/test_foreign",
    "unit/test_reset",
    "conformance/test_conformance",
    "unit/test_contract",
    "fault/test_inject",
    "unit/test_space_model",
    "stress/test_races",
]

# file, what stands there, what shall stand there, what it means
MUTANTS = [
    ("lib/space/work.c", "(void)os->protect((uintptr_t)at, (size_t)(end - at), access);", ";",
     "a failed change is not undone in the host"),
    ("lib/space/allocate.c", "        hm_account_uncommit(request->account, commit);\n", "",
     "a failed allocation stays committed in the account"),
    ("lib/space/allocate.c", "    hm_account_unreserve(request->account, length);\n", "",
     "a failed reservation stays in the account"),
    ("lib/space/allocate.c", "        hm_account_uncommit(account, fresh);\n", "",
     "a failed commit stays in the account"),
    ("lib/space/free.c", "        hm_work_restore_access(range);\n", "",
     "a failed decommit leaves pages inaccessible"),
    ("lib/space/free.c", "part->start < part->end && part->end <= end ?", "part->start < part->end ?",
     "a free may run past the allocation"),
    ("lib/space/free.c", "    if (whole && part->start != base)\n        return HM_STATUS_FREE_VM_NOT_AT_BASE;", "",
     "size 0 away from the base is taken"),
    ("lib/space/free.c", "    hm_account_uncommit(account, committed);\n", "",
     "a release does not return the commit charge"),
    ("lib/space/free.c", "return cell->word - (remainder->pages << HM_WORD_DISTANCE_SHIFT);",
     "return cell->word;", "what stays behind a partial release keeps the old base"),
    ("lib/space/table.c",
     "settled = atomic_load_explicit(above, memory_order_acquire) == raw_above;",
     "settled = true;", "a reader trusts INHERIT without looking up again"),
    ("lib/space/claim.c", "if (cell->raw & HM_WORD_CLAIM)\n        return STEP_BUSY;", "",
     "claims do not exclude each other"),
    ("lib/space/claim.c", "            hm_unclaim(claim->start, at);\n", "",
     "a refused claim keeps what it had"),
    # Survives: see docs/testing.md.
    ("lib/space/publish.c", "hm_word inherit = hm_op_inherit_tag(p->op);",
     "hm_word inherit = (hm_word)1 << 50;", "INHERIT words come back unchanged"),
    ("lib/space/scan.c", "pages = (end - address) >> geometry->page_shift;",
     "pages = ((end - address) >> geometry->page_shift) + 1;", "runs end at the first entry"),
    ("lib/space/scan.c", "!hm_word_is_allocated(cell.word) || hm_cell_base(geometry, &cell) != base",
     "!hm_word_is_allocated(cell.word)", "an allocation reaches into the next one"),
    ("lib/space/protect.c", "if (hm_work_committed_bytes(range) != size)",
     "if (hm_work_committed_bytes(range) == 0)", "partly committed ranges can be protected"),
    ("lib/space/rules.c", "base < hm_space_granularity()", "base < 4096",
     "the lowest 64 KiB are given out"),
    ("lib/space/rules.c", "    return modifiers == 0 || one_bit(modifiers);",
     "    return true;", "modifiers combine freely"),
    ("lib/space/rules.c", "if (type & MEM_WRITE_WATCH && !(type & MEM_RESERVE))", "if (0)",
     "write watch without reserve is another error"),
    ("lib/space/word.c", "if (protect != PAGE_NOACCESS)\n        protect |=",
     "if (0)\n        protect |=", "caching attributes are lost"),
    ("lib/space/word.c", "return protect & PAGE_GUARD ? word | HM_WORD_GUARD : word;",
     "return word;", "guard pages are plain pages"),
    ("lib/space/place.c", "if (error == EEXIST && start + length < mapped) {", "if (0) {",
     "somebody's mapping behind a short reservation is in its way"),
    ("lib/space/fork.c", "    (void)hm_os_backend()->on_fork(prepare, in_parent, in_child);",
     "    (void)prepare, (void)in_parent, (void)in_child;", "fork is not prepared for"),
    ("lib/space/work.c", "    hm_settle_leaving(range.start, range.end, leaving, left);\n", "",
     "released pages stay LEAVING"),
    ("lib/space/account.c", "now > limit - bytes", "now >= limit - bytes",
     "a limit cannot be reached exactly"),
    ("lib/space/account.c", "    raise_peak(meter, now + bytes);\n", "", "peaks are not kept"),
    ("lib/space/foreign.c", "if (!hm_foreign_possible(&cell))\n            base = from;", "",
     "foreign allocations begin inside ours"),
    ("lib/space/foreign.c",
     "region->size = (size_t)(alike_end(address, mapping->end) - address);",
     "region->size = (size_t)(mapping->end - address);", "foreign regions reach into ours"),
    ("lib/space/foreign_protect.c", "        (void)os->protect(mapping[i].start", "        if (0) (void)os->protect(mapping[i].start",
     "a failed foreign protect is not undone"),
]


def build():
    targets = ["tests/" + test for test in TESTS]
    done = subprocess.run(["ninja", "-C", BUILD] + targets, capture_output=True, text=True)
    return done.returncode == 0, done.stdout[-1500:]


def passes(test, environment):
    """Runs one test; a hanging one is ended together with the processes that it forked."""
    process = subprocess.Popen([os.path.join(BUILD, "tests", test)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=environment, start_new_session=True)
    try:
        return process.wait(timeout=120) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def first_failure(rounds):
    environment = dict(os.environ, HOSTMEM_TEST_ROUNDS=str(rounds))
    return next((test for test in TESTS if not passes(test, environment)), None)


def try_mutant(mutant):
    path, old, new, meaning = mutant
    full = os.path.join(TREE, path)
    with open(full, encoding="utf-8") as file:
        text = file.read()
    if old not in text:
        return "STALE", "the text is not in the file any more"
    with open(full, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new, 1))
    try:
        built, output = build()
        if not built:
            return "BROKEN", output
        test = first_failure(3000)
        return ("killed", test) if test else ("SURVIVED", "")
    finally:
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="mutants whose file or meaning has this word")
    options = parser.parse_args()
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(ROOT, TREE, ignore=shutil.ignore_patterns(".git", "build*"))
    # Warnings about what a mutant leaves unused are none of its business.
    subprocess.run(["meson", "setup", BUILD, TREE, "-Dmono=disabled", "-Dwerror=false"], check=True,
                   capture_output=True)
    built, output = build()
    if not built or first_failure(500):
        sys.exit("the unbroken tree does not pass: " + output)
    chosen = [m for m in MUTANTS if options.only in m[0] or options.only in m[3]]
    killed = 0
    for mutant in chosen:
        verdict, detail = try_mutant(mutant)
        killed += verdict == "killed"
        print(f"{verdict:9} {mutant[0]}: {mutant[3]} [{detail}]", flush=True)
    print(f"{killed} of {len(chosen)} killed")
    sys.exit(killed != len(chosen))


if __name__ == "__main__":
    main()
