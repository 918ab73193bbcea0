/*
 * The heap behind IHostMalloc: what it hands out is usable and nobody else's, what it is given back
 * is checked, and what it took it returns.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hostmem/hostmem.h>
#include <hostmem/mscoree.h>
#include <hostmem/win32.h>

#include "hosting/heap.h"
#include "platform/platform.h"
#include "policy/policy.h"
#include "space/account.h"

static IHostMemoryManager *manager;
static IHostMalloc *heap;

static void make_heap(DWORD type)
{
    ck_assert_int_eq(hostmem_create(NULL, &manager), S_OK);
    ck_assert_int_eq(IHostMemoryManager_CreateMalloc(manager, type, &heap), S_OK);
}

static hostmem_statistics statistics(void)
{
    hostmem_statistics stats = {.size = sizeof stats};
    ck_assert_int_eq(hostmem_get_statistics(manager, &stats), S_OK);
    return stats;
}

/* Releases the heap, and sees that nothing of it is left. */
static void drop_heap(void)
{
    ck_assert_uint_eq(IHostMalloc_Release(heap), 0);
    hostmem_statistics stats = statistics();
    ck_assert_uint_eq(stats.committed, 0);
    ck_assert_uint_eq(stats.reserved, 0);
    ck_assert_uint_eq(IHostMemoryManager_Release(manager), 0);
    ck_assert_ptr_null(hm_space_check(true));
}

static void *allocate(SIZE_T size)
{
    void *block = NULL;
    ck_assert_int_eq(IHostMalloc_Alloc(heap, size, eTaskCritical, &block), S_OK);
    ck_assert_ptr_nonnull(block);
    ck_assert_uint_eq((uintptr_t)block % 16, 0);
    return block;
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Mostly small, some large, now and then a large block of its own. */
static size_t random_size(uint32_t *state)
{
    uint32_t kind = next_random(state) % 64;
    if (kind == 0)
        return next_random(state) % 300000;
    return kind < 8 ? next_random(state) % 33000 : next_random(state) % 400;
}

/* --- Size classes. --- */

START_TEST(each_size_has_the_smallest_class_that_holds_it)
{
    for (size_t size = 0; size <= HM_HEAP_LARGEST_SMALL; size++) {
        unsigned kind = hm_heap_class(size);
        ck_assert_uint_lt(kind, HM_HEAP_CLASSES);
        ck_assert_uint_ge(hm_heap_class_size(kind), size);
        if (kind > 0)
            ck_assert_uint_lt(hm_heap_class_size(kind - 1), size);
    }
    ck_assert_uint_eq(hm_heap_class_size(HM_HEAP_CLASSES - 1), HM_HEAP_LARGEST_SMALL);
}
END_TEST

/* --- Allocating. --- */

START_TEST(blocks_of_every_size_are_apart)
{
    make_heap(MALLOC_THREADSAFE);
    enum { COUNT = 400 };
    unsigned char *blocks[COUNT];
    size_t sizes[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        sizes[i] = (size_t)i * i; /* 0 to 159201: small and large */
        blocks[i] = allocate(sizes[i]);
        memset(blocks[i], (int)(i & 0xff), sizes[i]);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        size_t spoilt = 0;
        for (size_t k = 0; k < sizes[i]; k++)
            spoilt += blocks[i][k] != (i & 0xff);
        ck_assert_uint_eq(spoilt, 0);
        ck_assert_int_eq(IHostMalloc_Free(heap, blocks[i]), S_OK);
    }
    drop_heap();
}
END_TEST

START_TEST(zero_bytes_are_a_block_of_their_own)
{
    make_heap(0);
    void *first = allocate(0);
    void *second = allocate(0);
    ck_assert_ptr_ne(first, second);
    ck_assert_int_eq(IHostMalloc_Free(heap, first), S_OK);
    ck_assert_int_eq(IHostMalloc_Free(heap, second), S_OK);
    drop_heap();
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    make_heap(MALLOC_THREADSAFE);
    ck_assert_int_eq(IHostMalloc_Alloc(heap, 8, eTaskCritical, NULL), E_POINTER);
    ck_assert_int_eq(IHostMalloc_DebugAlloc(heap, 8, eTaskCritical, NULL, 0, NULL), E_POINTER);
    const int levels[] = {-1, 3, INT32_MAX, INT32_MIN};
    for (unsigned i = 0; i < 4; i++) {
        void *block = &block;
        ck_assert_int_eq(IHostMalloc_Alloc(heap, 8, (EMemoryCriticalLevel)levels[i], &block),
                         E_INVALIDARG);
        ck_assert_ptr_null(block);
    }
    drop_heap();
}
END_TEST

START_TEST(sizes_beyond_all_memory_fail_cleanly)
{
    make_heap(MALLOC_THREADSAFE);
    const SIZE_T sizes[] = {
        SIZE_MAX,        SIZE_MAX - 15,        SIZE_MAX - 4095, SIZE_MAX - 65536,
        SIZE_MAX / 2,    SIZE_MAX / 2 + 1,     (SIZE_T)1 << 62, (SIZE_T)1 << 47,
        (SIZE_T)1 << 63, ((SIZE_T)1 << 47) - 1};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = &block;
        ck_assert_int_eq(IHostMalloc_Alloc(heap, sizes[i], eTaskCritical, &block), E_OUTOFMEMORY);
        ck_assert_ptr_null(block);
        block = &block;
        ck_assert_int_eq(IHostMalloc_DebugAlloc(heap, sizes[i], eTaskCritical, NULL, 0, &block),
                         E_OUTOFMEMORY);
        ck_assert_ptr_null(block);
    }
    ck_assert_uint_eq(statistics().committed, 0);
    ck_assert_uint_eq(statistics().reserved, 0);
    drop_heap();
}
END_TEST

