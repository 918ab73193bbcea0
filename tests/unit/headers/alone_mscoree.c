/* <hostmem/mscoree.h> alone, twice. */
#include <hostmem/mscoree.h>

#include <hostmem/mscoree.h>

#include "headers.h"

int32_t headers_mscoree(void)
{
    return FAILED(HOST_E_DEADLOCK) && sizeof(IHostControl) == sizeof(void *) ? S_OK : E_FAIL;
}
