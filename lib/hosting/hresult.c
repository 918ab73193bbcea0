#include "hosting/hresult.h"

#include "policy/status_map.h"

#define FACILITY_WIN32_ERROR 0x80070000u

HRESULT hm_hresult(hm_status status)
{
    switch (status) {
    case HM_STATUS_SUCCESS:
        return S_OK;
    case HM_STATUS_NO_MEMORY:
    case HM_STATUS_COMMITMENT_LIMIT:
    case HM_STATUS_INSUFFICIENT_RESOURCES:
        return E_OUTOFMEMORY;
    default:
        return (HRESULT)(FACILITY_WIN32_ERROR | (hm_status_to_win32(status) & 0xffffu));
    }
}
