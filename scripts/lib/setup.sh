# setup.sh - what the scripts of this folder share; to be sourced.

# The folder of the project, wherever the script was called from.
hm_root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

hm_fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

hm_installed() {
    # "ii": wanted and installed; a removed package that left its configuration is "rc".
    [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ]
}

hm_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        hm_fail "neither root nor sudo: run as root: $*"
    fi
}

# hm_need_packages PACKAGE...: installs those of these Debian packages that are missing. Where all
# are there nothing is run as root and no network is needed.
hm_need_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        echo "${0##*/}: no apt-get here; make sure that you have what these Debian packages hold:" >&2
        echo "    $*" >&2
        return 0
    fi
    hm_missing=
    for hm_package in "$@"; do
        hm_installed "$hm_package" || hm_missing="$hm_missing $hm_package"
    done
    [ -n "$hm_missing" ] || return 0
    echo "installing:$hm_missing"
    # The lists may be old or absent, as in a fresh container: then the second try succeeds.
    # shellcheck disable=SC2086 # a list of words
    hm_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        $hm_missing >/dev/null 2>&1 && return 0
    hm_as_root apt-get update -qq || hm_fail "apt-get update failed"
    # shellcheck disable=SC2086
    hm_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        $hm_missing >/dev/null || hm_fail "cannot install:$hm_missing"
}

# hm_build: configures build/ where that was not done yet, and builds it.
hm_build() {
    [ -f "$hm_root/build/build.ninja" ] ||
        meson setup "$hm_root/build" "$hm_root" --buildtype=debugoptimized "$@" ||
        hm_fail "meson setup failed"
    ninja -C "$hm_root/build" || hm_fail "the build failed"
}

# hm_compile_examples NAME...: compiles examples/NAME.cs to build/examples/NAME.exe.
hm_compile_examples() {
    mkdir -p "$hm_root/build/examples" || hm_fail "cannot make build/examples"
    for hm_example in "$@"; do
        mcs -optimize+ -out:"$hm_root/build/examples/$hm_example.exe" \
            "$hm_root/examples/$hm_example.cs" || hm_fail "mcs failed on $hm_example.cs"
    done
}