START_TEST(freed_memory_is_used_again)
{
    make_heap(MALLOC_THREADSAFE);
    for (unsigned i = 0; i < 200000; i++) {
        void *block = allocate(48);
        ck_assert_int_eq(IHostMalloc_Free(heap, block), S_OK);
    }
    for (unsigned i = 0; i < 2000; i++) {
        void *block = allocate(100000);
        ck_assert_int_eq(IHostMalloc_Free(heap, block), S_OK);
    }
    ck_assert_uint_le(statistics().committed_peak, 16384 + 102400);
    drop_heap();
}
END_TEST

/* Fills spans, frees every block in a scattered order, fills them again: the second time must fit
 * into what the first one took. */
START_TEST(full_spans_come_back)
{
    make_heap(MALLOC_THREADSAFE);
    enum { COUNT = 50000 };
    static void *blocks[COUNT];
    for (unsigned round = 0; round < 4; round++) {
        uint64_t before = statistics().committed;
        for (unsigned i = 0; i < COUNT; i++)
            blocks[i] = allocate(200);
        if (round > 0)
            ck_assert_uint_eq(statistics().committed, before);
        for (unsigned i = 0; i < COUNT; i++)
            ck_assert_int_eq(IHostMalloc_Free(heap, blocks[(i * 7919u) % COUNT]), S_OK);
    }
    drop_heap();
}
END_TEST

/* --- Random traffic, contents checked. --- */

struct held {
    unsigned char *block;
    size_t size;
    unsigned char seed;
};

static void fill(struct held *held)
{
    for (size_t k = 0; k < held->size; k++)
        held->block[k] = (unsigned char)(held->seed + k * 31);
}

static bool intact(const struct held *held)
{
    for (size_t k = 0; k < held->size; k++) {
        if (held->block[k] != (unsigned char)(held->seed + k * 31))
            return false;
    }
    return true;
}

