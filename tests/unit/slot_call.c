/*
 * slot_call.c - see slot_call.h.
 */
#include "slot_call.h"

#include <assert.h>
#include <ffi.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

enum { MAX_ARGUMENTS = 8 };

union argument {
    void *pointer;
    size_t size;
    uint32_t number;
    int integer;
};

typedef void (*method)(void);

static ffi_type *take_argument(char letter, union argument *argument, va_list *list)
{
    switch (letter) {
    case 'p':
        argument->pointer = va_arg(*list, void *);
        return &ffi_type_pointer;
    case 'z':
        argument->size = va_arg(*list, size_t);
        return sizeof(size_t) == 8 ? &ffi_type_uint64 : &ffi_type_uint32;
    case 'u':
        argument->number = va_arg(*list, uint32_t);
        return &ffi_type_uint32;
    case 'i':
        argument->integer = va_arg(*list, int);
        return &ffi_type_sint32;
    default:
        abort();
    }
}

uint32_t call_slot(void *object, unsigned number, const char *signature, ...)
{
    union argument arguments[MAX_ARGUMENTS];
    ffi_type *types[MAX_ARGUMENTS];
    void *values[MAX_ARGUMENTS];
    unsigned count = 1;
    ffi_arg result = 0;
    ffi_cif cif;
    va_list list;

    arguments[0].pointer = object;
    types[0] = &ffi_type_pointer;
    values[0] = &arguments[0];
    va_start(list, signature);
    for (const char *letter = signature; *letter; letter++, count++) {
        assert(count < MAX_ARGUMENTS);
        types[count] = take_argument(*letter, &arguments[count], &list);
        values[count] = &arguments[count];
    }
    va_end(list);
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, &ffi_type_uint32, types) != FFI_OK)
        abort();
    ffi_call(&cif, FFI_FN((*(method **)object)[number]), &result, values);
    return (uint32_t)result;
}
