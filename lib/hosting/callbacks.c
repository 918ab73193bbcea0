#include "hosting/callbacks.h"

bool hm_callbacks_add(struct hm_callbacks *callbacks, ICLRMemoryNotificationCallback *callback)
{
    for (unsigned i = 0; i < HM_CALLBACKS; i++) {
        /* Slots fill from the front, so two threads that add one callback meet at the same slot. */
        ICLRMemoryNotificationCallback *there = NULL;
        if (atomic_compare_exchange_strong(&callbacks->slots[i], &there, callback) ||
            there == callback)
            return true;
    }
    return false;
}

void hm_callbacks_clear(struct hm_callbacks *callbacks)
{
    for (unsigned i = 0; i < HM_CALLBACKS; i++)
        atomic_store(&callbacks->slots[i], NULL);
}
