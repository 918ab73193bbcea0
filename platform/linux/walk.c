/*
 * walk.c - what a mapping is, told from it and its neighbours.
 *
 * An image is a run of private VMAs of one file of which one is executable: neither where the
 * segments of an image lie nor which of them is code is known otherwise without reading the file.
 * Shared mappings are never images, so that code generators which map one memory twice are not.
 */
#include "platform/linux/linux.h"
#include "platform/linux/maps.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

static bool is_file(const struct hm_linux_vma *vma)
{
    return vma->device != 0 || vma->inode != 0;
}

bool hm_linux_is_private_file(const struct hm_linux_vma *vma)
{
    return is_file(vma) && !vma->shared;
}

bool hm_linux_may_be_image_tail(const struct hm_linux_vma *vma)
{
    return !is_file(vma) && !vma->shared && vma->prot != HM_OS_NONE;
}

bool hm_linux_may_be_one_image(const struct hm_linux_vma *lower, const struct hm_linux_vma *upper)
{
    return hm_linux_is_private_file(lower) && hm_linux_is_private_file(upper) &&
           lower->device == upper->device && lower->inode == upper->inode &&
           upper->start - lower->end <= HM_LINUX_IMAGE_GAP_MAX;
}

enum hm_linux_name hm_linux_name_of(const char *text)
{
    static const struct {
        const char *text;
        enum hm_linux_name name;
    } names[] = {
        {"[stack]", HM_LINUX_NAME_STACK},  {"[vdso]", HM_LINUX_NAME_VDSO},
        {"[vvar]", HM_LINUX_NAME_VDSO},    {"[vvar_vclock]", HM_LINUX_NAME_VDSO},
        {"[sigpage]", HM_LINUX_NAME_VDSO}, {"/anon_hugepage (deleted)", HM_LINUX_NAME_HUGE},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i].text) == 0)
            return names[i].name;
    }
    return HM_LINUX_NAME_OTHER;
}

/* The start of the file comes up again: a second copy of the image begins. Inaccessible parts fill
 * the space between segments and have offsets that mean nothing. */
static bool begins_copy(const struct hm_linux_image *image, const struct hm_linux_vma *vma)
{
    return vma->offset == 0 && image->highest_offset > 0;
}

/* Makes the VMA part of the run that the walk is in, or the start of a new one. */
static void image_add(struct hm_linux_image *image, const struct hm_linux_vma *vma)
{
    if (image->parts == 0 || !hm_linux_may_be_one_image(&image->last, vma) ||
        begins_copy(image, vma)) {
        bool headers = vma->offset == 0 && (vma->prot & HM_OS_READ) != 0;
        *image = (struct hm_linux_image){.start = vma->start, .headers = headers};
    }
    image->parts++;
    image->last = *vma;
    image->interrupted = false;
    if (vma->prot != HM_OS_NONE && vma->offset > image->highest_offset)
        image->highest_offset = vma->offset;
    if (vma->prot & HM_OS_EXEC)
        image->code = true;
}

/* Where a segment is longer than its part of the file, memory without a file follows. */
static bool is_tail(const struct hm_linux_image *image, const struct hm_linux_vma *vma)
{
    return image->parts != 0 && image->code && image->last.end == vma->start &&
           hm_linux_may_be_image_tail(vma);
}

/* One VMA without the file may lie between two parts: the rest of the lower one. */
static void image_pass(struct hm_linux_image *image)
{
    if (image->interrupted)
        image->parts = 0;
    image->interrupted = true;
}

void hm_linux_walk_begin(struct hm_linux_walk *walk, uintptr_t address)
{
    *walk = (struct hm_linux_walk){.address = address};
}

/* After the VMA asked for: does the image it is in have code? */
static bool look_for_code(struct hm_linux_walk *walk, const struct hm_linux_vma *vma)
{
    if (!hm_linux_may_be_one_image(&walk->image.last, vma) || begins_copy(&walk->image, vma))
        return false;
    image_add(&walk->image, vma);
    return !walk->image.code && walk->image.parts < HM_LINUX_IMAGE_PARTS_MAX;
}

