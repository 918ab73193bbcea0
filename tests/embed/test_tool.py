#!/usr/bin/env python3
"""Tests of the tool itself: test_tool.py GROUP TOOL SOURCE_ROOT with-mono|without-mono

GROUP is 'command-line' (nothing reaches Mono), 'programs' or 'storm'. HOSTMEM_TEST_STORM is the
number of seconds for the last (15).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
TIMEOUT = 120
METHODS = {
    "CreateMalloc", "VirtualAlloc", "VirtualFree", "VirtualQuery", "VirtualProtect",
    "GetMemoryLoad", "RegisterMemoryNotificationCallback", "NeedsVirtualAddressSpace",
    "AcquiredVirtualAddressSpace", "ReleasedVirtualAddressSpace",
}
CHECKSUM = "checksum 118b7ed5e7e855e6"

tool = root = scratch = None
with_mono = False


def hostmem(*arguments, timeout=TIMEOUT, **variables):
    """Runs the tool. An exit by a signal is a failure in every test."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", **variables)
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, timeout=timeout, env=environment, check=False)
    if done.returncode < 0 or done.returncode >= 128:
        raise AssertionError(f"{arguments}: exit code {done.returncode}\n{done.stderr}")
    return done


def program(name):
    return os.path.join(scratch, name + ".exe")


def compile_programs(*sources):
    for source in sources:
        name = os.path.basename(source)[:-3]
        subprocess.run(["mcs", "-optimize+", "-out:" + program(name), os.path.join(root, source)],
                       check=True, timeout=TIMEOUT)


class Tests(unittest.TestCase):
    def expect(self, done, code, out=None, err=None):
        """out and err are regular expressions; an empty one means that nothing is said."""
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for text, pattern in ((done.stdout, out), (done.stderr, err)):
            if pattern == "":
                self.assertEqual(text, "")
            elif pattern is not None:
                self.assertRegex(text, pattern)


class CommandLine(Tests):
    def test_help(self):
        for option in ("--help", "-h"):
            self.expect(hostmem(option), 0, r"(?s)\AUsage: hostmem .*\n  run ", "")

    def test_version(self):
        for option in ("--version", "-V"):
            self.expect(hostmem(option), 0, r"\Ahostmem \d+\.\d+\.\d+\n\Z", "")

    def test_no_command(self):
        self.expect(hostmem(), 2, "", "Usage: hostmem")

    def test_unknown_command(self):
        self.expect(hostmem("fly"), 2, "", "no command 'fly'")

    def test_unknown_option(self):
        self.expect(hostmem("--fly"), 2, "", "--fly")
        self.expect(hostmem("run", "--fly", "x.exe"), 2, "", "--fly")

    def test_help_of_run(self):
        for option in ("--help", "-h"):
            self.expect(hostmem("run", option), 0, r"(?s)hostmem run.*--commit-limit.*24M.*--plain",
                        "")

    def test_no_program(self):
        self.expect(hostmem("run"), 2, "", "no program")
        self.expect(hostmem("run", "--json"), 2, "", "no program")

    def test_bad_sizes(self):
        for size in ("", "0", "-1", "+1", " 1", "1 ", "1X", "1KK", "1.5M", "0x100", "M", "many",
                     "18446744073709551616", "17179869184G"):
            self.expect(hostmem("run", "--commit-limit", size, "x.exe"), 2, "",
                        re.escape(f"--commit-limit: '{size}'"))

    def test_small_sizes(self):
        for size in ("1", "1K", "4K", "64k", "4200K", "8M", "21M", "24575K", "25165823"):
            self.expect(hostmem("run", "--commit-limit", size, "x.exe"), 2, "",
                        f"'{size}' is less than 24M")

    def test_plain_goes_with_nothing(self):
        for others in (["--json"], ["--report", "x"], ["--commit-limit", "1G"]):
            for options in (["--plain", *others], [*others, "--plain"]):
                self.expect(hostmem("run", *options, "x.exe"), 2, "", "--plain")

    def test_build_without_mono(self):
        if with_mono:
            self.skipTest("this build has Mono")
        self.expect(hostmem("run", "x.exe"), 1, "", "no Mono")

    def test_missing_program(self):
        if not with_mono:
            self.skipTest("this build has no Mono")
        self.expect(hostmem("run", "/nowhere/x.exe"), 2, "",
                    "cannot open '/nowhere/x.exe': No such")

    def test_report_in_missing_folder(self):
        if not with_mono:
            self.skipTest("this build has no Mono")
        self.expect(hostmem("run", "--report", "/nowhere/report", tool), 2, "",
                    "cannot write the report to '/nowhere/report': No such")


