"""L2, block maps: BATs, and the step from real to translated mode."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pteg.firmware.disasm import disassemble
from pteg.hw.isa.registers import Msr
from pteg.labs.assembly import built, solution, starter
from pteg.labs.kit import Lab, Test, Wrong, choices
from pteg.machine import Machine
from pteg.mmu import Bat, Mmu, Walk
from pteg.outputs import write_file

__all__ = ["LAB"]

_FILE = "enable.s"
_KERNEL = 16 << 20
_CYCLES, _INSTRUCTIONS = 20_000, 2_000
_ON = int(Msr.IR | Msr.DR)


def _numbers(seed: int) -> dict[str, int]:
    rng = choices("L2", seed)
    size = 0x20000 << rng.randrange(1, 6)
    return {"WINDOW_EA": rng.choice((0x9, 0xA, 0xB)) << 28 | rng.randrange(16) << 22,
            "WINDOW_PA": 0x400000 + rng.randrange(4) * 0x400000, "WINDOW_SIZE": size,
            "LEFT_EA": rng.choice((0xD, 0xE)) << 28}


@dataclass
class _Attempt:
    """What the student's program has done.

    Attributes
    ----------
    numbers : dict
    returned : bool
        Whether enable_mmu has come back.
    state : numpy record array
        The registers at the end.
    cycles, searches : int
    executed : list of (int, str)
        Program counter and instruction, up to the return.
    """

    numbers: dict[str, int]
    returned: bool
    state: np.ndarray
    cycle: int
    searches: int
    executed: list[tuple[int, str]]

    def walk(self, ea: int, access: str, user: bool = False) -> Walk:
        """A translation through the student's blocks, as if it were on."""
        state = self.state.copy()
        state["msr"] |= _ON
        state["sr"] = 1 << 31       # what no block has is a fault
        return Mmu(lambda: state, lambda at, size: bytes(size), lambda side: []).walk(
            ea, access, user)

    def bats(self) -> list[Bat]:
        """All eight."""
        return list(Mmu(lambda: self.state, lambda at, size: bytes(size), lambda side: []).bats())


def _attempt(folder: Path, seed: int) -> _Attempt:
    numbers = _numbers(seed)
    program = built("L2", folder, _FILE, numbers)
    write_file(folder / "lab.elf", program.elf())
    returned = program.symbols["returned"]
    executed = _trace(_loaded(program, "functional"), returned)
    machine = _loaded(program, "pipeline")
    stop = machine.run(cycles=_CYCLES, until=returned)
    return _Attempt(numbers, stop == "address", machine.cpu.state(), machine.cycle,
                    machine.stats()["mmu"]["table_searches"]["count"], executed)


def _loaded(program, cpu):
    machine = Machine("g3", cpu=cpu, rom="none", ram="32M")
    machine.load(program.elf())
    machine.cpu.pc, machine.cpu.msr = program.symbols["_start"], 0
    return machine


def _trace(machine, end):
    found = []
    while machine.cpu.pc != end and len(found) < _INSTRUCTIONS:
        pc = machine.cpu.pc
        place = machine.mmu.place(pc, "fetch")
        if place is None or place + 4 > machine.ram.size:
            break
        word = int.from_bytes(machine.memory.read(place, 4), "big")
        found.append((pc, disassemble(word, pc)))
        machine.step()
    return found


def _returned(attempt: _Attempt) -> None:
    if not attempt.returned:
        raise Wrong(f"enable_mmu has not returned after {_CYCLES} cycles: the processor is at "
                    f"{int(attempt.state['pc'][0]):08x}",
                    attempt.walk(int(attempt.state["pc"][0]), "fetch"), attempt.cycle)
    msr = int(attempt.state["msr"][0])
    if msr & _ON != _ON:
        raise Wrong(f"enable_mmu has returned with MSR {msr:08x}: IR and DR are not both set",
                    cycle=attempt.cycle)


def _expect(attempt: _Attempt, ea: int, access: str, pa: int | None,
            user: bool = False) -> Walk:
    walk = attempt.walk(ea, access, user)
    got = walk.pa if walk.bat and walk.exception is None else None
    if got != pa:
        where = "no block" if got is None else f"{got:08x}"
        wanted = "no block" if pa is None else f"{pa:08x}"
        who = "user" if user else "supervisor"
        raise Wrong(f"{who} {access} at {ea:08x} leads to {where}, but must lead to {wanted}", walk,
                    attempt.cycle)
    return walk


