"""Each invalid form of docs/instructions.md gives the documented answer, on both models."""

import pytest

from pteg import Machine
from pteg.lockstep.encoding import as_bytes, encode

CODE, DATA, HANDLER = 0x1000, 0x8000, 0x700
ILLEGAL, PRIVILEGED, PR = 0x80000, 0x40000, 0x4000


@pytest.fixture(scope="module", params=["functional", "pipeline"])
def machine(request):
    return Machine("g3", cpu=request.param)


@pytest.fixture
def run(machine):
    """Executes words, registers given by `r3=...`, `ctr=...`; returns the registers afterwards."""
    def run(*words, msr=0, steps=None, **given):
        machine.memory.write(CODE, as_bytes(words))
        machine.memory.write(DATA, bytes(range(128)))
        machine.memory.write(HANDLER, as_bytes([encode("ori", rA=0, rS=0, UIMM=0)] * 8))
        with machine.cpu.changed() as state:
            state["gpr"] = 0
            state["pc"], state["msr"], state["cr"] = CODE, msr, 0
            state["lr"] = state["ctr"] = state["xer"] = 0
            for name, value in given.items():
                if name in state.dtype.names:
                    state[name] = value
                else:
                    state["gpr"][0, int(name[1:])] = value
        machine.step(len(words) if steps is None else steps)
        return machine.cpu
    return run


@pytest.mark.parametrize("bo", range(32))
@pytest.mark.parametrize("condition", [0, 1])
@pytest.mark.parametrize("ctr", [1, 0x2000])
def test_bcctr_that_counts_goes_to_what_ctr_was(run, bo, condition, ctr):
    cpu = run(encode("bcctr", BO=bo, BI=2, LK=1), cr=condition << 29, ctr=ctr)
    counts = not bo & 4
    taken = ((not counts or (ctr - 1 == 0) == bool(bo & 2))
             and (bool(bo & 16) or condition == bo >> 3 & 1))
    assert cpu.ctr == ctr - counts
    assert cpu.pc == (ctr & ~3 if taken else CODE + 4)
    assert cpu.lr == CODE + 4


def test_update_without_a_base_uses_r0(run):
    cpu = run(encode("lwzu", rD=3, rA=0, d=4), r0=DATA)
    assert (cpu.gpr[3], cpu.gpr[0]) == (0x04050607, DATA + 4)
    cpu = run(encode("stwux", rS=3, rA=0, rB=4), r0=DATA, r3=5, r4=8)
    assert cpu.gpr[0] == DATA + 8


def test_of_an_update_of_what_is_loaded_the_address_is_left(run):
    for name in ("lwzu", "lbzu", "lhau"):
        assert run(encode(name, rD=3, rA=3, d=4), r3=DATA).gpr[3] == DATA + 4, name
    assert run(encode("lwzux", rD=3, rA=3, rB=4), r3=DATA, r4=12).gpr[3] == DATA + 12


def test_multiples_and_strings_load_their_base_too(run):
    cpu = run(encode("lmw", rD=29, rA=30, d=0), r30=DATA)
    assert [cpu.gpr[n] for n in (29, 30, 31)] == [0x00010203, 0x04050607, 0x08090A0B]
    cpu = run(encode("lswi", rD=4, rA=5, NB=8), r5=DATA)
    assert [cpu.gpr[n] for n in (4, 5)] == [0x00010203, 0x04050607]
    cpu = run(encode("lswx", rD=4, rA=4, rB=5), r4=DATA, r5=4, xer=7)
    assert [cpu.gpr[n] for n in (4, 5)] == [0x04050607, 0x08090A00]
    cpu = run(encode("lswx", rD=4, rA=4, rB=5), r4=DATA, r5=4, xer=0)
    assert [cpu.gpr[n] for n in (4, 5)] == [DATA, 4]


@pytest.mark.parametrize("word", [
    encode("cmp", crfD=1, L=1, rA=3, rB=4), encode("cmp", crfD=1, rA=3, rB=4) | 1,
    encode("cmp", crfD=1, rA=3, rB=4) | 1 << 22, encode("cmpi", crfD=1, L=1, rA=3, SIMM=7)])
def test_comparisons_ignore_l_and_reserved_bits(run, word):
    assert run(word, r3=0xFFFFFFFF, r4=7).cr == 0x08000000


def test_reserved_bits_are_ignored(run):
    assert run(encode("lwzx", rD=3, rA=0, rB=4) | 1, r4=DATA).cr == 0
    assert run(encode("crand", crbD=0, crbA=1, crbB=1) | 1, cr=1 << 30).lr == 0
    assert run(encode("mfcr", rD=3) | 0x1FF801, cr=0x12345678).gpr[3] == 0x12345678
    assert run(encode("mtcrf", CRM=0x80, rS=3) | 0x100801, r3=0xFFFFFFFF).cr == 0xF0000000
    assert run(encode("mtsr", SR=3, rS=4) | 0x10F801, r4=5).sr[3] == 5
    assert run(encode("neg", rD=3, rA=4) | 0xF800, r4=1).gpr[3] == 0xFFFFFFFF
    assert run(encode("lwarx", rD=3, rA=0, rB=4) | 1, r4=DATA).cr == 0
    assert run(encode("mtmsr", rS=3) | 0x1FF801, r3=0xFFFA0008).msr == 0


@pytest.mark.parametrize("word, msr, cause", [
    (encode("stwcx.", rS=3, rA=0, rB=4) & ~1, 0, ILLEGAL),
    (encode("sc") & ~2, 0, ILLEGAL), (encode("sc") & ~2 | 1, 0, ILLEGAL),
    (encode("mftb", rD=3, tbr=284), 0, ILLEGAL), (encode("mftb", rD=3, tbr=1), PR, ILLEGAL),
    (encode("mfspr", rD=3, spr=1023), 0, ILLEGAL), (encode("mfspr", rD=3, spr=1023), PR, ILLEGAL),
    (encode("mtspr", rS=3, spr=16), PR, ILLEGAL), (encode("mfspr", rD=3, spr=0), PR, ILLEGAL),
    (encode("mfspr", rD=3, spr=284), 0, ILLEGAL), (encode("mfspr", rD=3, spr=284), PR, PRIVILEGED),
    (encode("mtspr", rS=3, spr=936), 0, ILLEGAL), (encode("mtspr", rS=3, spr=268), PR, ILLEGAL),
    (encode("mtspr", rS=3, spr=287), PR, PRIVILEGED),
    (encode("rfi") | 0x3FFF801, PR, PRIVILEGED)])
def test_what_is_illegal_or_privileged(run, word, msr, cause):
    cpu = run(word, msr=msr, steps=1, r4=DATA)
    # The handler's first instruction may have been executed with it.
    assert cpu.spr["SRR0"] == CODE and cpu.spr["SRR1"] == cause | msr
    assert cpu.pc >> 4 == HANDLER >> 4
