#!/bin/sh
# What libhostmem exports, and what it needs.
#
#     test_exports.sh libhostmem.so [nm] [readelf]
#
# Exported: hostmem_* and IID_* only, every one with the version HOSTMEM_0, and none missing that
# the headers promise. Needed: the C library and its companions only.
set -eu
library=$1
nm=${2:-nm}
readelf=${3:-readelf}
status=0

fail() {
    echo "$1"
    status=1
}

# A version is an absolute symbol (A) in GNU nm's list; drop the definition of the version itself.
symbols=$("$nm" -D --defined-only "$library" | awk '$2 != "A" { print $NF }')
[ -n "$symbols" ] || fail "nothing is exported"

for symbol in $symbols; do
    case $symbol in
    hostmem_*@@HOSTMEM_0 | IID_*@@HOSTMEM_0) ;;
    *) fail "exported: $symbol" ;;
    esac
done

for name in hostmem_create hostmem_create_host_control hostmem_capabilities \
    hostmem_get_statistics hostmem_version hostmem_VirtualAlloc hostmem_VirtualFree \
    hostmem_VirtualProtect hostmem_VirtualQuery hostmem_GetSystemInfo hostmem_GetLastError \
    hostmem_SetLastError hostmem_NtAllocateVirtualMemory hostmem_NtFreeVirtualMemory \
    hostmem_NtProtectVirtualMemory hostmem_NtQueryVirtualMemory IID_IUnknown IID_IHostMemoryManager IID_IHostMalloc \
    IID_ICLRMemoryNotificationCallback IID_IHostControl; do
    echo "$symbols" | grep -qx "$name@@HOSTMEM_0" || fail "not exported: $name"
done

# Sanitizers bring their own run-time libraries.
for needed in $("$readelf" -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case $needed in
    libc.so.* | libc.musl-* | libpthread.so.* | ld-linux* | libasan.so.* | libubsan.so.* | \
        libtsan.so.* | libgcc_s.so.*) ;;
    *) fail "needed: $needed" ;;
    esac
done

echo "$symbols" | wc -l | sed 's/$/ symbols exported/'
exit $status