/* Returns the number of complaints; ck_assert is not for threads. */
static unsigned traffic(uint32_t seed, unsigned steps)
{
    enum { SLOTS = 256 };
    struct held slots[SLOTS];
    memset(slots, 0, sizeof slots);
    unsigned complaints = 0;
    uint32_t state = seed;
    for (unsigned step = 0; step < steps; step++) {
        struct held *held = &slots[next_random(&state) % SLOTS];
        if (held->block != NULL) {
            complaints += !intact(held);
            complaints += IHostMalloc_Free(heap, held->block) != S_OK;
            held->block = NULL;
            continue;
        }
        void *block;
        held->size = random_size(&state);
        held->seed = (unsigned char)next_random(&state);
        complaints += IHostMalloc_Alloc(heap, held->size, eTaskCritical, &block) != S_OK;
        held->block = block;
        if (held->block != NULL)
            fill(held);
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        if (slots[i].block != NULL) {
            complaints += !intact(&slots[i]);
            complaints += IHostMalloc_Free(heap, slots[i].block) != S_OK;
        }
    }
    return complaints;
}

START_TEST(random_traffic_keeps_contents)
{
    make_heap(_i != 0 ? MALLOC_THREADSAFE : 0);
    ck_assert_uint_eq(traffic(12345, 60000), 0);
    drop_heap();
}
END_TEST

static void *traffic_thread(void *seed)
{
    return (void *)(uintptr_t)traffic((uint32_t)(uintptr_t)seed, 30000);
}

START_TEST(random_traffic_of_many_threads_keeps_contents)
{
    make_heap(MALLOC_THREADSAFE);
    enum { THREADS = 6 };
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, traffic_thread, (void *)(i * 77 + 1)),
                         0);
    for (unsigned i = 0; i < THREADS; i++) {
        void *complaints;
        pthread_join(threads[i], &complaints);
        ck_assert_ptr_null(complaints);
    }
    drop_heap();
}
END_TEST

/* Blocks wander: each thread takes what lies in a shared slot, checks and frees it, and puts a block
 * of its own there. */
enum { SHARED_SLOTS = 64, WANDER_STEPS = 60000 };
static _Atomic(size_t *) shared[SHARED_SLOTS];

static void *wander_thread(void *seed)
{
    uint32_t state = (uint32_t)(uintptr_t)seed;
    uintptr_t complaints = 0;
    for (unsigned step = 0; step < WANDER_STEPS; step++) {
        void *block;
        size_t size = sizeof(size_t) * (2 + next_random(&state) % 64);
        if (IHostMalloc_Alloc(heap, size, eTaskCritical, &block) != S_OK)
            return (void *)(complaints + 1);
        size_t *mine = block;
        size_t words = size / sizeof(size_t);
        for (size_t k = 0; k < words; k++)
            mine[k] = words;
        size_t *other = atomic_exchange(&shared[next_random(&state) % SHARED_SLOTS], mine);
        if (other == NULL)
            continue;
        for (size_t k = 1; k < other[0]; k++)
            complaints += other[k] != other[0];
        complaints += IHostMalloc_Free(heap, other) != S_OK;
    }
    return (void *)complaints;
}

START_TEST(blocks_freed_by_other_threads)
{
    make_heap(MALLOC_THREADSAFE);
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, wander_thread, (void *)(i + 1));
    for (unsigned i = 0; i < THREADS; i++) {
        void *complaints;
        pthread_join(threads[i], &complaints);
        ck_assert_ptr_null(complaints);
    }
    drop_heap();
}
END_TEST

/* --- What Free is given. --- */

START_TEST(null_is_freed_without_a_word)
{
    make_heap(MALLOC_THREADSAFE);
    ck_assert_int_eq(IHostMalloc_Free(heap, NULL), S_OK);
    (void)allocate(1);
    ck_assert_int_eq(IHostMalloc_Free(heap, NULL), S_OK);
    drop_heap();
}
END_TEST

START_TEST(a_second_free_is_refused)
{
    make_heap(MALLOC_THREADSAFE);
    const size_t sizes[] = {0, 16, 100, 4000, 32768, 32769, 1000000};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = allocate(sizes[i]);
        void *other = allocate(sizes[i]);
        ck_assert_int_eq(IHostMalloc_Free(heap, block), S_OK);
        ck_assert_int_eq(IHostMalloc_Free(heap, block), E_INVALIDARG);
        /* Nothing changed: the block is handed out once, not twice. */
        void *again = allocate(sizes[i]);
        void *next = allocate(sizes[i]);
        ck_assert_ptr_ne(again, next);
        ck_assert_ptr_ne(other, again);
        ck_assert_ptr_ne(other, next);
        ck_assert_int_eq(IHostMalloc_Free(heap, other), S_OK);
    }
    drop_heap();
}
END_TEST

