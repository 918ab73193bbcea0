/* stack.c - the main thread's stack, made fit for guard pages. */
#include "stack.h"

#include <alloca.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

/* A compiler that probes large frames touches every page of them: not more than this. */
#define HIGHEST_SIZE ((size_t)64 << 20)

/* The lowest address of the stack, or 0 when it is not to be mapped. */
static uintptr_t stack_end(void)
{
    pthread_attr_t attributes;
    void *lowest = NULL;
    size_t size = 0;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return 0;
    if (pthread_attr_getstack(&attributes, &lowest, &size) != 0 || size > HIGHEST_SIZE)
        lowest = NULL;
    pthread_attr_destroy(&attributes);
    return (uintptr_t)lowest;
}

/* Moves the stack pointer there before the page is touched: kernels differ in what they take for
 * growth of the stack when the address is far below the pointer. */
static __attribute__((__noinline__)) void touch(uintptr_t target)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    volatile char *lowest;

    if (here <= target)
        return;
    lowest = alloca(here - target);
    *lowest = 0;
}

void hm_stack_map_whole(void)
{
    uintptr_t end = stack_end();

    /* Not the very lowest page: the limit counts to the byte. */
    if (end)
        touch(end + (uintptr_t)sysconf(_SC_PAGESIZE) + 512);
}
