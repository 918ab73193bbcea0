#include "policy/extended.h"

#include <string.h>

#include <hostmem/wintypes.h>

#include "space/rules.h"

/* Windows knows so many nodes at most. */
enum { NODES_MAX = 64 };

/* A reservation at no given address must lie there; all zero: anywhere. */
static bool demands_nothing(const MEM_ADDRESS_REQUIREMENTS *wanted)
{
    return wanted->LowestStartingAddress == NULL && wanted->HighestEndingAddress == NULL &&
           wanted->Alignment == 0;
}

static hm_status require_addresses(const void *requirements, struct hm_request *request)
{
    if (requirements == NULL)
        return HM_STATUS_ACCESS_VIOLATION;
    MEM_ADDRESS_REQUIREMENTS wanted;
    memcpy(&wanted, requirements, sizeof wanted);
    if (demands_nothing(&wanted))
        return HM_STATUS_SUCCESS;
    if (request->base != 0)
        return HM_STATUS_INVALID_PARAMETER;
    uintptr_t lowest = (uintptr_t)wanted.LowestStartingAddress;
    uintptr_t highest = (uintptr_t)wanted.HighestEndingAddress;
    hm_status status = hm_rules_requirements(lowest, highest, wanted.Alignment);
    if (status != HM_STATUS_SUCCESS)
        return status;
    request->lowest = lowest;
    request->highest = highest != 0 ? highest : UINTPTR_MAX;
    request->alignment = wanted.Alignment;
    return HM_STATUS_SUCCESS;
}

/* One parameter, of a type that was not there before. */
static hm_status apply(const MEM_EXTENDED_PARAMETER *parameter, struct hm_request *request)
{
    switch ((unsigned)parameter->Type) {
    case MemExtendedParameterAddressRequirements:
        return require_addresses(parameter->Pointer, request);
    case MemExtendedParameterNumaNode:
        /* A preference, which the host's own policy may overrule anyway: it stays with that. */
        return parameter->ULong < NODES_MAX || parameter->ULong == NUMA_NO_PREFERRED_NODE
                   ? HM_STATUS_SUCCESS
                   : HM_STATUS_INVALID_PARAMETER;
    case MemExtendedParameterPartitionHandle:
    case MemExtendedParameterUserPhysicalHandle:
        return HM_STATUS_INVALID_HANDLE;
    case MemExtendedParameterAttributeFlags:
        return parameter->ULong64 == 0 ? HM_STATUS_SUCCESS : HM_STATUS_INVALID_PARAMETER;
    default:
        return HM_STATUS_INVALID_PARAMETER;
    }
}

static hm_status apply_all(const MEM_EXTENDED_PARAMETER *parameters, uint32_t count,
                           struct hm_request *request)
{
    if (count != 0 && parameters == NULL)
        return HM_STATUS_INVALID_PARAMETER;
    unsigned seen = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (parameters[i].Reserved != 0 || parameters[i].Type >= MemExtendedParameterMax ||
            seen & 1u << parameters[i].Type)
            return HM_STATUS_INVALID_PARAMETER;
        seen |= 1u << parameters[i].Type;
        hm_status status = apply(&parameters[i], request);
        if (status != HM_STATUS_SUCCESS)
            return status;
    }
    return HM_STATUS_SUCCESS;
}

hm_status hm_policy_allocate_extended(int account, uintptr_t *base, size_t *size, uint32_t type,
                                      uint32_t protect, int level,
                                      const struct MEM_EXTENDED_PARAMETER *parameters,
                                      uint32_t count)
{
    struct hm_request request = {
        .base = *base,
        .size = *size,
        .type = *base == 0 && (type & MEM_COMMIT) != 0 ? type | MEM_RESERVE : type,
        .protect = protect,
        .account = account,
        .urgency = level,
        .highest = UINTPTR_MAX,
    };
    hm_status status = apply_all(parameters, count, &request);
    if (status == HM_STATUS_SUCCESS)
        status = hm_rules_allocate_ex(*base, *size, type, protect);
    if (status == HM_STATUS_SUCCESS)
        status = hm_space_allocate(&request);
    if (status != HM_STATUS_SUCCESS)
        return status;
    *base = request.base;
    *size = request.size;
    return HM_STATUS_SUCCESS;
}