class Programs(Tests):
    @classmethod
    def setUpClass(cls):
        compile_programs("tests/embed/Echo.cs", "examples/Limited.cs", "examples/CollectorHeavy.cs")

    def report(self, *arguments):
        """Runs with a JSON report. Returns the process and the report."""
        path = os.path.join(scratch, "report.json")
        done = hostmem("run", "--json", "--report", path, *arguments)
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual(set(report["calls"]), METHODS)
        self.assertEqual(report["calls"]["CreateMalloc"], 1)
        self.assertEqual(report["calls"]["RegisterMemoryNotificationCallback"], 1)
        for name in ("VirtualAlloc", "VirtualQuery", "VirtualProtect"):
            self.assertGreater(report["calls"][name], 0, name)
        return done, report

    def test_no_dotnet_program(self):
        self.expect(hostmem("run", os.path.join(root, "LICENSE")), 2, "", "is not a .NET program")

    def test_exit_codes(self):
        for code in (0, 1, 7, 127):
            for how in ("return", "exit"):
                done, _ = self.report(program("Echo"), how, str(code))
                self.expect(done, code, "", "")

    def test_uncaught_exception(self):
        done, _ = self.report(program("Echo"), "throw")
        self.expect(done, 1, "", "InvalidOperationException: nobody catches this")

    def test_arguments(self):
        arguments = ["--json", "--report", "-h", "--", "", "two words", "*", "\\", "\"", "ü",
                     "--plain"]
        expected = "".join(f"[{argument}]\n" for argument in arguments)
        for options in ([], ["--plain"]):
            done = hostmem("run", *options, program("Echo"), *arguments)
            self.assertEqual((done.returncode, done.stdout), (0, expected), done.stderr)

    def test_text_report(self):
        err = r"(?s)calls of IHostMemoryManager\n.*\n  VirtualAlloc +\d+\n.*committed +\d+ +\d+\n"
        self.expect(hostmem("run", program("Echo")), 0, "", err)
        path = os.path.join(scratch, "report.txt")
        self.expect(hostmem("run", "--report", path, program("Echo")), 0, "", "")
        with open(path, encoding="utf-8") as file:
            self.assertRegex(file.read(), err)

    def test_json_on_standard_error(self):
        done = hostmem("run", "--json", program("Echo"))
        self.expect(done, 0, "")
        self.assertEqual(set(json.loads(done.stderr)["calls"]), METHODS)

    def test_plain_has_no_report(self):
        self.expect(hostmem("run", "--plain", program("Echo"), "return", "7"), 7, "", "")

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_report_that_cannot_be_written(self):
        for options in ([], ["--json"]):
            for how in (["said"], ["return", "7"], ["exit", "7"]):
                done = hostmem("run", *options, "--report", "/dev/full", program("Echo"), *how)
                self.expect(done, 2, r"\A\[said\]\n\Z" if how == ["said"] else "",
                            "cannot write the report to '/dev/full': no space left")

    def test_standard_error_closed(self):
        done = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", tool, "run", program("Echo"),
                               "return", "7"], timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, 7)

    def test_least_limit(self):
        done, report = self.report("--commit-limit", "24M", program("Echo"), "said")
        self.expect(done, 0, r"\A\[said\]\n\Z", "")
        self.assertEqual(report["memory"]["commit_limit"], 24 << 20)

    def test_limits_that_are_met(self):
        # Which of these is enough is not the point: none may end by a signal.
        for size in ("25M", "30M", "40M", "60M"):
            hostmem("run", "--commit-limit", size, program("CollectorHeavy"), "1")

    def test_limits_that_threads_meet(self):
        refused = 0
        for size in ("24M", "25M", "26M", "27M"):
            done = hostmem("run", "--commit-limit", size, program("Echo"), "threads", "600")
            refused += "it cannot go on\n" in done.stderr
            self.assertIn("calls of IHostMemoryManager", done.stderr)
        self.assertGreater(refused, 0)

    def test_limited(self):
        done, report = self.report("--commit-limit", "256M", program("Limited"))
        self.expect(done, 0, r"OutOfMemoryException at \d+ arrays(.|\n)*\nOK\n\Z", "")
        memory = report["memory"]
        self.assertGreater(memory["refused"], 0)
        self.assertLessEqual(memory["committed_peak"], 256 << 20)
        self.assertIn(("VirtualAlloc", "0x8007000e"),
                      [(failure["method"], failure["hresult"]) for failure in report["failures"]])

    def test_collector_heavy(self):
        done, report = self.report(program("CollectorHeavy"))
        self.expect(done, 0, f"(?m)^{CHECKSUM}$", "")
        self.assertEqual(set(report["not_served"].values()), {0}, report["not_served"])


class Storm(Tests):
    def test_preemptive(self):
        """A lock that is held across a stop hangs this within seconds."""
        compile_programs("examples/SuspendStorm.cs")
        seconds = int(os.environ.get("HOSTMEM_TEST_STORM", "15"))
        done = hostmem("run", program("SuspendStorm"), str(seconds), timeout=seconds + 60,
                       MONO_THREADS_SUSPEND="preemptive")
        self.expect(done, 0, r"\nOK\n\Z", "calls of IHostMemoryManager")


GROUPS = {"command-line": CommandLine, "programs": Programs, "storm": Storm}


def main():
    global tool, root, with_mono, scratch
    group, tool, root, mono = sys.argv[1:]
    with_mono = mono == "with-mono"
    if group != "command-line" and not (with_mono and shutil.which("mcs")):
        print("skipped: this build has no Mono, or mcs is missing")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="hostmem-embed-") as scratch:
        tests = unittest.defaultTestLoader.loadTestsFromTestCase(GROUPS[group])
        return 0 if unittest.TextTestRunner(verbosity=2).run(tests).wasSuccessful() else 1


sys.exit(main())
