#include "space/word.h"

#include <hostmem/wintypes.h>

#include "compiler.h"
#include "platform/platform.h"

/* Bits of the allocation's protection inside HM_WORD_PROTECT_MASK. */
enum { PROTECT_GUARD = 8, PROTECT_NOCACHE = 16, PROTECT_WRITECOMBINE = 32 };

static unsigned access_index(uint32_t protect)
{
    return hm_lowest_bit((protect & 0xff) | 0x100);
}

uint32_t hm_word_allocation_protect(hm_word word)
{
    unsigned bits = (unsigned)((word & HM_WORD_PROTECT_MASK) >> HM_WORD_PROTECT_SHIFT);
    uint32_t protect = 1u << (bits & 7);
    if (bits & PROTECT_GUARD)
        protect |= PAGE_GUARD;
    if (bits & PROTECT_NOCACHE)
        protect |= PAGE_NOCACHE;
    if (bits & PROTECT_WRITECOMBINE)
        protect |= PAGE_WRITECOMBINE;
    return protect;
}

uint32_t hm_word_page_protect(hm_word word)
{
    if (!hm_word_is_committed(word))
        return 0;
    uint32_t protect = 1u << (hm_word_code(word) - HM_CODE_COMMITTED);
    if (word & HM_WORD_GUARD)
        protect |= PAGE_GUARD;
    /* Caching belongs to the allocation; inaccessible pages do not show it. */
    if (protect != PAGE_NOACCESS)
        protect |= hm_word_allocation_protect(word) & (PAGE_NOCACHE | PAGE_WRITECOMBINE);
    return protect;
}

hm_word hm_word_make_reserved(uint32_t allocation_protect, int account)
{
    hm_word bits = access_index(allocation_protect);
    if (allocation_protect & PAGE_GUARD)
        bits |= PROTECT_GUARD;
    if (allocation_protect & PAGE_NOCACHE)
        bits |= PROTECT_NOCACHE;
    if (allocation_protect & PAGE_WRITECOMBINE)
        bits |= PROTECT_WRITECOMBINE;
    return HM_CODE_RESERVED | bits << HM_WORD_PROTECT_SHIFT |
           (hm_word)account << HM_WORD_ACCOUNT_SHIFT;
}

hm_word hm_word_make_marked(uint32_t protect)
{
    return (hm_word_make_reserved(protect, 0) & HM_WORD_PROTECT_MASK) | HM_CODE_MARKED;
}

hm_word hm_word_with_commit(hm_word word, uint32_t protect)
{
    /* Contents stay when committed pages are committed again, and so does what is known of them. */
    hm_word reset = hm_word_is_committed(word) ? word & HM_WORD_RESET : 0;
    word = (hm_word_with_decommit(word) & ~HM_WORD_CODE_MASK) | reset;
    word |= HM_CODE_COMMITTED + access_index(protect);
    return protect & PAGE_GUARD ? word | HM_WORD_GUARD : word;
}

hm_word hm_word_with_decommit(hm_word word)
{
    return (word & ~(HM_WORD_CODE_MASK | HM_WORD_GUARD | HM_WORD_RESET)) | HM_CODE_RESERVED;
}

unsigned hm_word_access(hm_word word)
{
    static const unsigned char access[] = {
        [HM_ACCESS_NOACCESS] = HM_OS_NONE,
        [HM_ACCESS_READONLY] = HM_OS_READ,
        [HM_ACCESS_READWRITE] = HM_OS_READ | HM_OS_WRITE,
        [HM_ACCESS_WRITECOPY] = HM_OS_READ | HM_OS_WRITE,
        [HM_ACCESS_EXECUTE] = HM_OS_EXEC,
        [HM_ACCESS_EXECUTE_READ] = HM_OS_READ | HM_OS_EXEC,
        [HM_ACCESS_EXECUTE_READWRITE] = HM_OS_READ | HM_OS_WRITE | HM_OS_EXEC,
        [HM_ACCESS_EXECUTE_WRITECOPY] = HM_OS_READ | HM_OS_WRITE | HM_OS_EXEC,
    };
    if (!hm_word_is_committed(word) || (word & HM_WORD_GUARD))
        return HM_OS_NONE;
    return access[hm_word_code(word) - HM_CODE_COMMITTED];
}