/* Sees that p is refused, and that the heap goes on working. */
static void refuse(void *p)
{
    uint64_t before = statistics().committed;
    ck_assert_int_eq(IHostMalloc_Free(heap, p), E_INVALIDARG);
    ck_assert_uint_eq(statistics().committed, before);
}

START_TEST(pointers_that_are_no_blocks_are_refused)
{
    make_heap(MALLOC_THREADSAFE);
    refuse((void *)1); /* before the heap has any memory */
    unsigned char *small = allocate(100);
    unsigned char *large = allocate(500000);
    void *libc = malloc(100);
    int local = 0;
    refuse(libc);
    refuse(&local);
    refuse(&heap);
    refuse((void *)(uintptr_t)&hostmem_create);
    for (uintptr_t step = 1; step < 112; step++)
        refuse(small + step);
    refuse(small + 112); /* the next block, never handed out */
    refuse(small - 16);
    refuse((void *)((uintptr_t)small | 0xffff)); /* the granule's end, behind the span */
    refuse(large + 1);
    refuse(large + 16);
    refuse(large + 4096);
    refuse(large + 65536);
    refuse(large + 131072);
    refuse(large - 65536);
    for (unsigned bit = 0; bit < 64; bit++)
        refuse((void *)(UINT64_C(1) << bit));
    refuse((void *)UINTPTR_MAX);
    refuse((void *)(UINTPTR_MAX - 15));
    void *mapped = VirtualAlloc(NULL, 65536, MEM_COMMIT, PAGE_READWRITE);
    refuse(mapped);
    ck_assert_int_ne(VirtualFree(mapped, 0, MEM_RELEASE), 0);
    free(libc);
    ck_assert_int_eq(IHostMalloc_Free(heap, small), S_OK);
    ck_assert_int_eq(IHostMalloc_Free(heap, large), S_OK);
    drop_heap();
}
END_TEST

/* Blocks of 48 bytes do not fill their span: what is left at its end is no block. */
START_TEST(the_rest_of_a_span_is_no_block)
{
    make_heap(MALLOC_THREADSAFE);
    char *first = allocate(48);
    for (unsigned offset = 48; offset < 65536; offset += 48)
        refuse(first + offset);
    drop_heap();
}
END_TEST

START_TEST(freed_memory_is_off_the_map)
{
    make_heap(MALLOC_THREADSAFE);
    uintptr_t small = (uintptr_t)allocate(48);
    uintptr_t large = (uintptr_t)allocate(100000);
    uintptr_t kept = (uintptr_t)allocate(100000);
    ck_assert_ptr_nonnull(hm_map_find(small));
    ck_assert_ptr_nonnull(hm_map_find(large));
    ck_assert_ptr_null(hm_map_find(large + 65536));
    ck_assert_int_eq(IHostMalloc_Free(heap, (void *)large), S_OK);
    ck_assert_ptr_null(hm_map_find(large));
    drop_heap();
    ck_assert_ptr_null(hm_map_find(small));
    ck_assert_ptr_null(hm_map_find(kept));
}
END_TEST

START_TEST(blocks_of_another_heap_are_refused)
{
    make_heap(MALLOC_THREADSAFE);
    IHostMalloc *other;
    ck_assert_int_eq(IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, &other), S_OK);
    void *small;
    void *large;
    ck_assert_int_eq(IHostMalloc_Alloc(other, 64, eTaskCritical, &small), S_OK);
    ck_assert_int_eq(IHostMalloc_Alloc(other, 64000, eTaskCritical, &large), S_OK);
    refuse(small);
    refuse(large);
    ck_assert_int_eq(IHostMalloc_Free(other, small), S_OK);
    ck_assert_uint_eq(IHostMalloc_Release(other), 0);
    refuse(small); /* of a heap that is gone */
    refuse(large);
    drop_heap();
}
END_TEST

