/*
 * account.h - who pays for memory.
 *
 * Every allocation belongs to one account; its number stands in the page table beside the pages, so
 * that whoever frees them returns the charge to the account that paid. Account 0 is the process's
 * own (the flat Win32 functions); each manager opens one of its own. All counters are atomics that
 * any thread reads without a lock. Amounts are bytes.
 */
#ifndef HM_SPACE_ACCOUNT_H
#define HM_SPACE_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { HM_ACCOUNT_PROCESS = 0, HM_ACCOUNT_COUNT = 256 };

struct hm_meter {
    _Atomic uint64_t now;
    _Atomic uint64_t peak;
    _Atomic uint64_t limit; /* read with hm_meter_limit */
};

struct hm_account {
    struct hm_meter reserved;
    struct hm_meter committed;
    _Atomic uint64_t headroom; /* of the commit limit, for requests that are more urgent */
    _Atomic uint64_t refused;  /* charges that a limit refused */
    _Atomic int state;         /* private to account.c */
};

/* The limit in bytes; UINT64_MAX: none. */
uint64_t hm_meter_limit(const struct hm_meter *meter);

/* Opens an account with these limits (UINT64_MAX: none) and gives its number, or -1 when all are
 * open or still pay for memory. The last `headroom` bytes of the commit limit are kept for urgent
 * requests. */
int hm_account_open(uint64_t commit_limit, uint64_t reserve_limit, uint64_t headroom);

/* The owner is gone. The number is used again only when the account pays for nothing any more. */
void hm_account_close(int number);

struct hm_account *hm_account_get(int number);

/* Adds to a meter unless that would pass its limit; false and nothing charged then. */
bool hm_account_reserve(int number, uint64_t bytes);

/* urgency 0 leaves the headroom untouched, 1 half of it, 2 takes all that the limit allows. */
bool hm_account_commit(int number, uint64_t bytes, int urgency);

void hm_account_unreserve(int number, uint64_t bytes);
void hm_account_uncommit(int number, uint64_t bytes);

/* Reserved bytes change hands, limit or not: nothing new is taken. */
void hm_account_move(int from, int to, uint64_t reserved);

/* In a child of fork: all charges are counted anew from the table, whatever the limits. */
void hm_account_forget_charges(void);
void hm_account_recount(int number, uint64_t reserved, uint64_t committed);

#endif
