#include "hosting/sized.h"

#include <string.h>

enum { LARGEST_STRUCTURE = 4096 };

bool hm_sized_rest_is_zero(const void *structure, size_t size, size_t known)
{
    if (size > LARGEST_STRUCTURE)
        return false;
    const unsigned char *bytes = structure;
    for (size_t i = known; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

void hm_sized_answer(void *structure, size_t size, const void *answer, size_t known)
{
    unsigned char *to = structure;
    const unsigned char *from = answer;
    size_t common = size < known ? size : known;
    memcpy(to + sizeof(size_t), from + sizeof(size_t), common - sizeof(size_t));
    if (size > known)
        memset(to + known, 0, size - known);
}
