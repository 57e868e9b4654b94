"""Is HostB whole? Its code, its hash table, a session's, the TLBs, memory that is nobody's."""

import numpy as np

from pteg.boot.loader import read_elf
from pteg.firmware.hosts.hostb.image import build
from pteg.mmu.table import HashTable

#: Of HostB: the first frame of the guest's RAM, and wired memory before it, which MOL asks for.
FRAMES, POOL, PAGE = 0x0100_0000, 0x0020_0000, 4096
#: PP of an entry that the guest can store through.
READ_WRITE = 2


def problems(session):
    """What is wrong, as texts. The host may be anywhere, but for the middle of a change."""
    return [*code(session), *table(session), *tlbs(session), *memory(session)]


def code(session):
    """Vectors, code and constants are those of the image. Words that are 0 there are filled: the
    options, and the guest's own instruction that `split_access` executes."""
    end = session.machine.symbols.address("rodata_end")
    for segment in read_elf(build(), "HostB").segments:
        linked = segment.data[:max(0, end - segment.address)]
        found = session.machine.memory.read(segment.address, len(linked))
        before, now = (np.frombuffer(text[:len(linked) & ~3], ">u4") for text in (linked, found))
        for at in np.flatnonzero((before != now) & (before != 0)):
            yield f"code of the host at {segment.address + 4 * at:#x}"


def table(session):
    """No page twice, and each mapped to what its owner may have."""
    own, seen = rules(session), set()
    sdr1s = {session.machine.cpu.spr["SDR1"], session.sdr1 or session.machine.cpu.spr["SDR1"]}
    for sdr1 in sdr1s:
        for entry in HashTable(sdr1, session.machine.memory.read):
            page = sdr1, entry.vsid, entry.ea
            if page in seen:
                yield f"{entry}: twice"
            seen.add(page)
            yield from own(entry)


def tlbs(session):
    """What was evicted from the table may still be here; what was taken away must not."""
    for entry in session.machine.mmu.tlb():
        yield from rules(session)(entry)


def rules(session):
    """A function that says what is wrong with an entry."""
    pages = session.guest.size // PAGE
    frames = {int(frame) for frame in session.frames(0, pages)} - {0}

    def check(entry):
        if entry.pa in frames:
            return
        if entry.pa < POOL or entry.pa >= FRAMES:
            yield f"{entry}: neither RAM of the guest nor wired"
        elif session.session_of(np.int64(entry.vsid)) < 0:
            yield f"{entry}: the host maps only the guest's RAM by its table"
        elif entry.pp == READ_WRITE:
            yield f"{entry}: the guest can store to wired memory"

    return check


def memory(session):
    """Behind the frames nobody has anything."""
    end = FRAMES + 2 * session.guest.size
    if any(session.machine.memory.read(end, 0x0080_0000)):
        yield "a store behind the frames"
