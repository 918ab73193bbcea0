/*
 * signals.c - keeping signals away from a thread that must not be stopped.
 *
 * Runtimes stop threads with whatever signal they like, real-time ones too, so all are blocked, with
 * these exceptions: a signal that the kernel raises for what the thread itself just did cannot wait.
 * Blocked, SIGSEGV and its like kill the process without a word to its crash reporter, and SIGSYS
 * kills a process whose sandbox emulates system calls. The signals that the C library keeps for
 * itself (cancellation, setuid) are left out by its sigfillset.
 */
#include "platform/host.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

_Static_assert(sizeof(sigset_t) <= sizeof(struct hm_os_mask), "struct hm_os_mask is too small");

void hm_host_mask_signals(struct hm_os_mask *saved)
{
    static const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    int saved_errno = errno;
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    for (size_t i = 0; i < sizeof(synchronous) / sizeof(synchronous[0]); i++)
        sigdelset(&all, synchronous[i]);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    memset(saved, 0, sizeof(*saved));
    memcpy(saved, &before, sizeof(before));
    errno = saved_errno;
}

void hm_host_restore_signals(const struct hm_os_mask *saved)
{
    int saved_errno = errno;
    sigset_t before;

    memcpy(&before, saved, sizeof(before));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved_errno;
}
