"""BAT arrays do what their specification says, for all registers and all addresses.

PEM 7.4: a block has 128 KB x (BL + 1) bytes, where BL is a row of ones from the right; it begins
at a multiple of its size, and so does what it is mapped to. The specification here is arithmetic,
the hardware masks bits.
"""

import pytest

from pteg.hw.mmu.bat import ENTRIES, BatArray

z3 = pytest.importorskip("z3")

FIRST_SPR = 528
BLOCK = 128 * 1024


def bits(word, first, last):
    """Bits `first` to `last` of a 32-bit word in the manuals' numbering."""
    return z3.Extract(31 - first, 31 - last, word)


def size(upper):
    """Bytes of the block, in 33 bits."""
    return z3.ZeroExt(22, bits(upper, 19, 29)) * BLOCK + BLOCK


def base(register):
    """Address of the block, effective or physical, in 33 bits."""
    return z3.ZeroExt(1, z3.Concat(bits(register, 0, 14), z3.BitVecVal(0, 17)))


def programmed_well(upper, lower):
    """BL is one of the values of PEM table 7-10, and the addresses are multiples of the size."""
    mask = bits(upper, 19, 29)
    return z3.And((mask & (mask + 1)) == 0, *((base(register) & (size(upper) - 1)) == 0
                                              for register in (upper, lower)))


def lookup(cycle):
    """(hit, physical address, lower register) of the entry with the lowest number that matches."""
    ea = z3.ZeroExt(1, cycle["ea"])
    hit, pa, lower = z3.BoolVal(False), z3.BitVecVal(0, 33), z3.BitVecVal(0, 32)
    for n in reversed(range(ENTRIES)):
        up, low = cycle[f"upper{n}"], cycle[f"lower{n}"]
        valid = z3.If(cycle["pr"], bits(up, 31, 31), bits(up, 30, 30)) == 1     # Vp, Vs
        inside = z3.And(z3.ULE(base(up), ea), z3.ULT(ea, base(up) + size(up)))
        this = z3.And(valid, inside)
        hit = z3.Or(this, hit)
        pa = z3.If(this, base(low) + (ea - base(up)), pa)
        lower = z3.If(this, low, lower)
    return hit, z3.Extract(31, 0, pa), lower


def prove_all(smt, component):
    design = smt.Design(component)
    (now,) = design.cycles(1)
    hit, pa, lower = lookup(now)
    smt.prove(
        z3.And(now["hit"] == z3.And(now["valid"], hit),
               z3.Implies(now["hit"], z3.And(now["pa"] == pa, now["wimg"] == bits(lower, 25, 28),
                                             now["pp"] == bits(lower, 30, 31)))),
        [now], assuming=[programmed_well(now[f"upper{n}"], now[f"lower{n}"])
                         for n in range(ENTRIES)])

    # mtspr writes one register, but for its reserved bits; mfspr reads it.
    now, after = design.cycles(2)
    claims = []
    for n in range(ENTRIES):
        for half, (name, bits_kept) in enumerate((("upper", 0xFFFE1FFF), ("lower", 0xFFFE007B))):
            register = f"{name}{n}"
            here = z3.And(z3.Not(now["registers__segment"]),
                          now["registers__spr"] == FIRST_SPR + 2 * n + half)
            written = z3.And(here, now["registers__write"])
            claims += [after[register] == z3.If(written, now["registers__wdata"] & bits_kept,
                                                now[register]),
                       z3.Implies(here, now["registers__rdata"] == now[register])]
    smt.prove(z3.And(claims), [now, after])


def test_blocks_and_registers(smt):
    prove_all(smt, BatArray(FIRST_SPR))


@pytest.mark.parametrize("right, wrong", [
    ("Mux(self.pr, up.vp, up.vs)", "Mux(self.pr, up.vs, up.vp)"),
    ("Cat(~up.bl, Const(0b1111, 4))", "Cat(~up.bl, Const(0b0111, 4))"),
    ("(index & upper[n].bl)", "(index & ~upper[n].bl)"),
    ('"-" * (ENTRIES - 1 - n) + "1" + "0" * n', '"0" * (ENTRIES - 1 - n) + "1" + "0" * n'),
    ("wimg.eq(lower[n].wimg)", "wimg.eq(lower[0].wimg)"),
    ("with m.Case(2 * n + 1):", "with m.Case(2 * n + 1 & 5):"),
    ("lower[n].eq(port.wdata & BatLower.IMPLEMENTED)", "lower[n].eq(port.wdata)"),
])
def test_bugs_are_found(smt, right, wrong):
    with pytest.raises(smt.Refuted):
        prove_all(smt, smt.planted(BatArray, right, wrong)(FIRST_SPR))
