#!/bin/sh
# demo.sh - from a fresh Debian or Ubuntu to .NET programs whose memory hostmem serves, and checks
# what they say. Exit code 0 when all was as it should be.
# shellcheck source=scripts/lib/setup.sh
. "$(dirname -- "$0")/lib/setup.sh"

hm_need_packages gcc libc6-dev meson ninja-build pkg-config check libffi-dev libpopt-dev \
    libjansson-dev zlib1g-dev libmono-2.0-dev mono-mcs
hm_build
hm_compile_examples CollectorHeavy Limited

tool=$hm_root/build/tools/hostmem
[ -x "$tool" ] || hm_fail "the build made no hostmem tool"
scratch=$(mktemp -d) || hm_fail "no temporary folder"
trap 'rm -rf "$scratch"' EXIT
status=0

# show NAME EXPECTED COMMAND...: runs, shows what was said, looks for a line that must be there.
show() {
    name=$1
    expected=$2
    shift 2
    echo
    echo "=== $name"
    echo "\$ hostmem $*"
    "$tool" "$@" >"$scratch/out" 2>"$scratch/report"
    code=$?
    cat "$scratch/out" "$scratch/report"
    if [ "$code" -ne 0 ]; then
        echo "$name: exit code $code" >&2
        status=1
    elif ! grep -qxF "$expected" "$scratch/out"; then
        echo "$name: expected '$expected'" >&2
        status=1
    fi
}

show "a busy collector" "checksum 118b7ed5e7e855e6" \
    run "$hm_root/build/examples/CollectorHeavy.exe"
show "a program that meets its limit" OK \
    run --commit-limit 256M "$hm_root/build/examples/Limited.exe"

# The limit must have been hostmem's: without it the example ends with an error.
grep -q 'E_OUTOFMEMORY' "$scratch/report" || {
    echo "the report knows of no refusal" >&2
    status=1
}

echo
[ "$status" -eq 0 ] && echo "demo: all as expected" || echo "demo: FAILED" >&2
exit "$status"
