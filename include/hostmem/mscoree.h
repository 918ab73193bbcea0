/*
 * hostmem/mscoree.h - the .NET hosting interfaces for memory: IHostMemoryManager, IHostMalloc,
 * ICLRMemoryNotificationCallback and IHostControl.
 *
 * In C an interface is a struct with one member, lpVtbl, that points to a struct of function
 * pointers; the `IHostMemoryManager_VirtualAlloc(This, ...)` helpers call through it. In C++ the
 * same interfaces are abstract classes. Both have the same layout: slots stand in the order of the
 * Windows header, QueryInterface is slot 0, and methods use the platform's convention (stdcall on
 * 32-bit x86).
 *
 * Every method is safe to call from any thread. The methods of one object never return S_FALSE:
 * a caller may test for S_OK exactly, as CLRs do.
 *
 * Follows: "Hosting interfaces" of the .NET Framework's unmanaged API reference.
 */
#ifndef HOSTMEM_MSCOREE_H
#define HOSTMEM_MSCOREE_H

#include <hostmem/wintypes.h>

/* Results that belong to hosts. */
#define HOST_E_DEADLOCK         ((HRESULT)0x80131020u)
#define HOST_E_INTERRUPTED      ((HRESULT)0x80131021u)
#define HOST_E_INVALIDOPERATION ((HRESULT)0x80131022u)
#define HOST_E_CLRNOTAVAILABLE  ((HRESULT)0x80131023u)
#define HOST_E_TIMEOUT          ((HRESULT)0x80131024u)
#define HOST_E_NOT_OWNER        ((HRESULT)0x80131025u)
#define HOST_E_ABANDONED        ((HRESULT)0x80131026u)

/* What OnMemoryNotification tells: how much memory the machine (or the quota) has left. */
typedef enum EMemoryAvailable {
    eMemoryAvailableLow = 1,
    eMemoryAvailableNeutral = 2,
    eMemoryAvailableHigh = 3
} EMemoryAvailable;

/* What a failing allocation would cost the runtime: a task, an application domain, the process. */
typedef enum EMemoryCriticalLevel {
    eTaskCritical = 0,
    eAppDomainCritical = 1,
    eProcessCritical = 2
} EMemoryCriticalLevel;

/* Kinds of heap for CreateMalloc; may be or-ed. */
typedef enum MALLOC_TYPE { MALLOC_THREADSAFE = 0x1, MALLOC_EXECUTABLE = 0x2 } MALLOC_TYPE;

#ifdef __cplusplus
extern "C" {
#endif
/* 00000000-0000-0000-C000-000000000046 */
extern const IID IID_IUnknown;
/* 7BC698D1-F9E3-4460-9CDE-D04248E9FA25 */
extern const IID IID_IHostMemoryManager;
/* 1831991C-CC53-4A31-B218-04E910446479 */
extern const IID IID_IHostMalloc;
/* 47EB8E57-0846-4546-AF76-6F42FCFC2649 */
extern const IID IID_ICLRMemoryNotificationCallback;
/* 02CA073C-7079-4860-880A-C2F7A449C991 */
extern const IID IID_IHostControl;
#ifdef __cplusplus
}
#endif

/* Forward names, so that methods can mention interfaces that stand further down. */
#ifdef __cplusplus
struct IHostMalloc;
struct ICLRMemoryNotificationCallback;
struct IHostMemoryManager;
struct IHostControl;
#else
typedef struct IHostMalloc IHostMalloc;
typedef struct ICLRMemoryNotificationCallback ICLRMemoryNotificationCallback;
#    ifndef HOSTMEM_INTERFACE_NAMES
#        define HOSTMEM_INTERFACE_NAMES
typedef struct IHostMemoryManager IHostMemoryManager;
typedef struct IHostControl IHostControl;
#    endif
#endif

/*
 * IUnknown: what every COM interface begins with.
 *
 *   QueryInterface  S_OK and an owned reference; E_NOINTERFACE and *ppv = NULL for an interface
 *                   that the object does not have; E_POINTER when ppv is NULL.
 *   AddRef, Release return the new count. The object is destroyed when it falls to zero.
 */
