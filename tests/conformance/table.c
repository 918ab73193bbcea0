/*
 * table.c - all rows that there are.
 */
#include "conform.h"

const struct conform_group conform_groups[] = {
    {"A", "rounding and alignment", conform_rows_a},
    {"B", "VirtualAlloc", conform_rows_b},
    {"C", "VirtualQuery", conform_rows_c},
    {"D", "VirtualProtect", conform_rows_d},
    {"E", "VirtualFree", conform_rows_e},
    {NULL, NULL, NULL},
};
