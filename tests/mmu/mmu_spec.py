"""What the manuals say of the MMU, in plain Python: an independent specification for the tests.

Written from PEM chapter 7 and MPC750 UM chapter 5 alone; it uses nothing of `pteg`. Words are
integers, bits are taken out of them with the manuals' numbers.
"""

import random

FETCH, LOAD, STORE, TOUCH = range(4)
OK, MISS, PAGE_FAULT, PROTECTION, NO_EXECUTE, DIRECT_STORE, BUS_ERROR = range(7)
KINDS = (FETCH, LOAD, STORE, TOUCH)

#: Table of PEM 7.5.4: (key, PP) -> (loads and fetches allowed, stores allowed).
ALLOWED = {
    (0, 0): (True, True), (0, 1): (True, True), (0, 2): (True, True), (0, 3): (True, False),
    (1, 0): (False, False), (1, 1): (True, False), (1, 2): (True, True), (1, 3): (True, False),
}
#: Table of PEM 7.4.4 for blocks.
BLOCK_ALLOWED = {0: (False, False), 1: (True, False), 2: (True, True), 3: (True, False)}

R, C = 0x100, 0x80


def bits(word, first, last, width=32):
    """Bits `first` to `last` in the manuals' numbering."""
    return (word >> (width - 1 - last)) & ((1 << (last - first + 1)) - 1)


def allowed(table, key, kind):
    return table[key][kind == STORE]


def bat_lookup(bats, ea, pr):
    """(pa, wimg, pp) of the first of the (upper, lower) pairs that matches, or None."""
    for upper, lower in bats:
        size = (bits(upper, 19, 29) + 1) * 0x20000      # for contiguous masks
        valid = bits(upper, 31, 31) if pr else bits(upper, 30, 30)
        base = upper & 0xFFFE0000
        if valid and base <= ea < base + size:
            return (lower & 0xFFFE0000) + (ea - base), bits(lower, 25, 28), bits(lower, 30, 31)
    return None


def pteg_address(sdr1, vsid, ea, secondary):
    page = bits(ea, 4, 19)
    value = (vsid & 0x7FFFF) ^ page
    if secondary:
        value = 0x7FFFF - value
    table = sdr1 & 0xFFFF0000
    low10, high9 = value % 1024, value // 1024
    return table | (high9 & bits(sdr1, 23, 31)) << 16 | low10 << 6


class Memory:
    """Sparse memory of bytes, and addresses that answer with a transfer error."""

    def __init__(self):
        self.bytes = {}
        self.broken = set()     # double words

    def read(self, address, size=8):
        return int.from_bytes(bytes(self.bytes.get(address + i, 0) for i in range(size)), "big")

    def write(self, address, size, value):
        for i, byte in enumerate(value.to_bytes(size, "big")):
            self.bytes[address + i] = byte

    def copy(self):
        other = Memory()
        other.bytes, other.broken = dict(self.bytes), set(self.broken)
        return other


