/* <hostmem/hostmem.h> alone. The build compiles this file as strict C99. */
#include <hostmem/hostmem.h>

#include "headers.h"

#ifdef S_OK
#    error "hostmem.h brings Windows names along"
#endif

/* Windows names stay free for others. */
typedef struct {
    int unused;
} DWORD;

int32_t headers_hostmem(void)
{
    hostmem_capability_info info;
    DWORD mine = {0};
    info.size = sizeof info;
    return hostmem_capabilities(&info) + mine.unused;
}
