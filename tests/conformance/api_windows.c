/*
 * api_windows.c - the functions of Windows, or of Wine.
 */
#include "faces_windows.h"

#include <string.h>

#ifndef __x86_64__
#    error "the probes below are written for x86-64"
#endif

/* --- Probes: an access that fails goes on at conform_probe_failed, as if it had returned 0. --- */

int conform_probe_read(const void *address);
int conform_probe_write(void *address);
int conform_probe_failed(void);

/* Leaf functions: the stack pointer at any instruction is the one they return with. */
__asm__(".text\n"
        "conform_probe_read:\n"
        "    movb (%rcx), %al\n"
        "    movl $1, %eax\n"
        "    ret\n"
        "conform_probe_write:\n"
        "    movb (%rcx), %al\n"
        "    movb %al, (%rcx)\n"
        "    movl $1, %eax\n"
        "    ret\n"
        "conform_probe_failed:\n"
        "    xorl %eax, %eax\n"
        "    ret\n");

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *exception)
{
    DWORD64 *at = &exception->ContextRecord->Rip;
    if (*at < (DWORD64)(uintptr_t)conform_probe_read ||
        *at >= (DWORD64)(uintptr_t)conform_probe_failed)
        return EXCEPTION_CONTINUE_SEARCH;
    *at = (DWORD64)(uintptr_t)conform_probe_failed;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static bool can_read(const void *address)
{
    void *handler = AddVectoredExceptionHandler(1, on_exception);
    bool result = conform_probe_read(address) != 0;
    RemoveVectoredExceptionHandler(handler);
    return result;
}

static bool can_write(void *address)
{
    void *handler = AddVectoredExceptionHandler(1, on_exception);
    bool result = conform_probe_write(address) != 0;
    RemoveVectoredExceptionHandler(handler);
    return result;
}

/* --- The table. --- */

static struct conform_api windows = {
    .name = "kernel32",
    .page_size = 4096,
    .VirtualAlloc = VirtualAlloc,
    .VirtualFree = VirtualFree,
    .VirtualProtect = VirtualProtect,
    .VirtualQuery = VirtualQuery,
    .GetSystemInfo = GetSystemInfo,
    .GetLastError = GetLastError,
    .SetLastError = SetLastError,
    .can_read = can_read,
    .can_write = can_write,
};

/* Copies the pointer, since one type of function is not converted to another. */
static void find_in_ntdll(const char *name, void *function, size_t size)
{
    FARPROC found = GetProcAddress(GetModuleHandleA("ntdll.dll"), name);
    memcpy(function, &found, size);
}

const struct conform_api *conform_windows(void)
{
    find_in_ntdll("NtFreeVirtualMemory", &windows.NtFreeVirtualMemory,
                  sizeof windows.NtFreeVirtualMemory);
    return &windows;
}

const char *conform_wine_version(void)
{
    const char *(*version)(void);
    find_in_ntdll("wine_get_version", &version, sizeof version);
    return version ? version() : NULL;
}