/* A decoy: bytes that look like nothing the heap could take for its own, whatever they are. */
START_TEST(contents_do_not_make_a_block)
{
    make_heap(MALLOC_THREADSAFE);
    unsigned char *block = allocate(4096);
    unsigned char *freed = allocate(4096);
    memset(block, 0xff, 4096);
    memset(freed, 0, 4096);
    ck_assert_int_eq(IHostMalloc_Free(heap, freed), S_OK);
    /* A user who writes before, behind and into freed memory does not bend the heap. */
    memset(freed, 0xff, 4096);
    refuse(freed);
    refuse(block + 2048);
    ck_assert_int_eq(IHostMalloc_Free(heap, block), S_OK);
    drop_heap();
}
END_TEST

/* Two threads free the same block at the same time: one of them succeeds. */
static _Atomic(void *) disputed;
static _Atomic unsigned opened;
static _Atomic unsigned finished;
static _Atomic unsigned successes;

enum { DISPUTES = 20000 };

static void dispute(void)
{
    if (IHostMalloc_Free(heap, atomic_load(&disputed)) == S_OK)
        atomic_fetch_add(&successes, 1);
}

/* Waits without sleeping at first, so that the two come as close together as they can. */
static void wait_for(_Atomic unsigned *counter, unsigned value)
{
    for (unsigned spin = 1; atomic_load(counter) < value; spin++) {
        if (spin % 512 == 0)
            sched_yield();
    }
}

static void *dispute_thread(void *unused)
{
    for (unsigned round = 1; round <= DISPUTES; round++) {
        wait_for(&opened, round);
        dispute();
        atomic_store(&finished, round);
    }
    return unused;
}

START_TEST(racing_frees_succeed_once)
{
    make_heap(MALLOC_THREADSAFE);
    size_t size = _i != 0 ? 100000 : 64;
    pthread_t thread;
    pthread_create(&thread, NULL, dispute_thread, NULL);
    unsigned wrong = 0;
    for (unsigned round = 1; round <= DISPUTES; round++) {
        atomic_store(&disputed, allocate(size));
        atomic_store(&opened, round);
        for (unsigned delay = 0; delay < round % 64; delay++)
            atomic_load(&finished); /* meet the other thread at every stage of its call */
        dispute();
        wait_for(&finished, round);
        wrong += atomic_exchange(&successes, 0) != 1;
        if (size > HM_HEAP_LARGEST_SMALL) /* the loser did not put it back */
            wrong += hm_map_find((uintptr_t)atomic_load(&disputed)) != NULL;
    }
    pthread_join(thread, NULL);
    ck_assert_uint_eq(wrong, 0);
    drop_heap();
}
END_TEST

/* --- Quotas and want of memory. --- */

static void make_limited(uint64_t commit_limit)
{
    const hostmem_options options = {.size = sizeof options, .commit_limit = commit_limit};
    ck_assert_int_eq(hostmem_create(&options, &manager), S_OK);
    ck_assert_int_eq(IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, &heap), S_OK);
}

START_TEST(a_quota_ends_in_out_of_memory)
{
    const size_t size = (size_t[]){16, 1000, 20000, 70000}[_i];
    make_limited(1 << 20);
    enum { MOST = 1 << 17 };
    void **blocks = calloc(MOST, sizeof *blocks);
    unsigned count = 0;
    HRESULT result = S_OK;
    while (count < MOST &&
           (result = IHostMalloc_Alloc(heap, size, eTaskCritical, &blocks[count])) == S_OK) {
        memset(blocks[count], 0x5a, size);
        count++;
    }
    ck_assert_int_eq(result, E_OUTOFMEMORY);
    ck_assert_ptr_null(blocks[count]);
    if (size == 16) /* spans of the smallest blocks use up a quota to the last page */
        ck_assert_uint_eq(count, (1 << 20) / 16);
    ck_assert_uint_ge((uint64_t)count * size, (1 << 20) * 3 / 4);
    ck_assert_uint_le(statistics().committed, 1 << 20);
    ck_assert_uint_gt(statistics().refused, 0);
    /* Nothing is lost: each block that comes back can be had again, the last one too. */
    for (unsigned i = 0; i < 100; i++) {
        unsigned k = i * 7919 % count;
        ck_assert_int_eq(IHostMalloc_Free(heap, blocks[k]), S_OK);
        ck_assert_int_eq(IHostMalloc_Alloc(heap, size, eTaskCritical, &blocks[k]), S_OK);
    }
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(IHostMalloc_Free(heap, blocks[i]), S_OK);
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(IHostMalloc_Alloc(heap, size, eTaskCritical, &blocks[i]), S_OK);
    free(blocks);
    drop_heap();
}
END_TEST

