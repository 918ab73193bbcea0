/*
 * collector.c - a full collection when the host says that memory is low.
 *
 * The notification arrives on a thread of the host's that the runtime does not know, at any time.
 * So it only wakes a thread of this tool's, which makes itself known to the runtime for as long as
 * the collection takes: a thread that stayed attached would have to be stopped, and would be waited
 * for at the end of the program.
 */
#include "collector.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <mono/metadata/appdomain.h>
#include <mono/metadata/mono-gc.h>
#include <mono/metadata/threads.h>

static sem_t wanted;
static atomic_bool enabled;
static atomic_uint_fast64_t notified;
static atomic_uint_fast64_t collections;

static HRESULT HOSTMEM_STDCALL query_interface(ICLRMemoryNotificationCallback *self, REFIID riid,
                                               void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (memcmp(riid, &IID_IUnknown, sizeof *riid) != 0 &&
        memcmp(riid, &IID_ICLRMemoryNotificationCallback, sizeof *riid) != 0)
        return E_NOINTERFACE;
    *object = self;
    return S_OK;
}

static ULONG HOSTMEM_STDCALL one_reference(ICLRMemoryNotificationCallback *self)
{
    (void)self;
    return 1;
}

static HRESULT HOSTMEM_STDCALL on_notification(ICLRMemoryNotificationCallback *self,
                                               EMemoryAvailable available)
{
    (void)self;
    atomic_fetch_add_explicit(&notified, 1, memory_order_relaxed);
    if (available == eMemoryAvailableLow)
        sem_post(&wanted);
    return S_OK;
}

ICLRMemoryNotificationCallback *hm_collector_callback(void)
{
    static const ICLRMemoryNotificationCallbackVtbl methods = {
        .QueryInterface = query_interface,
        .AddRef = one_reference,
        .Release = one_reference,
        .OnMemoryNotification = on_notification,
    };
    static ICLRMemoryNotificationCallback callback = {.lpVtbl = &methods};

    return &callback;
}

static void collect(void)
{
    MonoThread *self = mono_thread_attach(mono_get_root_domain());

    mono_gc_collect(mono_gc_max_generation());
    mono_thread_detach(self);
    atomic_fetch_add_explicit(&collections, 1, memory_order_relaxed);
}

static void *collect_when_wanted(void *unused)
{
    for (;;) {
        while (sem_wait(&wanted) != 0 && errno == EINTR)
            ;
        /* One collection answers all notifications that came before it. */
        while (sem_trywait(&wanted) == 0)
            ;
        if (atomic_load(&enabled))
            collect();
    }
    return unused;
}

int hm_collector_start(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int error;

    if (sem_init(&wanted, 0, 0) != 0)
        return errno;
    error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    error = pthread_create(&thread, &attributes, collect_when_wanted, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

void hm_collector_enable(void)
{
    atomic_store(&enabled, true);
}

void hm_collector_disable(void)
{
    atomic_store(&enabled, false);
}

uint64_t hm_collector_notified(void)
{
    return atomic_load(&notified);
}

uint64_t hm_collector_collections(void)
{
    return atomic_load(&collections);
}