def _kernel(attempt: _Attempt) -> None:
    for access in ("fetch", "load", "store"):
        for ea in (0, 0x1000, _KERNEL // 2, _KERNEL - 4):
            walk = _expect(attempt, ea, access, ea)
            if walk.wimg is None or walk.wimg & 0b0101:
                raise Wrong(f"the block of the kernel has WIMG {walk.wimg:04b}: it must not be "
                            "caching-inhibited or guarded", walk, attempt.cycle)
        _expect(attempt, _KERNEL, access, None)


def _window(attempt: _Attempt) -> None:
    ea, pa = attempt.numbers["WINDOW_EA"], attempt.numbers["WINDOW_PA"]
    size = attempt.numbers["WINDOW_SIZE"]
    for access in ("load", "store"):
        for at in (0, size // 2, size - 4):
            walk = _expect(attempt, ea + at, access, pa + at)
            if walk.wimg is None or walk.wimg & 0b0101 != 0b0101:
                raise Wrong(f"the window has WIMG {walk.wimg:04b}: I and G must be set", walk,
                            attempt.cycle)
        _expect(attempt, ea + size, access, None)
    _expect(attempt, ea, "fetch", None)


def _user(attempt: _Attempt) -> None:
    """Of the blocks that the task asks for."""
    for ea in (0, attempt.numbers["WINDOW_EA"]):
        if not attempt.walk(ea, "load").bat:
            raise Wrong(f"there is no block at {ea:08x} yet", attempt.walk(ea, "load"),
                        attempt.cycle)
        _expect(attempt, ea, "load", None, user=True)


def _unused(attempt: _Attempt) -> None:
    wanted = (0, attempt.numbers["WINDOW_EA"])
    for bat in attempt.bats():
        if (bat.vs or bat.vp) and not any(bat.covers(ea, not bat.vs) for ea in wanted):
            raise Wrong(f"{bat.name} still has the block at {bat.ea:08x} that an earlier program "
                        "has left: set Vs and Vp to 0", attempt.walk(bat.ea, "load"), attempt.cycle)


def _synchronised(attempt: _Attempt) -> None:
    """isync or rfi between the last BAT and its first use, and after mtmsr (PEM table 2-22)."""
    words = [text.split()[0] for _, text in attempt.executed]
    switches = [n for n, word in enumerate(words) if word in ("mtmsr", "rfi")]
    if not switches:
        raise Wrong("no mtmsr or rfi was executed: translation is not turned on",
                    cycle=attempt.cycle)
    switch = switches[-1]
    written = [n for n, (_, text) in enumerate(attempt.executed)
               if "bat" in text.split()[0] or ("mtspr" in text and "bat" in text.lower())]
    last = max((n for n in written if n < switch), default=-1)
    if words[switch] == "rfi":
        return
    if "isync" not in words[last + 1:switch]:
        raise Wrong("no isync between the last write of a BAT, at "
                    f"{attempt.executed[last][0]:08x}, "
                    f"and mtmsr at {attempt.executed[switch][0]:08x}", cycle=attempt.cycle)
    if words[switch + 1:switch + 2] != ["isync"]:
        raise Wrong(f"mtmsr at {attempt.executed[switch][0]:08x} is not followed by isync",
                    cycle=attempt.cycle)


_TESTS = [Test("returned", "enable_mmu returns with IR and DR set", 2, _returned),
          Test("kernel", "0 to 16 MB are mapped where they are", 3, _kernel),
          Test("window", "the window, for data only, inhibited and guarded", 3, _window),
          Test("user", "user programs have no block", 2, _user),
          Test("unused", "all other BATs are invalid", 2, _unused),
          Test("synchronised", "isync where it is needed", 3, _synchronised)]

LAB = Lab("L2", "Block maps", lambda seed: _TESTS, _attempt,
          lambda seed: starter("L2", _FILE, _numbers(seed)), lambda seed: solution("L2", _FILE),
          lambda attempt: {"cycles": attempt.cycle, "table_searches": attempt.searches})