START_TEST(a_quota_too_small_for_a_span_still_gives_a_page)
{
    size_t page = hm_space_page_size();
    make_limited(page);
    void *block = allocate(24);
    void *other = &other;
    ck_assert_int_eq(IHostMalloc_Alloc(heap, 24, eTaskCritical, &other), E_OUTOFMEMORY);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(IHostMalloc_Free(heap, block), S_OK);
    block = allocate(24);
    drop_heap();
}
END_TEST

/* The backend with one call in many that fails. */
static struct hm_os flaky;
static const struct hm_os *solid;
static unsigned calls_until_failure;

static bool fails_now(void)
{
    return calls_until_failure != 0 && --calls_until_failure == 0;
}

static int flaky_reserve(uintptr_t wanted, size_t size, uintptr_t *base)
{
    return fails_now() ? 12 : solid->reserve(wanted, size, base);
}

static int flaky_protect(uintptr_t base, size_t size, unsigned prot)
{
    return fails_now() ? 12 : solid->protect(base, size, prot);
}

static int flaky_meta_map(size_t size, void **base)
{
    return fails_now() ? 12 : solid->meta_map(size, base);
}

/* Each round runs in a process of its own, because the library maps most of its tables once. */
START_TEST(every_failing_call_is_survived)
{
    solid = hm_os_backend();
    flaky = *solid;
    flaky.reserve = flaky_reserve;
    flaky.protect = flaky_protect;
    flaky.meta_map = flaky_meta_map;
    hm_os_set_backend(&flaky);
    calls_until_failure = 1 + (unsigned)_i / 2;
    while (hostmem_create(NULL, &manager) != S_OK)
        ck_assert_ptr_null(manager);
    while (IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, &heap) != S_OK)
        ck_assert_ptr_null(heap);
    /* What is mapped at the first block's expense fails for a large one or for a small one. */
    unsigned first_large = _i % 2 != 0 ? 0 : 49;
    for (unsigned i = 0; i < 3000; i++) {
        void *block;
        size_t size = i % 50 == first_large ? 100000 : i % 700 + 1;
        HRESULT result = IHostMalloc_DebugAlloc(heap, size, eTaskCritical, "file.c", 7, &block);
        if (result == S_OK) {
            memset(block, 1, size);
            continue;
        }
        ck_assert_int_eq(result, E_OUTOFMEMORY);
        ck_assert_ptr_null(block);
    }
    ck_assert_uint_eq(calls_until_failure, 0);
    drop_heap();
}
END_TEST

/* --- Executable heaps. --- */

START_TEST(executable_blocks_run)
{
#if defined(__x86_64__) || defined(__i386__)
    static const unsigned char code[] = {0xb8, 0x2a, 0, 0, 0, 0xc3}; /* mov eax, 42; ret */
#elif defined(__aarch64__)
    static const unsigned char code[] = {0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6};
#else
    static const unsigned char code[1];
    return;
#endif
    make_heap(MALLOC_THREADSAFE | MALLOC_EXECUTABLE);
    const size_t sizes[] = {64, 100000};
    for (unsigned i = 0; i < 2; i++) {
        char *block = allocate(sizes[i]);
        memcpy(block, code, sizeof code);
        __builtin___clear_cache(block, block + sizeof code);
        int (*function)(void);
        memcpy(&function, &block, sizeof function);
        ck_assert_int_eq(function(), 42);
        MEMORY_BASIC_INFORMATION information;
        ck_assert_uint_eq(VirtualQuery(block, &information, sizeof information),
                          sizeof information);
        ck_assert_uint_eq(information.Protect, PAGE_EXECUTE_READWRITE);
    }
    drop_heap();
}
END_TEST