class Mmu:
    """Registers, TLBs and table search, as far as results and memory can tell."""

    def __init__(self, memory):
        self.memory = memory
        self.sr = [0] * 16
        self.bats = {False: [(0, 0)] * 4, True: [(0, 0)] * 4}      # key: is it the fetch side
        self.sdr1 = 0
        self.tlb = {False: self.empty(), True: self.empty()}
        self.walks = self.examined = self.r_updates = self.c_updates = 0
        #: The bus transactions of table searches: (address, size, is it a write).
        self.transactions = []

    @staticmethod
    def empty():
        # For each set the entries, the one used longest ago first.
        return [[] for _ in range(64)]

    def tlbie(self, ea):
        for tlb in self.tlb.values():
            tlb[bits(ea, 14, 19)].clear()

    def translate(self, ea, kind, pr, relocate):
        """(result, pa, wimg) after any table search; pa and wimg are None unless OK."""
        fetch = kind == FETCH
        if not relocate:
            return OK, ea, 0b0001 if fetch else 0b0011
        block = bat_lookup(self.bats[fetch], ea, pr)
        if block:
            pa, wimg, pp = block
            if fetch and wimg & 1:
                return NO_EXECUTE, None, None
            if not allowed(BLOCK_ALLOWED, pp, kind):
                return PROTECTION, None, None
            return OK, pa, wimg
        sr = self.sr[ea >> 28]
        if bits(sr, 0, 0):
            return DIRECT_STORE, None, None
        if fetch and bits(sr, 3, 3):
            return NO_EXECUTE, None, None
        vsid, key = bits(sr, 8, 31), bits(sr, 2, 2) if pr else bits(sr, 1, 1)
        tlb_set = self.tlb[fetch][bits(ea, 14, 19)]
        tag = vsid, bits(ea, 4, 13)
        entry = next((e for e in tlb_set if e["tag"] == tag), None)
        if entry is None:
            found = self.search(ea, vsid, key, kind)
            if not isinstance(found, dict):
                return found, None, None
            if len(tlb_set) == 2:
                tlb_set.pop(0)
            entry = {"tag": tag, **found}
            tlb_set.append(entry)
        elif kind == STORE and not entry["c"] and allowed(ALLOWED, (key, entry["pp"]), kind):
            found = self.search(ea, vsid, key, kind)
            if not isinstance(found, dict):
                return found, None, None
            entry.update(found)
        tlb_set.remove(entry)
        tlb_set.append(entry)
        if fetch and entry["wimg"] & 1:
            return NO_EXECUTE, None, None
        if not allowed(ALLOWED, (key, entry["pp"]), kind):
            return PROTECTION, None, None
        return OK, entry["rpn"] << 12 | ea & 0xFFF, entry["wimg"]

    def access(self, address, size, write=False):
        self.transactions.append((address, size, write))
        return address & ~7 in self.memory.broken

    def search(self, ea, vsid, key, kind):
        self.walks += 1
        for secondary in (0, 1):
            group = pteg_address(self.sdr1, vsid, ea, secondary)
            for address in range(group, group + 64, 8):
                self.examined += 1
                if self.access(address, 8):
                    return BUS_ERROR
                high, low = self.memory.read(address, 4), self.memory.read(address + 4, 4)
                wanted = 1 << 31 | vsid << 7 | secondary << 6 | bits(ea, 4, 9)
                if high == wanted:
                    return self.found(address, low, key, kind)
        return PAGE_FAULT

    def found(self, address, low, key, kind):
        if not low & R:
            low |= R
            if self.access(address + 6, 1, True):
                return BUS_ERROR
            self.memory.write(address + 6, 1, low >> 8 & 0xFF)
            self.r_updates += 1
        if kind == STORE and not low & C and allowed(ALLOWED, (key, low & 3), kind):
            low |= C
            if self.access(address + 7, 1, True):
                return BUS_ERROR
            self.memory.write(address + 7, 1, low & 0xFF)
            self.c_updates += 1
        return {"rpn": low >> 12, "c": bool(low & C), "wimg": bits(low, 25, 28), "pp": low & 3}


class Scenario:
    """Random registers and page table, in which every outcome is frequent."""

    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.memory = Memory()
        # Few segments, pages and sets, so that searches, hits and conflicts all happen.
        self.vsids = [rng.getrandbits(24) for _ in range(4)]
        self.pages = [rng.getrandbits(10) << 18 | rng.randrange(4) << 12 for _ in range(12)]
        self.sdr1 = rng.getrandbits(16) << 16 | rng.choice((0, 1, 7, 0x1FF))
        if self.sdr1 & 0x1FF:       # the table is aligned to its size
            self.sdr1 &= ~((self.sdr1 & 0x1FF) << 16)
        self.sr = [self.segment() for _ in range(16)]
        self.bats = {side: [self.bat() for _ in range(4)] for side in (False, True)}
        for vsid in self.vsids:
            for page in self.pages:
                if rng.random() < 0.8:
                    self.map(vsid, page)
        for _ in range(6):
            vsid, page = rng.choice(self.vsids), rng.choice(self.pages)
            address = pteg_address(self.sdr1, vsid, page, rng.randrange(2))
            if rng.random() < 0.3:
                self.memory.broken.add(address + 8 * rng.randrange(8))

    def segment(self):
        rng = self.rng
        return ((rng.random() < 0.1) << 31 | rng.getrandbits(2) << 29
                | (rng.random() < 0.15) << 28 | rng.choice(self.vsids))

    def bat(self):
        rng = self.rng
        length = (1 << rng.randrange(12)) - 1
        mask = length << 17 | 0x1FFFF
        upper = rng.getrandbits(32) & ~mask & 0xFFFE0000 | length << 2 | rng.getrandbits(2)
        lower = rng.getrandbits(32) & ~mask & 0xFFFE0000 | rng.getrandbits(4) << 3 \
            | rng.getrandbits(2)
        return upper, lower

    def map(self, vsid, page):
        """Fill a PTEG with near misses, and mostly one PTE that is right."""
        rng = self.rng
        secondary = rng.randrange(2)
        group = pteg_address(self.sdr1, vsid, page, secondary)
        right = 1 << 31 | vsid << 7 | secondary << 6 | bits(page, 4, 9)
        address = group + 8 * rng.randrange(8)
        for near in range(group, address, 8):
            if rng.random() < 0.5 and not self.memory.read(near):
                self.memory.write(near, 4, right ^ 1 << rng.randrange(32))
                self.memory.write(near + 4, 4, rng.getrandbits(32))
        self.memory.write(address, 4, right)
        self.memory.write(address + 4, 4, rng.getrandbits(32))

    def ea(self):
        rng = self.rng
        if rng.random() < 0.15:
            upper = rng.choice(self.bats[rng.random() < 0.5])[0]
            return upper & 0xFFFE0000 | rng.getrandbits(17)
        return rng.randrange(16) << 28 | rng.choice(self.pages) | rng.getrandbits(12)
