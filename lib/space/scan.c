#include "space/scan.h"

#include "platform/platform.h"

static hm_addr space_end(void)
{
    return (hm_addr)hm_os_backend()->highest_address + 1;
}

hm_addr hm_scan_run(hm_addr address, const struct hm_cell *cell)
{
    const struct hm_geometry *geometry = hm_geometry();
    hm_addr end = hm_cell_end(geometry, cell);
    hm_addr limit = space_end();
    uint64_t pages = (address - cell->start) >> geometry->page_shift;
    hm_word meaning = hm_word_advance(cell->word, pages) & HM_WORD_SHOWN;
    while (end < limit) {
        struct hm_cell next;
        hm_table_find(end, &next);
        pages = (end - address) >> geometry->page_shift;
        if ((next.word & HM_WORD_SHOWN) != hm_word_advance(meaning, pages))
            break;
        end = hm_cell_end(geometry, &next);
    }
    return end < limit ? end : limit;
}

hm_addr hm_scan_allocation(hm_addr base)
{
    const struct hm_geometry *geometry = hm_geometry();
    hm_addr end = base;
    while (end < space_end()) {
        struct hm_cell cell;
        hm_table_find(end, &cell);
        if (!hm_word_is_allocated(cell.word) || hm_cell_base(geometry, &cell) != base)
            break;
        end = hm_cell_end(geometry, &cell);
    }
    return end;
}

hm_addr hm_scan_past(hm_addr address, hm_addr limit, unsigned code)
{
    const struct hm_geometry *geometry = hm_geometry();
    while (address < limit) {
        struct hm_cell cell;
        hm_table_find(address, &cell);
        if (hm_word_code(cell.word) != code)
            return address;
        address = hm_cell_end(geometry, &cell);
    }
    return limit;
}