START_TEST(other_heaps_do_not_execute)
{
    make_heap(MALLOC_THREADSAFE);
    MEMORY_BASIC_INFORMATION information;
    ck_assert_uint_eq(VirtualQuery(allocate(64), &information, sizeof information),
                      sizeof information);
    ck_assert_uint_eq(information.Protect, PAGE_READWRITE);
    drop_heap();
}
END_TEST

/* --- Places. --- */

START_TEST(debug_blocks_know_their_place)
{
    ck_assert_int_eq(hostmem_create(NULL, &manager), S_OK);
    hostmem_statistics stats = statistics();
    static struct hm_heap own;
    hm_heap_open(&own, 1, PAGE_READWRITE, true);
    const size_t sizes[] = {40, 5000, 90000};
    for (unsigned i = 0; i < 3; i++) {
        const char *file = NULL;
        int line = 0;
        char *block = hm_heap_allocate(&own, sizes[i], 0);
        ck_assert(!hm_heap_place(&own, block, &file, &line));
        hm_heap_remember(&own, block, "here.c", 1234);
        ck_assert(hm_heap_place(&own, block, &file, &line));
        ck_assert_str_eq(file, "here.c");
        ck_assert_int_eq(line, 1234);
        ck_assert(!hm_heap_place(&own, block + 16, &file, &line));
        ck_assert_int_eq(hm_heap_free(&own, (uintptr_t)block), HM_STATUS_SUCCESS);
        ck_assert(!hm_heap_place(&own, block, &file, &line));
        /* The next owner of the same memory does not inherit it. */
        block = hm_heap_allocate(&own, sizes[i], 0);
        ck_assert(!hm_heap_place(&own, block, &file, &line));
    }
    hm_heap_close(&own);
    ck_assert_uint_eq(statistics().committed, stats.committed);
    ck_assert_uint_eq(IHostMemoryManager_Release(manager), 0);
}
END_TEST

/* --- Lifetimes. --- */

START_TEST(release_frees_all_blocks)
{
    make_heap(MALLOC_THREADSAFE);
    for (unsigned i = 0; i < 5000; i++)
        (void)allocate(i * 17 % 40000);
    void *large = allocate(12345678);
    ck_assert_int_eq(IHostMalloc_Free(heap, large), S_OK);
    ck_assert_uint_gt(statistics().committed, 5000u * 10000u);
    drop_heap();
}
END_TEST

START_TEST(heaps_come_and_go)
{
    ck_assert_int_eq(hostmem_create(NULL, &manager), S_OK);
    for (unsigned round = 0; round < 500; round++) {
        ck_assert_int_eq(IHostMemoryManager_CreateMalloc(manager, round % 4, &heap), S_OK);
        for (unsigned i = 0; i < 20; i++)
            memset(allocate(i * 2000), 0xee, (size_t)i * 2000);
        ck_assert_uint_eq(IHostMalloc_Release(heap), 0);
        ck_assert_uint_eq(statistics().reserved, 0);
    }
    ck_assert_uint_eq(IHostMemoryManager_Release(manager), 0);
}
END_TEST

/* --- Threads that are stopped. --- */

static _Atomic int stopped;
static _Atomic int go_on;
static _Atomic int finish;

static void stop_here(int signal)
{
    (void)signal;
    atomic_store(&stopped, 1);
    while (!atomic_load(&go_on))
        sched_yield();
    atomic_store(&stopped, 0);
}

static void *busy_thread(void *seed)
{
    unsigned complaints = 0;
    while (!atomic_load(&finish))
        complaints += traffic((uint32_t)(uintptr_t)seed, 3000);
    return (void *)(uintptr_t)complaints;
}

