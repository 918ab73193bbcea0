/*
 * pages_sim.c - pages of any size, by the simulated backend.
 */
#include "faces.h"

#include "platform/sim/sim.h"

bool conform_use_pages(size_t page_size)
{
    hm_sim_install(&(struct hm_sim_config){.page_size = page_size});
    return true;
}
