/* Starting the threads that do not handle signals. */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Starts a thread with all signals blocked but those of its own faults, whose handlers restore the
 * terminal. False if there are no resources for it. */
bool thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
