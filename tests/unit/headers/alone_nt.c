/* <hostmem/nt.h> alone, twice. */
#include <hostmem/nt.h>

#include <hostmem/nt.h>

#include "headers.h"

int32_t headers_nt(void)
{
    PVOID base = NULL;
    SIZE_T size = 1;
    NTSTATUS status = NtAllocateVirtualMemory(NtCurrentProcess(), &base, 0, &size,
                                              MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    if (status != STATUS_SUCCESS)
        return status;
    size = 0;
    return NtFreeVirtualMemory(NtCurrentProcess(), &base, &size, MEM_RELEASE);
}