#ifndef __IUnknown_INTERFACE_DEFINED__
#    define __IUnknown_INTERFACE_DEFINED__
#    ifndef __cplusplus
typedef struct IUnknown IUnknown;
#    endif
#    ifdef __cplusplus
struct IUnknown {
    virtual HRESULT HOSTMEM_STDCALL QueryInterface(REFIID riid, void **ppv) = 0;
    virtual ULONG HOSTMEM_STDCALL AddRef() = 0;
    virtual ULONG HOSTMEM_STDCALL Release() = 0;
};
#    else
typedef struct IUnknownVtbl {
    HRESULT(HOSTMEM_STDCALL *QueryInterface)(IUnknown *This, REFIID riid, void **ppv);
    ULONG(HOSTMEM_STDCALL *AddRef)(IUnknown *This);
    ULONG(HOSTMEM_STDCALL *Release)(IUnknown *This);
} IUnknownVtbl;
struct IUnknown {
    const IUnknownVtbl *lpVtbl;
};
#    endif
#endif /* __IUnknown_INTERFACE_DEFINED__ */

/*
 * IHostMalloc: A heap, made by IHostMemoryManager::CreateMalloc. Blocks are 16-byte aligned and not
 * zeroed.
 *
 *   Alloc       cbSize bytes (0 gives a unique block of the smallest size). *ppMem is NULL on every
 *               failure: E_OUTOFMEMORY when the memory or the manager's quota is exhausted,
 *               E_INVALIDARG for a level outside EMemoryCriticalLevel, E_POINTER for a NULL ppMem.
 *   DebugAlloc  the same; file and line name the place in heap reports and may be NULL and 0.
 *   Free        gives a block back. NULL is S_OK. A pointer that is not a live block of this heap
 *               gives E_INVALIDARG and changes nothing.
 *
 * A heap made without MALLOC_THREADSAFE must be used by one thread at a time. With
 * MALLOC_EXECUTABLE the blocks may be executed. The last Release frees every block still live.
 */
#ifdef __cplusplus
struct IHostMalloc : public IUnknown {
    virtual HRESULT HOSTMEM_STDCALL Alloc(SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel,
                                          void **ppMem) = 0;
    virtual HRESULT HOSTMEM_STDCALL DebugAlloc(SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel,
                                               char *pszFileName, int iLineNo, void **ppMem) = 0;
    virtual HRESULT HOSTMEM_STDCALL Free(void *pMem) = 0;
};
#else
typedef struct IHostMallocVtbl {
    HRESULT(HOSTMEM_STDCALL *QueryInterface)(IHostMalloc *This, REFIID riid, void **ppv);
    ULONG(HOSTMEM_STDCALL *AddRef)(IHostMalloc *This);
    ULONG(HOSTMEM_STDCALL *Release)(IHostMalloc *This);
    HRESULT(HOSTMEM_STDCALL *Alloc)
    (IHostMalloc *This, SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel, void **ppMem);
    HRESULT(HOSTMEM_STDCALL *DebugAlloc)
    (IHostMalloc *This, SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel, char *pszFileName,
     int iLineNo, void **ppMem);
    HRESULT(HOSTMEM_STDCALL *Free)(IHostMalloc *This, void *pMem);
} IHostMallocVtbl;
struct IHostMalloc {
    const IHostMallocVtbl *lpVtbl;
};
#endif

/*
 * ICLRMemoryNotificationCallback: Implemented by the runtime, called by the host.
 *
 *   OnMemoryNotification  is called without any lock held. The result is ignored. The reference
 *                         count of such an object is never trusted: CLRs return 1 always.
 */
#ifdef __cplusplus
struct ICLRMemoryNotificationCallback : public IUnknown {
    virtual HRESULT HOSTMEM_STDCALL OnMemoryNotification(EMemoryAvailable eMemoryAvailable) = 0;
};
#else
typedef struct ICLRMemoryNotificationCallbackVtbl {
    HRESULT(HOSTMEM_STDCALL *QueryInterface)
    (ICLRMemoryNotificationCallback *This, REFIID riid, void **ppv);
    ULONG(HOSTMEM_STDCALL *AddRef)(ICLRMemoryNotificationCallback *This);
    ULONG(HOSTMEM_STDCALL *Release)(ICLRMemoryNotificationCallback *This);
    HRESULT(HOSTMEM_STDCALL *OnMemoryNotification)
    (ICLRMemoryNotificationCallback *This, EMemoryAvailable eMemoryAvailable);
} ICLRMemoryNotificationCallbackVtbl;
struct ICLRMemoryNotificationCallback {
    const ICLRMemoryNotificationCallbackVtbl *lpVtbl;
};
#endif