START_TEST(a_stopped_thread_holds_nobody_up)
{
    make_heap(MALLOC_THREADSAFE);
    struct sigaction action = {.sa_handler = stop_here};
    sigaction(SIGUSR1, &action, NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, busy_thread, (void *)99);
    for (unsigned round = 0; round < 300; round++) {
        atomic_store(&go_on, 0);
        pthread_kill(thread, SIGUSR1);
        while (!atomic_load(&stopped))
            sched_yield();
        ck_assert_uint_eq(traffic(round + 1, 400), 0);
        atomic_store(&go_on, 1);
        while (atomic_load(&stopped))
            sched_yield();
    }
    atomic_store(&finish, 1);
    void *complaints;
    pthread_join(thread, &complaints);
    ck_assert_ptr_null(complaints);
    drop_heap();
}
END_TEST

START_TEST(a_forked_child_has_a_working_heap)
{
    make_heap(MALLOC_THREADSAFE);
    pthread_t thread;
    pthread_create(&thread, NULL, busy_thread, (void *)5);
    for (unsigned round = 0; round < 20; round++) {
        char *block = allocate(1000);
        memset(block, 0x77, 1000);
        pid_t child = fork();
        if (child == 0) {
            bool good = block[999] == 0x77 && IHostMalloc_Free(heap, block) == S_OK &&
                        traffic(round + 1, 2000) == 0 && IHostMalloc_Release(heap) == 0;
            _exit(good ? 0 : 1);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        ck_assert_int_eq(IHostMalloc_Free(heap, block), S_OK);
    }
    atomic_store(&finish, 1);
    pthread_join(thread, NULL);
    drop_heap();
}
END_TEST

static TCase *group(Suite *suite, const char *name)
{
    TCase *tests = tcase_create(name);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return tests;
}

static Suite *heap_suite(void)
{
    Suite *suite = suite_create("heap");
    TCase *allocating = group(suite, "allocating");
    tcase_add_test(allocating, each_size_has_the_smallest_class_that_holds_it);
    tcase_add_test(allocating, blocks_of_every_size_are_apart);
    tcase_add_test(allocating, zero_bytes_are_a_block_of_their_own);
    tcase_add_test(allocating, bad_arguments_are_refused);
    tcase_add_test(allocating, sizes_beyond_all_memory_fail_cleanly);
    tcase_add_test(allocating, freed_memory_is_used_again);
    tcase_add_test(allocating, full_spans_come_back);
    tcase_add_loop_test(allocating, random_traffic_keeps_contents, 0, 2);
    tcase_add_test(allocating, executable_blocks_run);
    tcase_add_test(allocating, other_heaps_do_not_execute);
    TCase *threads = group(suite, "threads");
    tcase_add_test(threads, random_traffic_of_many_threads_keeps_contents);
    tcase_add_test(threads, blocks_freed_by_other_threads);
    tcase_add_loop_test(threads, racing_frees_succeed_once, 0, 2);
    tcase_add_test(threads, a_stopped_thread_holds_nobody_up);
    tcase_add_test(threads, a_forked_child_has_a_working_heap);
    TCase *freeing = group(suite, "freeing");
    tcase_add_test(freeing, null_is_freed_without_a_word);
    tcase_add_test(freeing, a_second_free_is_refused);
    tcase_add_test(freeing, pointers_that_are_no_blocks_are_refused);
    tcase_add_test(freeing, the_rest_of_a_span_is_no_block);
    tcase_add_test(freeing, freed_memory_is_off_the_map);
    tcase_add_test(freeing, blocks_of_another_heap_are_refused);
    tcase_add_test(freeing, contents_do_not_make_a_block);
    TCase *limits = group(suite, "limits");
    tcase_add_loop_test(limits, a_quota_ends_in_out_of_memory, 0, 4);
    tcase_add_test(limits, a_quota_too_small_for_a_span_still_gives_a_page);
    tcase_add_loop_test(limits, every_failing_call_is_survived, 0, 120);
    TCase *lifetimes = group(suite, "lifetimes");
    tcase_add_test(lifetimes, debug_blocks_know_their_place);
    tcase_add_test(lifetimes, release_frees_all_blocks);
    tcase_add_test(lifetimes, heaps_come_and_go);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(heap_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
