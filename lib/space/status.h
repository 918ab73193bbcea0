/*
 * status.h - the status codes of the core: NTSTATUS values, because they tell more than a last error
 * does. Each face translates them at its own border, with one table.
 */
#ifndef HM_SPACE_STATUS_H
#define HM_SPACE_STATUS_H

#include <stdint.h>

typedef int32_t hm_status;

#define HM_STATUS_SUCCESS                 ((hm_status)0x00000000)
#define HM_STATUS_GUARD_PAGE_VIOLATION    ((hm_status)0x80000001u)
#define HM_STATUS_ACCESS_VIOLATION        ((hm_status)0xC0000005u)
#define HM_STATUS_INFO_LENGTH_MISMATCH    ((hm_status)0xC0000004u)
#define HM_STATUS_INVALID_HANDLE          ((hm_status)0xC0000008u)
#define HM_STATUS_INVALID_PARAMETER       ((hm_status)0xC000000Du)
#define HM_STATUS_NO_MEMORY               ((hm_status)0xC0000017u)
#define HM_STATUS_CONFLICTING_ADDRESSES   ((hm_status)0xC0000018u)
#define HM_STATUS_NOT_MAPPED_VIEW         ((hm_status)0xC0000019u)
#define HM_STATUS_UNABLE_TO_FREE_VM       ((hm_status)0xC000001Au)
#define HM_STATUS_ACCESS_DENIED           ((hm_status)0xC0000022u)
#define HM_STATUS_NOT_LOCKED              ((hm_status)0xC000002Au)
#define HM_STATUS_NOT_COMMITTED           ((hm_status)0xC000002Du)
#define HM_STATUS_INVALID_PAGE_PROTECTION ((hm_status)0xC0000045u)
#define HM_STATUS_CONTENTS_LOST           ((hm_status)0x80000011u) /* STATUS_DEVICE_BUSY */
#define HM_STATUS_PRIVILEGE_NOT_HELD      ((hm_status)0xC0000061u)
#define HM_STATUS_NOT_MAPPED_DATA         ((hm_status)0xC0000088u)
#define HM_STATUS_INSUFFICIENT_RESOURCES  ((hm_status)0xC000009Au)
#define HM_STATUS_FREE_VM_NOT_AT_BASE     ((hm_status)0xC000009Fu)
#define HM_STATUS_MEMORY_NOT_ALLOCATED    ((hm_status)0xC00000A0u)
#define HM_STATUS_WORKING_SET_QUOTA       ((hm_status)0xC00000A1u)
#define HM_STATUS_NOT_SUPPORTED           ((hm_status)0xC00000BBu)
#define HM_STATUS_INVALID_PARAMETER_1     ((hm_status)0xC00000EFu)
#define HM_STATUS_INVALID_PARAMETER_2     ((hm_status)0xC00000F0u)
#define HM_STATUS_INVALID_PARAMETER_3     ((hm_status)0xC00000F1u)
#define HM_STATUS_INVALID_PARAMETER_4     ((hm_status)0xC00000F2u)
#define HM_STATUS_INVALID_PARAMETER_5     ((hm_status)0xC00000F3u)
#define HM_STATUS_INVALID_PARAMETER_6     ((hm_status)0xC00000F4u)
#define HM_STATUS_COMMITMENT_LIMIT        ((hm_status)0xC000012Du)
#define HM_STATUS_INVALID_ADDRESS         ((hm_status)0xC0000141u)
#define HM_STATUS_IO_DEVICE_ERROR         ((hm_status)0xC0000185u)

#endif