/*
 * IHostMemoryManager: the host's side of the runtime's virtual memory.
 *
 *   CreateMalloc    a new heap; dwMallocType is any or-ing of MALLOC_TYPE (0: single-threaded,
 *                   data). E_INVALIDARG for other bits, E_POINTER for NULL, E_OUTOFMEMORY.
 *   VirtualAlloc, VirtualFree, VirtualProtect
 *                   as the Win32 functions of <hostmem/win32.h>; a last error N becomes
 *                   E_OUTOFMEMORY for 8 and 1455, else HRESULT_FROM_WIN32(N). VirtualAlloc writes
 *                   NULL to *ppMem on every failure. The quota of the manager is charged for
 *                   commits; beyond it, E_OUTOFMEMORY. A critical level outside the enumeration
 *                   gives E_INVALIDARG, a NULL ppMem E_POINTER.
 *   VirtualQuery    *pResult is sizeof(MEMORY_BASIC_INFORMATION), or 0 on failure; pResult may be
 *                   NULL. Never waits for any other thread, stopped or not; async-signal-safe.
 *   GetMemoryLoad   percentage of physical memory in use (0 to 100) and bytes that are available
 *                   to this host: the smallest of the machine's, the cgroups', the resource
 *                   limits' and the manager's quota. Either pointer may be NULL.
 *   RegisterMemoryNotificationCallback
 *                   stores the callback (no reference is taken: its count is never trusted, so the
 *                   object must outlive its registration); registering it again is S_OK; NULL
 *                   unregisters all. Up to 16 of a manager's; then E_OUTOFMEMORY. This version
 *                   only registers: it does not call OnMemoryNotification yet.
 *   NeedsVirtualAddressSpace
 *                   the runtime lacks address space of this size (at this address, or anywhere for
 *                   NULL). S_OK means that trying again is worthwhile; else E_OUTOFMEMORY.
 *   AcquiredVirtualAddressSpace, ReleasedVirtualAddressSpace
 *                   tell the host of mappings that the runtime made itself; size 0 means that the
 *                   host finds it out; unknown bases are S_OK. E_INVALIDARG for an address of 0,
 *                   E_OUTOFMEMORY when the range cannot be recorded.
 */
#ifdef __cplusplus
struct IHostMemoryManager : public IUnknown {
    virtual HRESULT HOSTMEM_STDCALL CreateMalloc(DWORD dwMallocType, IHostMalloc **ppMalloc) = 0;
    virtual HRESULT HOSTMEM_STDCALL VirtualAlloc(void *pAddress, SIZE_T dwSize,
                                                 DWORD flAllocationType, DWORD flProtect,
                                                 EMemoryCriticalLevel eCriticalLevel,
                                                 void **ppMem) = 0;
    virtual HRESULT HOSTMEM_STDCALL VirtualFree(LPVOID lpAddress, SIZE_T dwSize,
                                                DWORD dwFreeType) = 0;
    virtual HRESULT HOSTMEM_STDCALL VirtualQuery(void *lpAddress, void *lpBuffer, SIZE_T dwLength,
                                                 SIZE_T *pResult) = 0;
    virtual HRESULT HOSTMEM_STDCALL VirtualProtect(void *lpAddress, SIZE_T dwSize,
                                                   DWORD flNewProtect, DWORD *pflOldProtect) = 0;
    virtual HRESULT HOSTMEM_STDCALL GetMemoryLoad(DWORD *pMemoryLoad, SIZE_T *pAvailableBytes) = 0;
    virtual HRESULT HOSTMEM_STDCALL
    RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *pCallback) = 0;
    virtual HRESULT HOSTMEM_STDCALL NeedsVirtualAddressSpace(LPVOID startAddress, SIZE_T size) = 0;
    virtual HRESULT HOSTMEM_STDCALL AcquiredVirtualAddressSpace(LPVOID startAddress,
                                                                SIZE_T size) = 0;
    virtual HRESULT HOSTMEM_STDCALL ReleasedVirtualAddressSpace(LPVOID startAddress) = 0;
};
#else
typedef struct IHostMemoryManagerVtbl {
    HRESULT(HOSTMEM_STDCALL *QueryInterface)(IHostMemoryManager *This, REFIID riid, void **ppv);
    ULONG(HOSTMEM_STDCALL *AddRef)(IHostMemoryManager *This);
    ULONG(HOSTMEM_STDCALL *Release)(IHostMemoryManager *This);
    HRESULT(HOSTMEM_STDCALL *CreateMalloc)
    (IHostMemoryManager *This, DWORD dwMallocType, IHostMalloc **ppMalloc);
    HRESULT(HOSTMEM_STDCALL *VirtualAlloc)
    (IHostMemoryManager *This, void *pAddress, SIZE_T dwSize, DWORD flAllocationType,
     DWORD flProtect, EMemoryCriticalLevel eCriticalLevel, void **ppMem);
    HRESULT(HOSTMEM_STDCALL *VirtualFree)
    (IHostMemoryManager *This, LPVOID lpAddress, SIZE_T dwSize, DWORD dwFreeType);
    HRESULT(HOSTMEM_STDCALL *VirtualQuery)
    (IHostMemoryManager *This, void *lpAddress, void *lpBuffer, SIZE_T dwLength, SIZE_T *pResult);
    HRESULT(HOSTMEM_STDCALL *VirtualProtect)
    (IHostMemoryManager *This, void *lpAddress, SIZE_T dwSize, DWORD flNewProtect,
     DWORD *pflOldProtect);
    HRESULT(HOSTMEM_STDCALL *GetMemoryLoad)
    (IHostMemoryManager *This, DWORD *pMemoryLoad, SIZE_T *pAvailableBytes);
    HRESULT(HOSTMEM_STDCALL *RegisterMemoryNotificationCallback)
    (IHostMemoryManager *This, ICLRMemoryNotificationCallback *pCallback);
    HRESULT(HOSTMEM_STDCALL *NeedsVirtualAddressSpace)
    (IHostMemoryManager *This, LPVOID startAddress, SIZE_T size);
    HRESULT(HOSTMEM_STDCALL *AcquiredVirtualAddressSpace)
    (IHostMemoryManager *This, LPVOID startAddress, SIZE_T size);
    HRESULT(HOSTMEM_STDCALL *ReleasedVirtualAddressSpace)
    (IHostMemoryManager *This, LPVOID startAddress);
} IHostMemoryManagerVtbl;
struct IHostMemoryManager {
    const IHostMemoryManagerVtbl *lpVtbl;
};
#endif

