#include "hosting/unknown.h"

HRESULT hm_query_interface(void *object, hm_references *references, REFIID own, REFIID wanted,
                           void **result)
{
    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    if (wanted == NULL)
        return E_POINTER;
    if (!hm_same_iid(wanted, &IID_IUnknown) && !hm_same_iid(wanted, own))
        return E_NOINTERFACE;
    hm_reference_add(references);
    *result = object;
    return S_OK;
}
