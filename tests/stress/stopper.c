#include "stopper.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { THREADS = 16, STOP_SIGNAL = SIGUSR2 };

struct stoppable {
    pthread_t thread;
    _Atomic bool in_call;
    _Atomic bool stopped;
    _Atomic bool go_on;
};

static struct stoppable threads[THREADS];
static _Atomic int count;
static _Thread_local struct stoppable *self;

static void stop_here(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    struct stoppable *me = self;
    atomic_store(&me->stopped, true);
    while (!atomic_load(&me->go_on)) {
        struct timespec pause = {0, 20000};
        nanosleep(&pause, NULL);
    }
    atomic_store(&me->go_on, false);
    atomic_store(&me->stopped, false);
    errno = saved;
}

void stopper_install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = stop_here;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(STOP_SIGNAL, &action, NULL);
}

int stopper_join(void)
{
    int number = atomic_fetch_add(&count, 1);
    self = &threads[number];
    self->thread = pthread_self();
    return number;
}

void stopper_enter_call(void)
{
    atomic_store_explicit(&self->in_call, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

void stopper_leave_call(void)
{
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&self->in_call, false, memory_order_relaxed);
}

bool stopper_stop(int thread)
{
    struct stoppable *it = &threads[thread];
    pthread_kill(it->thread, STOP_SIGNAL);
    while (!atomic_load(&it->stopped))
        sched_yield();
    return atomic_load(&it->in_call);
}

void stopper_resume(int thread)
{
    struct stoppable *it = &threads[thread];
    atomic_store(&it->go_on, true);
    while (atomic_load(&it->stopped))
        sched_yield();
}
