"""Guests that do anything a supervisor can do: the host stays whole, and can always end them."""

import random
import re
import struct

import pytest

from pteg.boot.loader import read_elf
from pteg.firmware.asm import assemble
from pteg.firmware.hosts.hostl.image import build_with_mol
from pteg.firmware.hosts.hostx.image import build_with_mol as build_hostx_with_mol

#: So much of the kernel's code is compared, the vectors first.
CODE = 0x10000
#: Instructions with holes for registers, numbers, special registers.
TEMPLATES = """
mtmsr {r}; mfmsr {r}; mtsr {n16},{r}; mtsrin {r},{r}; mfsrin {r},{r}; tlbie {r}; tlbsync; rfi; sc;
mtspr {bat},{r}; mtspr 25,{r}; mtspr 26,{r}; mtspr 27,{r}; mtspr 272,{r}; mtspr 1008,{r};
mtdec {r}; mfspr {r},{bat}; mfspr {r},25; mfspr {r},18; mfdec {r}; isync; stwcx. {r},{r},{r};
lwz {r},{d}({r}); stw {r},{d}({r}); stwx {r},{r},{r}; lbzx {r},{r},{r}; sth {r},{d}({r});
lwarx {r},{r},{r}; dcbz {r},{r}; dcbf {r},{r}; icbi {r},{r}; dcbi {r},{r}; lmw {high},{d}({r});
stmw {high},{d}({r}); stfd 1,{d}({r}); lfd 2,{d}({r}); addi {r},{r},{d}; lis {r},{d};
ori {r},{r},{u}; oris {r},{r},{u}; bl .+{near}; b .-{near}; bdnz .+{near}; blr; bctr; mtctr {r};
mtlr {r}; tw 4,{r},{r}; .long {word}
""".replace("\n", " ").split(";")


def words(data):
    return struct.unpack(f">{CODE // 4}I", data[:CODE])


def hostile_guest(seed):
    """64 KB of such instructions; the exception vectors are among them."""
    rng = random.Random(seed)

    holes = {
        "r": lambda: rng.randrange(1, 12), "n16": lambda: rng.randrange(16),
        "high": lambda: rng.randrange(20, 32), "bat": lambda: rng.randrange(528, 544),
        "d": lambda: rng.randrange(-0x8000, 0x8000) & ~3, "u": lambda: rng.getrandbits(16),
        "near": lambda: 4 * rng.randrange(1, 200), "word": lambda: rng.getrandbits(32)}

    def instruction():
        template = rng.choice(TEMPLATES).strip()
        return re.sub(r"{(\w+)}", lambda match: str(holes[match[1]]()), template)

    # The hypercall's magics, now and then, so that sc is one.
    lines = [instruction() if rng.random() > 0.02 else "lis 3,0x1137; ori 3,3,0x24FA; "
             "lis 4,0x7781; ori 4,4,0x0F9B" for _ in range(15_000)]
    return assemble(".globl _start\n_start:\n" + "\n".join(lines),
                    sections={".text": 0}).elf()


@pytest.fixture
def begin(new_session, new_hostx):
    """A function that begins a session of HostL, or of HostX if letters select a way to run MOL
    there, with MOL and hostile guests; with several processors, others swap meanwhile."""
    def begin(seeds, processors=1, letters=""):
        guests = {f"guest{seed}": hostile_guest(seed) for seed in seeds}
        new, build = (new_hostx, build_hostx_with_mol) if letters else (new_session, build_with_mol)
        host = new(elf=build(f"mem=8M swap=2M cpus={processors}", guests=guests),
                   processors=processors)
        host("insmod mol")
        if letters:
            host("insmod molport")
        return host, guests
    return begin


SLOW = pytest.mark.slow


@pytest.mark.parametrize("seeds, processors, letters", [
    (range(1, 4), 1, ""), (range(4, 6), 2, ""), (range(4, 6), 2, "-vcw"),
    pytest.param(range(6, 9), 2, "-ivckt", marks=SLOW),
    pytest.param(range(200, 208), 2, "", marks=SLOW),
    *(pytest.param(range(first, first + 8), 1, "", marks=SLOW) for first in range(100, 164, 8))],
    ids=str)
def test_a_hostile_guest_harms_no_one(begin, seeds, processors, letters):
    host, guests = begin(seeds, processors, letters)
    code = words(read_elf(host.elf, "kernel").segments[0].data)
    free = host.free()
    for guest in guests:
        pid = re.search(r"\[(\d+)]", host(f"mol {letters} {guest} 2 &", 60_000_000))[1]
        host("sleep 4", 60_000_000)
        host.check()
        if processors > 1:
            assert host("stress 2 100 50", 60_000_000) == "stress: ok\n"
            host.check()
        host(f"kill {pid}", 60_000_000)     # it may have ended already
        host("sleep 2", 60_000_000)
        assert "mol" not in host("ps", 60_000_000), guest
        assert host.free() == free, guest
        now = words(host.machine.memory.read(0, CODE))
        # MOL fills words that are 0 in the image when it takes the vectors over.
        changed = [4 * n for n, word in enumerate(code) if word and word != now[n]]
        assert not changed, (guest, changed)
    if not letters:
        assert host("rmmod mol") == ""
