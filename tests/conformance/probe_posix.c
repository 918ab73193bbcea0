/*
 * probe_posix.c - tries an access and survives it.
 */
#include "faces.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>

static sigjmp_buf out;

static void on_fault(int number)
{
    (void)number;
    siglongjmp(out, 1);
}

static bool survives(void (*access)(volatile char *), volatile char *address)
{
    struct sigaction action;
    struct sigaction old_segv;
    struct sigaction old_bus;
    volatile bool survived = false;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_fault;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &old_segv);
    sigaction(SIGBUS, &action, &old_bus);
    if (sigsetjmp(out, 1) == 0) {
        access(address);
        survived = true;
    }
    sigaction(SIGSEGV, &old_segv, NULL);
    sigaction(SIGBUS, &old_bus, NULL);
    return survived;
}

/* The accesses are wrong on purpose; sanitizers need not say so. */
#define UNCHECKED __attribute__((__no_sanitize__("address", "undefined")))

UNCHECKED static void read_byte(volatile char *address)
{
    (void)*address;
}

/* What is there stays there. */
UNCHECKED static void write_byte(volatile char *address)
{
    char byte = *address;
    *address = byte;
}

bool conform_can_read(const void *address)
{
    return survives(read_byte, (volatile char *)(uintptr_t)address);
}

bool conform_can_write(void *address)
{
    return survives(write_byte, address);
}
