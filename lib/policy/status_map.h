/*
 * status_map.h - the Win32 number of each status.
 *
 * Two faces speak these numbers: win32/ as last errors, hosting/ inside HRESULTs. Faces never call
 * each other and must not differ, so the table stands in the layer that both stand on. It is a pure
 * function: what a last error or an HRESULT is, is known in the faces alone.
 */
#ifndef HM_POLICY_STATUS_MAP_H
#define HM_POLICY_STATUS_MAP_H

#include <stdint.h>

#include "space/status.h"

/* ERROR_SUCCESS for success; ERROR_MR_MID_NOT_FOUND (317), as Windows, for a status unknown here. */
uint32_t hm_status_to_win32(hm_status status);

#endif
