"""Decoded instructions, kept by physical page.

A row of `m.code` holds one page: a place for each word, of 64 bits in the host's order,

    bits 63-48  form (`pteg.functional.forms`)
    bits 47-32  instructions from here to the end of the block; 0: to be left to `step`
    bits 31-0   the word

or 0 if the word has not been decoded. A block ends at a branch, before an instruction that has no
form, and at the end of the page. Every place of a block is decoded, up to its end. After the last
word is a place with form STEP.

The low bits of a page's number select its row. Stores to pages that are in a row have no soft
translation, so that `forget` sees them: a store to a decoded word empties the row.
"""

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.bytes import peek32, read_host, write_host
from pteg.functional.forms import (
    FIRST_FORM,
    FORM_BITS,
    FORM_BRANCHES,
    FORM_KNOWN,
    FORM_OP,
    STEP,
    UNDECODED,
)
from pteg.functional.model import CODE_PAGES, CODE_PLACES

__all__ = ["decode", "code_row", "decode_block", "is_code", "forget", "forget_block",
           "PLACE"]

#: Bytes of a place.
PLACE = 8


@compiled
def decode(word):
    primary = word >> 26
    op = 0 | isa.OPS[isa.DECODE_BASE[primary] + (word >> 1 & isa.DECODE_EXTENDED[primary])]
    return op if word & isa.DECODE_ONES[op] == isa.DECODE_ONES[op] else 0


@compiled
def form_of(word):
    op = decode(word)
    form = FIRST_FORM[op]
    while FORM_OP[form] == op:
        if word & FORM_KNOWN[form] == FORM_BITS[form]:
            return form
        form += 1
    return STEP


@compiled
def row_at(m, page):
    return m.code + page % CODE_PAGES * (CODE_PLACES * PLACE)


@compiled
def is_code(m, pa):
    """Whether the page at `pa` is in a row."""
    page = pa >> 12
    return m.code_page[page % CODE_PAGES] == page + 1


@compiled
def empty(row):
    for place in range(CODE_PLACES - 1):
        write_host(row + place * PLACE, UNDECODED)
    write_host(row + (CODE_PLACES - 1) * PLACE, STEP << 48)


@compiled
def forget(m, pa):
    """The double word at `pa`, which lies in a page that is in a row, has been stored to."""
    row = row_at(m, pa >> 12)
    place = row + (pa & 0xFF8) * 2
    if read_host(place) | read_host(place + PLACE):
        empty(row)


@compiled
def forget_block(m, pa):
    """icbi: the block of 32 bytes at `pa` is fetched again. The processor's own stores have been
    seen by `forget`; those of others have not."""
    if m.code and is_code(m, pa):
        for at in range(pa & ~31, (pa & ~31) + 32, 8):
            forget(m, at)


@compiled
def new_row(m, page):
    """Use the row of `page` for it, and let stores to it be seen from now on."""
    m.code_page[page % CODE_PAGES] = page + 1
    empty(row_at(m, page))
    for soft in range(256):
        if m.soft_base[isa.KIND_STORE, soft] == m.ram + (page << 12):
            m.soft_tag[isa.KIND_STORE, soft] = 0


@compiled
def code_row(m, base):
    """Where the decoded instructions of the page are whose bytes are at `base` in the host."""
    at = base - m.ram
    page = (at if 0 <= at < m.ram_size else base - m.rom + m.rom_base) >> 12
    if m.code_page[page % CODE_PAGES] != page + 1:
        new_row(m, page)
    return row_at(m, page)


@compiled
def decode_block(base, row, first):
    """Decode a block from word number `first` of a page on. Returns its length."""
    last = first
    known = 0
    while True:
        known = read_host(row + last * PLACE)
        if known:
            break
        word = peek32(base + 4 * last)
        form = form_of(word)
        known = form << 48 | word
        write_host(row + last * PLACE, known)
        if form == STEP:
            break
        last += 1
        known = 0
        if FORM_BRANCHES[form]:
            break
    length = known >> 32 & 0xFFFF
    while last > first:
        last -= 1
        length += 1
        place = row + last * PLACE
        write_host(place, read_host(place) | length << 32)
    return length
