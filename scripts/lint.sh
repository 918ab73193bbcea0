#!/usr/bin/env bash
# lint.sh - clang-format, clang-tidy and cppcheck over the sources; quiet when all is well.
#
# What clang-tidy does not check, and why, stands in .clang-tidy.
set -euo pipefail
# shellcheck source=scripts/lib/setup.sh
. "$(dirname -- "$0")/lib/setup.sh"
cd "$hm_root"
hm_need_packages clang-format clang-tidy cppcheck meson ninja-build pkg-config check libffi-dev

build=build-test/lint
[ -d "$build" ] || meson setup "$build" -Dmono=disabled >/dev/null
mapfile -t sources < <(git ls-files 'lib/*.c' 'platform/*.c' 'tools/hostmem.c')
mapfile -t formatted < <(git ls-files '*.c' '*.h' '*.cc')

status=0
clang-format --dry-run --Werror "${formatted[@]}" || status=1
printf '%s\n' "${sources[@]}" | xargs -n 8 clang-tidy -p "$build" --quiet 2>/dev/null || status=1
# alloca: the tool must move the stack pointer itself, which no array does.
cppcheck --std=c11 --enable=warning,performance,portability --quiet --error-exitcode=1 \
    --inline-suppr --suppress=missingIncludeSystem --suppress=allocaCalled:tools/run/stack.c \
    -Iinclude -Ilib -I. -D__x86_64__ -D__ELF__ -D__GNUC__=12 lib platform tools || status=1
exit $status
