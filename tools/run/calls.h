/*
 * calls.h - the manager as `hostmem run` calls it: by slot through the vtable, each call counted.
 *
 * These functions may run on a thread that has stopped all others by a signal, so they take no
 * lock, call no malloc and print nothing; the counters are atomics.
 */
#ifndef HM_TOOLS_RUN_CALLS_H
#define HM_TOOLS_RUN_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include <hostmem/mscoree.h>

/* The methods of IHostMemoryManager after IUnknown's, in the order of the vtable. */
enum hm_method {
    HM_METHOD_CREATE_MALLOC,
    HM_METHOD_VIRTUAL_ALLOC,
    HM_METHOD_VIRTUAL_FREE,
    HM_METHOD_VIRTUAL_QUERY,
    HM_METHOD_VIRTUAL_PROTECT,
    HM_METHOD_GET_MEMORY_LOAD,
    HM_METHOD_REGISTER_CALLBACK,
    HM_METHOD_NEEDS_SPACE,
    HM_METHOD_ACQUIRED_SPACE,
    HM_METHOD_RELEASED_SPACE,
    HM_METHOD_COUNT
};

const char *hm_method_name(enum hm_method method);

/* The manager that all the functions below call. Set once, before the runtime starts. */
void hm_calls_use(IHostMemoryManager *manager);
IHostMemoryManager *hm_calls_manager(void);

/* Named as the methods are; the results are theirs. */
HRESULT hm_call_create_malloc(DWORD type, IHostMalloc **heap);
HRESULT hm_call_alloc(void *address, SIZE_T size, DWORD type, DWORD protect,
                      EMemoryCriticalLevel level, void **mem);
HRESULT hm_call_free(void *address, SIZE_T size, DWORD type);
HRESULT hm_call_protect(void *address, SIZE_T size, DWORD protect);
HRESULT hm_call_register(ICLRMemoryNotificationCallback *callback);

/* The run of like pages at address; false when the manager could not tell. */
bool hm_call_query(uintptr_t address, MEMORY_BASIC_INFORMATION *info);

/* How often a method was called. */
uint64_t hm_calls_made(enum hm_method method);

/* One way in which calls failed. */
struct hm_failure {
    enum hm_method method;
    HRESULT result;
    uint64_t count;
};

/* The index-th kind of failure that was seen; false when there are no more. */
bool hm_calls_failure(unsigned index, struct hm_failure *failure);

#endif
