#!/bin/sh
# mono-ratio.sh [ROUNDS] - what it costs Mono that hostmem serves its memory.
#
# Runs CollectorHeavy in turns: under the system's mono, under `hostmem run --plain` (the very same
# embedded Mono with its own memory functions), and under `hostmem run`. Machines drift, so only
# ratios inside one run count; taking turns spreads a drift over all three. Exit code 1 when the
# median against the system's mono is above 1.25.
set -u

rounds=${1:-7}
limit=1.25
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
tool=${HOSTMEM:-$root/build/tools/hostmem}
program=$root/build/examples/CollectorHeavy.exe
expected='checksum 118b7ed5e7e855e6'

fail() {
    echo "${0##*/}: $*" >&2
    exit 2
}

case $rounds in
'' | *[!0-9]* | 0) fail "ROUNDS must be a positive number" ;;
esac
[ -x "$tool" ] || fail "$tool is missing: build the project first"
command -v mono >/dev/null || fail "mono is missing (package mono-runtime)"
mkdir -p "${program%/*}" || fail "cannot make ${program%/*}"
mcs -optimize+ -out:"$program" "$root/examples/CollectorHeavy.cs" || fail "mcs failed"
scratch=$(mktemp -d) || fail "no temporary folder"
trap 'rm -rf "$scratch"' EXIT

# measure NAME COMMAND...: one run; its seconds go to the list of that name, those that it had a
# processor for to NAME-cpu.
measure() {
    name=$1
    shift
    start=$(date +%s%N)
    (
        "$@" >"$scratch/out" 2>"$scratch/err"
        code=$?
        times >"$scratch/times"
        exit "$code"
    ) || {
        cat "$scratch/err" >&2
        fail "$name failed"
    }
    stop=$(date +%s%N)
    grep -qxF "$expected" "$scratch/out" || fail "$name: wrong checksum"
    awk -v ns=$((stop - start)) 'BEGIN { printf "%.3f\n", ns / 1e9 }' >"$scratch/last"
    # The second line is about children: "0m2.554s 0m2.650s", user and system.
    awk 'NR == 2 { split($1 "m" $2, t, /[ms]+/)
        printf "%.3f\n", 60 * t[1] + t[2] + 60 * t[3] + t[4] }' "$scratch/times" >>"$scratch/$name-cpu"
    cat "$scratch/last" >>"$scratch/$name"
    printf ' %9s' "$(cat "$scratch/last")"
}

best() {
    sort -n "$scratch/$1" | head -n 1
}

median() {
    sort -n "$scratch/$1" | awk '
        { value[NR] = $1 }
        END { printf "%.3f\n", NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a / b }'
}

echo "seconds for CollectorHeavy, $rounds rounds in turns"
printf '%5s %9s %9s %9s\n' round mono plain hostmem
round=1
while [ "$round" -le "$rounds" ]; do
    printf '%5d' "$round"
    measure mono mono "$program"
    measure plain "$tool" run --plain "$program"
    measure hostmem "$tool" run "$program"
    echo
    round=$((round + 1))
done
printf '%5s %9s %9s %9s\n' best "$(best mono)" "$(best plain)" "$(best hostmem)"
printf '%5s %9s %9s %9s\n' med. "$(median mono)" "$(median plain)" "$(median hostmem)"
printf '%5s %9s %9s %9s  median of user + system\n' cpu \
    "$(median mono-cpu)" "$(median plain-cpu)" "$(median hostmem-cpu)"

# compare YARDSTICK: the three ratios against it.
compare() {
    printf 'hostmem / %-6s best %s  median %s  cpu %s\n' "$1" \
        "$(ratio "$(best hostmem)" "$(best "$1")")" \
        "$(ratio "$(median hostmem)" "$(median "$1")")" \
        "$(ratio "$(median hostmem-cpu)" "$(median "$1-cpu")")"
}
echo
compare mono
compare plain
echo "goal: median against mono at most $limit"
awk -v r="$(ratio "$(median hostmem)" "$(median mono)")" -v l="$limit" 'BEGIN { exit !(r <= l) }'
