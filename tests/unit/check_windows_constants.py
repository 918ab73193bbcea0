#!/usr/bin/env python3
"""Compares every constant, size and offset of the public headers with mingw's Windows headers.

    check_windows_constants.py INCLUDE_DIR HOST_CC... -- MINGW_CC

The host's compiler computes what hostmem's headers say; mingw's compiler then asserts that its own
headers say the same. Nothing is run under Windows. Ends with 77 (skipped) without mingw.

Names are read from the headers, so that a constant that is added is checked without being listed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

# Not in mingw's headers; tests/unit/headers/all.c states their values.
NOT_IN_MINGW = {
    "MEM_REPLACE_PLACEHOLDER", "MEM_RESERVE_PLACEHOLDER", "MEM_COALESCE_PLACEHOLDERS",
    "MEM_PRESERVE_PLACEHOLDER", "PartitionId",
    "eMemoryAvailableLow", "eMemoryAvailableNeutral", "eMemoryAvailableHigh",
    "eTaskCritical", "eAppDomainCritical", "eProcessCritical",
    "MALLOC_THREADSAFE", "MALLOC_EXECUTABLE", "MemoryBasicInformation",
    "MemoryRegionInformation", "VmPrefetchInformation", "MEM_EXTENDED_PARAMETER_EC_CODE",
    # mingw's enumeration is older: it ends before ImageMachine.
    "MemExtendedParameterImageMachine", "MemExtendedParameterMax",
}
# hostmem's own, or a macro with arguments.
NOT_OF_WINDOWS = re.compile(r"HOSTMEM_|__IUnknown|IUnknown_|I[A-Z]\w+_|SUCCEEDED|FAILED")

STRUCTURES = {
    "MEMORY_BASIC_INFORMATION": ["BaseAddress", "AllocationBase", "AllocationProtect",
                                 "RegionSize", "State", "Protect", "Type"],
    "SYSTEM_INFO": ["dwPageSize", "lpMinimumApplicationAddress", "lpMaximumApplicationAddress",
                    "dwActiveProcessorMask", "dwNumberOfProcessors", "dwProcessorType",
                    "dwAllocationGranularity", "wProcessorLevel", "wProcessorRevision"],
    "MEMORYSTATUSEX": ["dwLength", "dwMemoryLoad", "ullTotalPhys", "ullAvailPhys",
                       "ullTotalPageFile", "ullAvailPageFile", "ullTotalVirtual",
                       "ullAvailVirtual", "ullAvailExtendedVirtual"],
    "WIN32_MEMORY_RANGE_ENTRY": ["VirtualAddress", "NumberOfBytes"],
    "MEM_ADDRESS_REQUIREMENTS": ["LowestStartingAddress", "HighestEndingAddress", "Alignment"],
    "MEM_EXTENDED_PARAMETER": ["ULong64", "Pointer", "Size", "Handle", "ULong"],
    "IO_STATUS_BLOCK": ["Status", "Pointer", "Information"],
    "GUID": ["Data1", "Data2", "Data3", "Data4"],
    "IUnknownVtbl": ["QueryInterface", "AddRef", "Release"],
    "IHostControlVtbl": ["QueryInterface", "AddRef", "Release", "GetHostManager",
                         "SetAppDomainManager"],
}
INTEGERS = ["BYTE", "WORD", "DWORD", "ULONG", "UINT", "LONG", "DWORDLONG", "BOOL", "SIZE_T",
            "DWORD_PTR", "ULONG_PTR", "UINT_PTR", "INT_PTR", "DWORD64", "WCHAR", "HRESULT"]
POINTERS = ["LPVOID", "PVOID", "LPCVOID", "HANDLE", "PDWORD", "PULONG", "PSIZE_T", "REFIID",
            "PMEMORY_BASIC_INFORMATION", "LPSYSTEM_INFO", "LPCSTR", "LPCWSTR", "LPMEMORYSTATUSEX",
            "PWIN32_MEMORY_RANGE_ENTRY", "PMEM_ADDRESS_REQUIREMENTS", "PMEM_EXTENDED_PARAMETER"]
IDENTIFIERS = {"IID_IUnknown": "unknwn.h", "IID_IHostControl": "mscoree.h"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def constants(include):
    """Object-like macros and enumerators of the headers that speak Windows names."""
    names = []
    for header in ("wintypes.h", "mscoree.h", "nt.h"):
        text = re.sub(r"/\*.*?\*/", " ", read(os.path.join(include, "hostmem", header)), flags=re.S)
        names += re.findall(r"^\s*#\s*define\s+([A-Za-z_]\w*)[ \t]+\S", text, flags=re.M)
        for body in re.findall(r"\benum\b\s*\w*\s*\{(.*?)\}", text, flags=re.S):
            names += re.findall(r"([A-Za-z_]\w*)\s*=", body)
    return [name for name in dict.fromkeys(names) if not NOT_OF_WINDOWS.match(name)]


def expressions(names):
    """(what, C expression) pairs whose values must be the same on both sides."""
    pairs = [(name, f"(unsigned)({name})") for name in names]
    for kind in INTEGERS:
        pairs.append((f"sizeof({kind})", f"(unsigned)sizeof({kind})"))
        pairs.append((f"signedness of {kind}", f"(unsigned)(({kind})-1 < ({kind})1)"))
    for kind in POINTERS:
        pairs.append((f"sizeof({kind})", f"(unsigned)sizeof({kind})"))
        if kind != "REFIID":
            pairs.append((f"size of what {kind} points to", f"(unsigned)sizeof(*({kind})0)"
                          if kind not in ("LPVOID", "PVOID", "LPCVOID", "HANDLE") else "0u"))
    for structure, fields in STRUCTURES.items():
        pairs.append((f"sizeof({structure})", f"(unsigned)sizeof({structure})"))
        for field in fields:
            pairs.append((f"offset of {structure}.{field}",
                          f"(unsigned)offsetof({structure}, {field})"))
            pairs.append((f"size of {structure}.{field}",
                          f"(unsigned)sizeof((({structure} *)0)->{field})"))
    return pairs


def host_values(pairs, include, compiler, folder):
    """The values as hostmem's headers have them, computed by a program of the host."""
    source = os.path.join(folder, "values.c")
    program = os.path.join(folder, "values")
    prints = "\n".join(f'    printf("%u\\n", {expression});' for _, expression in pairs)
    with open(source, "w", encoding="utf-8") as file:
        file.write("#include <stdio.h>\n#include <hostmem/nt.h>\n"
                   f"#include <hostmem/mscoree.h>\nint main(void)\n{{\n{prints}\n}}\n")
    subprocess.run([*compiler, "-std=gnu11", "-w", f"-I{include}", source, "-o", program],
                   check=True)
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()


