/*
 * Facts of the address space, and what happens to it across a fork.
 */
#include "space/work.h"

size_t hm_space_page_size(void)
{
    return (size_t)1 << hm_geometry()->page_shift;
}

size_t hm_space_granularity(void)
{
    return (size_t)hm_level_size(hm_geometry(), HM_LEVEL_BLOCK);
}

uintptr_t hm_space_highest_address(void)
{
    return hm_os_backend()->highest_address;
}