bool hm_linux_walk_step(struct hm_linux_walk *walk, const struct hm_linux_vma *vma)
{
    if (walk->found)
        return look_for_code(walk, vma);

    bool file = hm_linux_is_private_file(vma);
    if (file)
        image_add(&walk->image, vma);
    bool in_image = file || is_tail(&walk->image, vma);

    if (vma->end <= walk->address) {
        if (!file)
            image_pass(&walk->image);
        return true;
    }
    walk->found = true;
    walk->vma = *vma;
    walk->in_image = in_image;
    return in_image && !walk->image.code;
}

bool hm_linux_walk_needs_name(const struct hm_linux_walk *walk)
{
    const struct hm_linux_vma *vma = &walk->vma;

    if (!walk->found || vma->shared)
        return false;
    if (is_file(vma))
        return !walk->image.code;
    /* The kernel's own code and data cannot be written, and only the main stack has what the kernel
     * put there. Not asking about the rest halves the time that a query of it takes. */
    uintptr_t stack = (uintptr_t)getauxval(AT_RANDOM);
    return stack == 0 || (vma->start <= stack && stack < vma->end) || vma->prot == HM_OS_READ ||
           vma->prot == (HM_OS_READ | HM_OS_EXEC);
}

static enum hm_os_kind kind_of(const struct hm_linux_walk *walk)
{
    enum hm_linux_name name = HM_LINUX_NAME_OTHER;

    if (hm_linux_walk_needs_name(walk))
        name = walk->vma.name;
    if (name == HM_LINUX_NAME_STACK)
        return HM_OS_STACK;
    if (name == HM_LINUX_NAME_VDSO)
        return HM_OS_IMAGE;
    if (is_file(&walk->vma) && name != HM_LINUX_NAME_HUGE)
        return walk->in_image && walk->image.code ? HM_OS_IMAGE : HM_OS_FILE;
    /* Shared memory without a file cannot be: the kernel makes one up. */
    return HM_OS_ANONYMOUS;
}

/*
 * Memory behind an image's data may be the zero-filled rest of it, or somebody's mapping that the
 * kernel joined with that rest, or that just happens to lie there. The image's headers tell.
 */
static void judge_tail(const struct hm_linux_walk *walk, struct hm_os_mapping *mapping)
{
    bool data = (walk->image.last.prot & walk->vma.prot & HM_OS_WRITE) != 0;
    uintptr_t end = UINTPTR_MAX;

    if (walk->image.headers)
        end = hm_linux_image_end(walk->image.start);
    /* Without headers: data behind data is more likely the image's than not. */
    if (end <= walk->vma.start || (end == UINTPTR_MAX && !data))
        return;
    if (end < walk->vma.end && end <= walk->address) {
        mapping->start = end;
        mapping->allocation = end;
        return;
    }
    if (end < walk->vma.end)
        mapping->end = end;
    mapping->allocation = walk->image.start;
    mapping->kind = HM_OS_IMAGE;
}

int hm_linux_walk_end(const struct hm_linux_walk *walk, struct hm_os_mapping *mapping)
{
    if (!walk->found)
        return ENOENT;
    *mapping = (struct hm_os_mapping){
        .start = walk->vma.start,
        .end = walk->vma.end,
        .allocation = walk->vma.start,
        .prot = walk->vma.prot,
        .shared = walk->vma.shared,
        .kind = kind_of(walk),
    };
    if (mapping->kind == HM_OS_IMAGE && is_file(&walk->vma))
        mapping->allocation = walk->image.start;
    if (mapping->kind == HM_OS_ANONYMOUS && walk->in_image && !is_file(&walk->vma))
        judge_tail(walk, mapping);
    return 0;
}