def assert_in_mingw(pairs, values, compiler, folder):
    source = os.path.join(folder, "assert.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write("#define _WIN32_WINNT 0x0A00\n#define NTDDI_VERSION 0x0A00000C\n"
                   "#define CINTERFACE\n#define WIN32_NO_STATUS\n#include <stddef.h>\n"
                   "#include <windows.h>\n#undef WIN32_NO_STATUS\n#include <winternl.h>\n"
                   "#include <ntstatus.h>\n#include <mscoree.h>\n#include <corerror.h>\n")
        for (what, expression), value in zip(pairs, values):
            file.write(f'_Static_assert({expression} == {value}u, "{what} is not {value}");\n')
    return subprocess.run([compiler, "-std=gnu11", "-w", "-fsyntax-only", source],
                          check=False).returncode == 0


def same_identifiers(include, compiler):
    """The IIDs that mingw has, from the text of both headers: a GUID is no constant in C.
    That the library exports what the text says is tested by test_slots."""
    ours = read(os.path.join(include, "hostmem", "mscoree.h"))
    good = True
    for name, header in IDENTIFIERS.items():
        mine = re.search(r"/\* ([0-9A-F-]{36}) \*/\s*extern const IID %s;" % name, ours).group(1)
        text = subprocess.run([compiler, "-E", "-include", "windows.h", "-include", header, "-x",
                               "c", os.devnull], check=True, capture_output=True, text=True).stdout
        paths = set(re.findall(r'^# \d+ "([^"]*/%s)"' % re.escape(header), text, flags=re.M))
        found = re.search(r"DEFINE_GUID\(%s,([^)]*)\)" % name,
                          "".join(read(path) for path in paths))
        parts = [int(part, 16) for part in found.group(1).split(",")]
        theirs = "%08X%04X%04X" % tuple(parts[:3]) + "".join("%02X" % part for part in parts[3:])
        if theirs != mine.replace("-", ""):
            print(f"{name} is {mine}, mingw has {theirs}")
            good = False
    return good


def main():
    include = sys.argv[1]
    split = sys.argv.index("--")
    host, mingw = sys.argv[2:split], sys.argv[split + 1]
    if not shutil.which(mingw):
        print(f"{mingw} is not installed (Debian: gcc-mingw-w64-x86-64)")
        return 77
    names = constants(include)
    pairs = expressions([name for name in names if name not in NOT_IN_MINGW])
    with tempfile.TemporaryDirectory() as folder:
        values = host_values(pairs, include, host, folder)
        good = assert_in_mingw(pairs, values, mingw, folder)
    good = same_identifiers(include, mingw) and good
    missing = sorted(name for name in names if name in NOT_IN_MINGW)
    print(f"{len(pairs)} values and {len(IDENTIFIERS)} identifiers compared;"
          f" not in mingw: {', '.join(missing)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
