/*
 * hresult.h - statuses as HRESULTs: E_OUTOFMEMORY where memory, a quota or the library's own
 * resources are exhausted, else HRESULT_FROM_WIN32 of the error that the Win32 function would set.
 */
#ifndef HM_HOSTING_HRESULT_H
#define HM_HOSTING_HRESULT_H

#include <hostmem/wintypes.h>

#include "space/status.h"

HRESULT hm_hresult(hm_status status);

#endif
