/*
 * stopper.h - stopping a thread by a signal whose handler waits, the way runtimes suspend threads.
 */
#ifndef TESTS_STOPPER_H
#define TESTS_STOPPER_H

#include <pthread.h>
#include <stdbool.h>

/* Installs the handler; once per process. */
void stopper_install(void);

/* A thread that wants to be stopped says so at its start; at most 16 threads. */
int stopper_join(void);

/* The calling thread is (not) inside a call of the library from here on. */
void stopper_enter_call(void);
void stopper_leave_call(void);

/* Stops that thread wherever it is and waits until it stands still; true: inside a call. */
bool stopper_stop(int thread);
void stopper_resume(int thread);

#endif
