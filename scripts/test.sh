#!/usr/bin/env bash
# test.sh - from a fresh Debian or Ubuntu to tested builds of hostmem.
#
#     scripts/test.sh           gcc, clang, and gcc with ASan and UBSan: every test (minutes)
#     scripts/test.sh --long    also ThreadSanitizer, more random sequences, longer stress (an hour)
#
# Warnings are errors in all builds. Elsewhere than on Debian install what hm_need_packages lists
# below. The last line is 'N passed, N failed, N skipped'; the exit code is 0 when none failed.
set -euo pipefail
# shellcheck source=scripts/lib/setup.sh
. "$(dirname -- "$0")/lib/setup.sh"

long=no
case ${1-} in
'') ;;
--long) long=yes ;;
*) hm_fail "usage: scripts/test.sh [--long]" ;;
esac

# gcc-mingw-w64-x86-64 holds the Windows headers that ours are compared with; the rest from libpopt
# on is for the command-line tool, and Wine runs what is built as a Windows program.
hm_need_packages gcc g++ libc6-dev clang meson ninja-build pkg-config python3 binutils check \
    libffi-dev gcc-mingw-w64-x86-64 libpopt-dev libjansson-dev zlib1g-dev libmono-2.0-dev mono-mcs \
    wine wine64

# shellcheck disable=SC2154 # setup.sh sets hm_root
builds=$hm_root/build-test
passed=0
failed=0
skipped=0
failures=()

# one_failed WHAT: something that is no test of Meson's failed.
one_failed() {
    failed=$((failed + 1))
    failures+=("$1")
}

# build NAME CC CXX OPTION...: configures and builds build-test/NAME.
build() {
    local name=$1 cc=$2 cxx=$3
    shift 3
    echo
    echo "=== $name: build"
    rm -rf "${builds:?}/$name"
    CC=$cc CXX=$cxx meson setup "$builds/$name" "$hm_root" -Dwerror=true "$@" >"$builds/$name.log" &&
        ninja -C "$builds/$name" >>"$builds/$name.log" && return 0
    tail -n 60 "$builds/$name.log"
    one_failed "$name: build"
    return 1
}

# run NAME OPTION...: runs the tests of a build and adds up what they say.
run() {
    local name=$1 log=$builds/$1/meson-logs/testlog.json counts
    shift
    echo "=== $name: tests"
    rm -f "$log"
    meson test -C "$builds/$name" --no-rebuild --print-errorlogs "$@" || failures+=("$name: tests")
    if [ ! -s "$log" ]; then
        one_failed "$name: no test ran"
        return
    fi
    read -r -a counts < <(python3 "$hm_root/scripts/lib/sum_test_logs.py" "$log")
    passed=$((passed + counts[0]))
    failed=$((failed + counts[1]))
    skipped=$((skipped + counts[2]))
}

# installed NAME: the example of README.md, compiled against an installed hostmem and run.
installed() {
    local stage=$builds/stage
    echo "=== $1: the example of README.md with the installed library"
    rm -rf "$stage"
    if meson install -C "$builds/$1" --no-rebuild --quiet --destdir "$stage" &&
        compile_and_run_example "$stage"; then
        passed=$((passed + 1))
    else
        one_failed "$1: the example of README.md"
    fi
}

compile_and_run_example() {
    local stage=$1 pc libdir flags
    pc=$(find "$stage" -name hostmem.pc)
    libdir=$(dirname "$(dirname "$pc")")
    # Nothing is installed where its prefix says: the folder stands for the whole system.
    flags=$(PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$stage \
        pkg-config --cflags --libs hostmem)
    # shellcheck disable=SC2016 # backquotes are what is looked for
    sed -n '/^```c$/,/^```$/p' "$hm_root/README.md" | sed '/^```/d' >"$stage/example.c"
    # shellcheck disable=SC2086 # a list of words
    gcc -Wall -Wextra -Werror "$stage/example.c" -o "$stage/example" $flags &&
        LD_LIBRARY_PATH=$libdir "$stage/example"
}

# Enough for minutes; --long does more.
export HOSTMEM_TEST_STOPS=${HOSTMEM_TEST_STOPS-3000}
# One for all builds: it is large.
export HOSTMEM_TEST_WINEPREFIX=${HOSTMEM_TEST_WINEPREFIX-$builds/wine}
# Leaks are looked for as well: the library itself must not leave any.
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-halt_on_error=1:print_stacktrace=1}

mkdir -p "$builds"

if build gcc gcc g++; then
    HOSTMEM_TEST_STOPS=20000 run gcc
    installed gcc
fi
if build clang clang clang++; then
    run clang
fi
if build asan gcc g++ -Db_sanitize=address,undefined -Db_lundef=false; then
    run asan --timeout-multiplier 4
fi

if [ "$long" = yes ]; then
    echo "=== lint"
    if "$hm_root/scripts/lint.sh"; then passed=$((passed + 1)); else one_failed lint; fi
    HOSTMEM_TEST_STORM=60 run gcc --suite embed
    if build tsan gcc g++ -Db_sanitize=thread -Db_lundef=false; then
        run tsan --timeout-multiplier 10
    fi
    for seed in 1 2 3 4 5 6 7 8; do
        HOSTMEM_TEST_SEED=$seed HOSTMEM_TEST_STEPS=100000 run gcc 'space and model' \
            --timeout-multiplier 10
    done
    HOSTMEM_TEST_SEED=100000 HOSTMEM_TEST_SEQUENCES=3000 run gcc oracle --timeout-multiplier 10
    HOSTMEM_TEST_ROUNDS=1000000 HOSTMEM_TEST_STOPS=100000 run gcc --suite stress \
        --timeout-multiplier 10
fi

echo
for failure in "${failures[@]+"${failures[@]}"}"; do
    echo "failed: $failure"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "${#failures[@]}" -eq 0 ]