/*
 * IHostControl: What the runtime asks for the host's managers; made by hostmem_create_host_control.
 *
 *   GetHostManager       S_OK and an owned reference for IID_IHostMemoryManager; E_NOINTERFACE and
 *                        *ppObject = NULL for managers that this host does not have.
 *   SetAppDomainManager  S_OK; E_POINTER when pUnkAppDomainManager is NULL.
 */
#ifdef __cplusplus
struct IHostControl : public IUnknown {
    virtual HRESULT HOSTMEM_STDCALL GetHostManager(REFIID riid, void **ppObject) = 0;
    virtual HRESULT HOSTMEM_STDCALL SetAppDomainManager(DWORD dwAppDomainID,
                                                        IUnknown *pUnkAppDomainManager) = 0;
};
#else
typedef struct IHostControlVtbl {
    HRESULT(HOSTMEM_STDCALL *QueryInterface)(IHostControl *This, REFIID riid, void **ppv);
    ULONG(HOSTMEM_STDCALL *AddRef)(IHostControl *This);
    ULONG(HOSTMEM_STDCALL *Release)(IHostControl *This);
    HRESULT(HOSTMEM_STDCALL *GetHostManager)(IHostControl *This, REFIID riid, void **ppObject);
    HRESULT(HOSTMEM_STDCALL *SetAppDomainManager)
    (IHostControl *This, DWORD dwAppDomainID, IUnknown *pUnkAppDomainManager);
} IHostControlVtbl;
struct IHostControl {
    const IHostControlVtbl *lpVtbl;
};
#endif

/*
 * C helpers in the style of COBJMACROS: Interface_Method(This, ...). Inline functions would need a
 * second prototype each; a macro cannot rename a vtable member here, because no member is called
 * Interface_Method.
 */
#ifndef __cplusplus
#    ifndef IUnknown_QueryInterface
#        define IUnknown_QueryInterface(This, riid, ppv)                                           \
            ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#        define IUnknown_AddRef(This)  ((This)->lpVtbl->AddRef(This))
#        define IUnknown_Release(This) ((This)->lpVtbl->Release(This))
#    endif
#    define IHostMalloc_QueryInterface(This, riid, ppv)                                            \
        ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#    define IHostMalloc_AddRef(This)  ((This)->lpVtbl->AddRef(This))
