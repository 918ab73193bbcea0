#include <string.h>

#include <hostmem/win32.h>

#include "platform/platform.h"
#include "space/space.h"

/* PROCESSOR_ARCHITECTURE_* and dwProcessorType of the processor that this code is compiled for. */
#if defined(__x86_64__)
enum { ARCHITECTURE = 9, PROCESSOR_TYPE = 8664 };
#elif defined(__i386__)
enum { ARCHITECTURE = 0, PROCESSOR_TYPE = 586 };
#elif defined(__aarch64__)
enum { ARCHITECTURE = 12, PROCESSOR_TYPE = 0 };
#elif defined(__arm__)
enum { ARCHITECTURE = 5, PROCESSOR_TYPE = 0 };
#else
enum { ARCHITECTURE = 0xffff, PROCESSOR_TYPE = 0 }; /* PROCESSOR_ARCHITECTURE_UNKNOWN */
#endif

/* Windows gives nobody the first 64 KiB, whatever the host would allow. */
#define LOWEST_APPLICATION_ADDRESS 0x10000u

static DWORD_PTR processor_mask(unsigned count)
{
    if (count >= 8 * sizeof(DWORD_PTR))
        return ~(DWORD_PTR)0;
    return ((DWORD_PTR)1 << count) - 1;
}

void hostmem_GetSystemInfo(LPSYSTEM_INFO info)
{
    if (info == NULL)
        return;
    unsigned processors = hm_os_backend()->processor_count();
    memset(info, 0, sizeof *info);
    info->u.s.wProcessorArchitecture = ARCHITECTURE;
    info->dwPageSize = (DWORD)hm_space_page_size();
    info->lpMinimumApplicationAddress = (LPVOID)(uintptr_t)LOWEST_APPLICATION_ADDRESS;
    info->lpMaximumApplicationAddress = (LPVOID)hm_space_highest_address();
    info->dwActiveProcessorMask = processor_mask(processors);
    info->dwNumberOfProcessors = processors;
    info->dwProcessorType = PROCESSOR_TYPE;
    info->dwAllocationGranularity = (DWORD)hm_space_granularity();
    /* wProcessorLevel and wProcessorRevision stay 0: nothing here knows the model. */
}
