"""A DMA engine beside the processor: on both models, memory is never stale for either of them."""

import random

import pytest

import pteg
from pteg.components.copier import BUSY, DONE, ERROR, INTERRUPT
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, Msr

#: Each with its L2 cache.
CPUS = [("functional", 0), ("pipeline", 0),
        pytest.param(("pipeline", "256K"), marks=pytest.mark.slow)]
L2CR = 0x92000000   # enabled, 256 KB, at the core's clock
COPIER = 0x0C006000
#: RAM is cached; the page of devices is inhibited and guarded.
BATS = {"ibat0u": 0x3E, "ibat0l": 0x2, "dbat0u": 0x3E, "dbat0l": 0x2,
        "dbat1u": 0x0C000002, "dbat1l": 0x0C00002A}


@pytest.fixture(scope="module", params=CPUS, ids=str)
def machine(request):
    cpu, l2 = request.param
    return pteg.Machine("g3", cpu=cpu, ram="1M", dma=True, l2=l2)


def run(machine, source, cycles=3_000_000, **gprs):
    """Run a program with caches on, from `_start` to `end`."""
    program = assemble(source, sections={".text": 0x1000})
    machine.reset()
    machine.memory.write(0, bytes(0x100000))
    machine.memory.write(0x1000, program.image(0x1000))
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = program.symbols["_start"], Msr.IR | Msr.DR | Msr.ME
        state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC
        state["l2cr"] = L2CR if machine.platform.parameters.l2 else 0
        state["gpr"][0][10] = COPIER
        for name, value in BATS.items():
            state[name] = value
        for name, value in gprs.items():
            state["gpr"][0][int(name[1:])] = value
    machine.run(cycles=cycles, until=program.symbols["end"])
    assert machine.cpu.pc == program.symbols["end"], "the program does not end"
    return machine.cpu


#: Copies r4 to r5, r6 bytes, and waits for the end.
COPY = """
        stw     r4,0(r10)
        stw     r5,4(r10)
        stw     r6,8(r10)
        li      r9,1
        eieio
        stw     r9,12(r10)
wait\\@: lwz     r9,12(r10)
        andi.   r8,r9,4
        beq     wait\\@
        sync
"""
MACROS = f"        .macro copy\n{COPY}        .endm\n"


def test_a_copy_takes_what_the_cache_has_modified_and_gives_the_cache_what_it_writes(machine):
    # The source is modified in the cache, and so is the destination.
    cpu = run(machine, MACROS + """
_start: li      r3,64
        mtctr   r3
        mr      r7,r4
        mr      r8,r5
fill:   mullw   r3,r7,r7
        stw     r3,0(r7)
        stw     r3,4(r8)
        addi    r7,r7,4
        addi    r8,r8,4
        bdnz    fill
        copy
        li      r3,64
        mtctr   r3
        li      r11,0
        mr      r7,r4
        mr      r8,r5
check:  lwz     r12,0(r7)
        lwz     r13,0(r8)
        xor     r12,r12,r13
        or      r11,r11,r12
        addi    r7,r7,4
        addi    r8,r8,4
        bdnz    check
end:    b       end
""", r4=0x10000, r5=0x20000, r6=256)
    assert cpu.gpr[11] == 0
    assert machine.memory.read_word(0x200FC) == 0x100FC ** 2 & 0xFFFFFFFF
    assert machine.memory.read_word(0x20100) == 0x100FC ** 2 & 0xFFFFFFFF   # not copied over


RESERVE = MACROS + """
_start: lwarx   r3,0,r7
        copy
        addi    r3,r3,1
        stwcx.  r3,0,r7
        mfcr    r11
end:    b       end
"""


@pytest.mark.parametrize("reserved, kept", [
    (0x20000, False), (0x2001C, False),     # in the block that is written
    (0x20020, True), (0x1FFFC, True),       # beside it
    (0x10000, True)])                       # in the one that is read
def test_a_reservation_is_lost_when_dma_writes_to_its_block(machine, reserved, kept):
    cpu = run(machine, RESERVE, r4=0x10000, r5=0x20008, r6=8, r7=reserved)
    assert bool(cpu.gpr[11] & 0x20000000) is kept
    assert machine.memory.read_word(reserved) == kept


def test_an_address_without_memory_ends_the_copy_with_an_error(machine):
    for r4, r5, left in ((0x10000, 0x40000000, 64), (0x000FFFE0, 0x20000, 32)):
        cpu = run(machine, MACROS + "_start: copy\nend: b end", r4=r4, r5=r5, r6=64)
        assert cpu.gpr[9] == DONE | ERROR
        assert machine.platform["copier"].state["length"][0] == left


def test_the_engine_interrupts_when_it_has_ended(machine):
    cpu = run(machine, """
_start: lis     r11,0x0c00
        ori     r11,r11,0x3000
        li      r3,0x20
        stw     r3,4(r11)               # mask of the interrupt controller: input 5
        lis     r3,handler@ha
        addi    r3,r3,handler@l
        lis     r7,0x4800               # b handler, at the vector
        or      r3,r3,r7
        addi    r3,r3,-0x500
        li      r7,0x500
        stw     r3,0(r7)
        dcbst   0,r7
        sync
        icbi    0,r7
        isync
        stw     r4,0(r10)
        stw     r5,4(r10)
        stw     r6,8(r10)
        eieio
        stw     r9,12(r10)
        mfmsr   r3
        ori     r3,r3,0x8000
        mtmsr   r3
loop:   addi    r12,r12,1
        b       loop
handler: li     r3,0x30                 # devices are not to be cached
        mtmsr   r3
        isync
        lwz     r13,12(r10)
        li      r3,4
        stw     r3,12(r10)
        lwz     r14,12(r10)
end:    b       end
""", r4=0x10003, r5=0x20001, r6=37, r9=BUSY | INTERRUPT)
    assert cpu.gpr[13] == DONE | INTERRUPT and cpu.gpr[14] == 0