#    define IHostMalloc_Release(This) ((This)->lpVtbl->Release(This))
#    define IHostMalloc_Alloc(This, cbSize, eCriticalLevel, ppMem)                                 \
        ((This)->lpVtbl->Alloc(This, cbSize, eCriticalLevel, ppMem))
#    define IHostMalloc_DebugAlloc(This, cbSize, eCriticalLevel, pszFileName, iLineNo, ppMem)      \
        ((This)->lpVtbl->DebugAlloc(This, cbSize, eCriticalLevel, pszFileName, iLineNo, ppMem))
#    define IHostMalloc_Free(This, pMem) ((This)->lpVtbl->Free(This, pMem))
#    define ICLRMemoryNotificationCallback_QueryInterface(This, riid, ppv)                         \
        ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#    define ICLRMemoryNotificationCallback_AddRef(This)  ((This)->lpVtbl->AddRef(This))
#    define ICLRMemoryNotificationCallback_Release(This) ((This)->lpVtbl->Release(This))
#    define ICLRMemoryNotificationCallback_OnMemoryNotification(This, eMemoryAvailable)            \
        ((This)->lpVtbl->OnMemoryNotification(This, eMemoryAvailable))
#    define IHostMemoryManager_QueryInterface(This, riid, ppv)                                     \
        ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#    define IHostMemoryManager_AddRef(This)  ((This)->lpVtbl->AddRef(This))
#    define IHostMemoryManager_Release(This) ((This)->lpVtbl->Release(This))
#    define IHostMemoryManager_CreateMalloc(This, dwMallocType, ppMalloc)                          \
        ((This)->lpVtbl->CreateMalloc(This, dwMallocType, ppMalloc))
#    define IHostMemoryManager_VirtualAlloc(This, pAddress, dwSize, flAllocationType, flProtect,   \
                                            eCriticalLevel, ppMem)                                 \
        ((This)->lpVtbl->VirtualAlloc(This, pAddress, dwSize, flAllocationType, flProtect,         \
                                      eCriticalLevel, ppMem))
#    define IHostMemoryManager_VirtualFree(This, lpAddress, dwSize, dwFreeType)                    \
        ((This)->lpVtbl->VirtualFree(This, lpAddress, dwSize, dwFreeType))
#    define IHostMemoryManager_VirtualQuery(This, lpAddress, lpBuffer, dwLength, pResult)          \
        ((This)->lpVtbl->VirtualQuery(This, lpAddress, lpBuffer, dwLength, pResult))
#    define IHostMemoryManager_VirtualProtect(This, lpAddress, dwSize, flNewProtect,               \
                                              pflOldProtect)                                       \
        ((This)->lpVtbl->VirtualProtect(This, lpAddress, dwSize, flNewProtect, pflOldProtect))
#    define IHostMemoryManager_GetMemoryLoad(This, pMemoryLoad, pAvailableBytes)                   \
        ((This)->lpVtbl->GetMemoryLoad(This, pMemoryLoad, pAvailableBytes))
#    define IHostMemoryManager_RegisterMemoryNotificationCallback(This, pCallback)                 \
        ((This)->lpVtbl->RegisterMemoryNotificationCallback(This, pCallback))
#    define IHostMemoryManager_NeedsVirtualAddressSpace(This, startAddress, size)                  \
        ((This)->lpVtbl->NeedsVirtualAddressSpace(This, startAddress, size))
#    define IHostMemoryManager_AcquiredVirtualAddressSpace(This, startAddress, size)               \
        ((This)->lpVtbl->AcquiredVirtualAddressSpace(This, startAddress, size))
#    define IHostMemoryManager_ReleasedVirtualAddressSpace(This, startAddress)                     \
        ((This)->lpVtbl->ReleasedVirtualAddressSpace(This, startAddress))
#    define IHostControl_QueryInterface(This, riid, ppv)                                           \
        ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#    define IHostControl_AddRef(This)  ((This)->lpVtbl->AddRef(This))
#    define IHostControl_Release(This) ((This)->lpVtbl->Release(This))
#    define IHostControl_GetHostManager(This, riid, ppObject)                                      \
        ((This)->lpVtbl->GetHostManager(This, riid, ppObject))
#    define IHostControl_SetAppDomainManager(This, dwAppDomainID, pUnkAppDomainManager)            \
        ((This)->lpVtbl->SetAppDomainManager(This, dwAppDomainID, pUnkAppDomainManager))
#endif

#endif
