/*
 * maps.h - the kernel's list of this process's mappings, and what a mapping means.
 *
 * The kernel knows VMAs: stretches of one protection and one file. An executable image is several of
 * them. Both ways to read the list (query.c asks for single VMAs, parse.c reads the text) hand VMAs
 * in ascending order to one walk (walk.c), which does all the judging, so that both give the same
 * answers.
 */
#ifndef HM_PLATFORM_LINUX_MAPS_H
#define HM_PLATFORM_LINUX_MAPS_H

#include "platform/platform.h"

/* Names that tell more than the rest of a VMA does. */
enum hm_linux_name {
    HM_LINUX_NAME_OTHER, /* none, or one that tells nothing */
    HM_LINUX_NAME_STACK,
    HM_LINUX_NAME_VDSO, /* code and data that the kernel brings along */
    HM_LINUX_NAME_HUGE  /* anonymous memory of huge pages, which pretends to be a file */
};

struct hm_linux_vma {
    uintptr_t start;
    uintptr_t end;
    uint64_t offset; /* in the file */
    uint64_t device; /* device and inode name the file; both 0: none */
    uint64_t inode;
    unsigned prot;
    bool shared;
    enum hm_linux_name name;
};

bool hm_linux_is_private_file(const struct hm_linux_vma *vma);

/* Is it possible that this is the zero-filled rest of an image whose part is just below? */
bool hm_linux_may_be_image_tail(const struct hm_linux_vma *vma);

/* May the upper one belong to the same image as the lower one? Nothing lies between them but, at
 * most, one VMA that has no file. */
bool hm_linux_may_be_one_image(const struct hm_linux_vma *lower, const struct hm_linux_vma *upper);

/* An image's parts may stand this far apart: as far as its alignment reaches. */
enum { HM_LINUX_IMAGE_GAP_MAX = 2 * 1024 * 1024 };

/* How many VMAs of one file are looked through for the image's start and for code. */
enum { HM_LINUX_IMAGE_PARTS_MAX = 1024 };

/* A text of at most this length tells every name; longer ones tell nothing. */
enum { HM_LINUX_NAME_SIZE = 96 };

enum hm_linux_name hm_linux_name_of(const char *text);

/* A run of VMAs of one file, taken for an image if one of them is executable. */
struct hm_linux_image {
    uintptr_t start;
    struct hm_linux_vma last;
    uint64_t highest_offset;
    unsigned parts;
    bool interrupted; /* by the VMA after last */
    bool headers;     /* the file's first page is at start, readable */
    bool code;
};

struct hm_linux_walk {
    uintptr_t address;
    bool found; /* the VMA asked for */
    struct hm_linux_vma vma;
    bool in_image;
    struct hm_linux_image image; /* that the walk is in; no parts: none */
};

/* Starts at an address; each step gets the next VMA, in ascending order from wherever the list
 * begins, and says whether it wants another. */
void hm_linux_walk_begin(struct hm_linux_walk *walk, uintptr_t address);
bool hm_linux_walk_step(struct hm_linux_walk *walk, const struct hm_linux_vma *vma);

/* True where the answer depends on the found VMA's name. */
bool hm_linux_walk_needs_name(const struct hm_linux_walk *walk);

/* Fills in the answer, or ENOENT. */
int hm_linux_walk_end(const struct hm_linux_walk *walk, struct hm_os_mapping *mapping);

/* Where the image whose headers are at start ends, page-aligned; 0: it is none; UINTPTR_MAX: not to
 * be found out. */
uintptr_t hm_linux_image_end(uintptr_t start);

/* --- maps_file.c --- */

/* Makes it possible to keep a file. */
void hm_linux_maps_file_prepare(void);

/* The kept file's number, or -1. It may be another file by now. */
int hm_linux_maps_file_kept(void);

int hm_linux_maps_file_open(int *fd);

/* Keeps a file just opened in place of the one that was found kept (-1: none), or closes it if that
 * has changed meanwhile. */
void hm_linux_maps_file_keep_or_close(int fd, int instead_of);

/* The kept file if it surely is what it was, or -1. */
int hm_linux_maps_file_spare(void);

/* --- query.c and parse.c --- */

/* Does the kernel answer for one address? */
bool hm_linux_query_probe(void);

/* The two ways. ENOSYS: the first is not to be had; ENOENT: no mapping there or above. */
int hm_linux_find_by_query(uintptr_t address, struct hm_os_mapping *mapping);
int hm_linux_find_by_parsing(uintptr_t address, struct hm_os_mapping *mapping);

#endif
