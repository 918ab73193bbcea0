/* <hostmem/wintypes.h> alone, twice. */
#include <hostmem/wintypes.h>

#include <hostmem/wintypes.h>

#include "headers.h"

int32_t headers_wintypes(void)
{
    HRESULT result = S_OK;
    return result;
}