def sharing(rng):
    """A program that works in the same blocks as the engine, though never in the same bytes.

    Bytes 0 to 15 of each of 16 blocks are the engine's destination, the others the program's. It
    leaves in r11 what differs from what it must find.
    """
    text, own = [MACROS, "_start:\n"], {}
    for _ in range(40):
        block = rng.randrange(16)
        size, at = rng.randrange(1, 17), rng.randrange(16)
        size = min(size, 16 - at)
        for offset in range(0, 24, 4):      # the source is new
            text.append(f"        li r3,{rng.randrange(-0x8000, 0x8000)}\n"
                        f"        stw r3,{0x100 + offset}(r4)\n")
        text.append(f"""
        addi    r16,r4,0x100 + {rng.randrange(8)}
        stw     r16,0(r10)
        addi    r17,r5,{32 * block + at}
        stw     r17,4(r10)
        li      r6,{size}
        stw     r6,8(r10)
        li      r9,1
        eieio
        stw     r9,12(r10)
""")
        for _ in range(rng.randrange(12)):
            place = 32 * rng.randrange(16) + 16 + 4 * rng.randrange(4)
            value = rng.randrange(0x8000)
            if place in own and rng.random() < 0.5:
                text.append(f"        lwz r3,{place}(r5)\n        xori r3,r3,{own[place]}\n"
                            "        or r11,r11,r3\n")
            elif rng.random() < 0.2:
                text.append(f"        li r15,{place}\n"
                            f"        {rng.choice(('dcbf', 'dcbst', 'dcbt'))} r15,r5\n")
            else:
                own[place] = value
                text.append(f"        li r3,{value}\n        stw r3,{place}(r5)\n")
        text.append("""
wait\\@: lwz     r9,12(r10)
        andi.   r8,r9,4
        beq     wait\\@
        sync
        li      r3,{size}
        mtctr   r3
same\\@: lbz     r12,0(r16)
        lbz     r13,0(r17)
        xor     r12,r12,r13
        or      r11,r11,r12
        addi    r16,r16,1
        addi    r17,r17,1
        bdnz    same\\@
""".replace("{size}", str(size)).replace("\\@", str(len(text))))
    return "".join([*text, "end:    b       end\n"]), own


def test_a_program_and_the_engine_share_blocks(machine):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(12):
        program, own = sharing(rng)
        cpu = run(machine, program, r4=0x10000, r5=0x11000)
        assert cpu.gpr[11] == 0
        for place, value in own.items():
            assert machine.memory.read_word(0x11000 + place) == value


def test_two_masters_are_one_too_many():
    from pteg.components.copier import Copier
    from pteg.components.dram import Dram
    from pteg.platform import Platform

    with pytest.raises(UserError, match="only one device can be a bus master, not copier, other"):
        Platform([Dram(), Copier(), Copier("other", 0x0C007000)])


#: Both processors write words of each block, the second one what is copied over, too. Processor 0
#: has it copied; the other one adds up what it finds then.
SHARED = MACROS + """
        .macro  await value
1:      lwz     r3,0(r11)
        cmpwi   r3,\\value
        bne     1b
        isync
        .endm
_start: mr      r7,r4
        li      r3,32
        mtctr   r3
fill:   stw     r12,0(r7)
        addi    r12,r12,7
        addi    r7,r7,32
        bdnz    fill
        await   1
        copy
        li      r3,2
        stw     r3,0(r11)
        await   3
end:    b       end

second: li      r3,32
        mtctr   r3
        mr      r7,r4
        mr      r8,r5
both:   stw     r12,4(r7)
        stw     r12,28(r7)
        stw     r12,0(r8)
        addi    r12,r12,5
        addi    r7,r7,32
        addi    r8,r8,32
        bdnz    both
        sync
        li      r3,1
        stw     r3,0(r11)
        await   2
        li      r20,0
        li      r3,256
        mtctr   r3
sum:    lwz     r3,0(r5)
        add     r20,r20,r3
        addi    r5,r5,4
        bdnz    sum
        li      r3,3
        stw     r3,0(r11)
done:   b       done
"""


@pytest.mark.parametrize("cpu", ["functional", pytest.param("pipeline", marks=pytest.mark.slow)])
def test_two_processors_and_the_engine_use_the_same_blocks(cpu):
    machine = pteg.Machine("g3", cpu=cpu, rom="none", ram="1M", dma=True, processors=2)
    program = assemble(SHARED, sections={".text": 0x1000})
    machine.load(program)
    machine.model.set_held(1, False)
    for each, name in zip(machine.cpus, ("_start", "second"), strict=True):
        with each.changed() as state:
            state["pc"], state["msr"] = program.symbols[name], Msr.IR | Msr.DR | Msr.ME
            state["hid0"] = Hid0.ICE | Hid0.DCE
            for spr, value in (BATS | {"ibat0l": 0x12, "dbat0l": 0x12}).items():    # M
                state[spr] = value
            for number, value in ((4, 0x20000), (5, 0x30000), (6, 1024), (10, COPIER),
                                  (11, 0x8000), (12, 0x1000 if name == "_start" else 0x500000)):
                state["gpr"][0][number] = value
    assert machine.run(until=program.symbols["done"], cycles=200_000) == "address"
    written = sum(0x1000 + 7 * n + 2 * (0x500000 + 5 * n) for n in range(32))
    assert machine.cpus[1].gpr[20] == written
    assert machine.memory.read(0x30000, 1024) == machine.memory.read(0x20000, 1024)
