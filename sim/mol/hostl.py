"""HostL with MOL as a module: sessions that are processes of an operating system."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from pteg.boot.loader import read_elf
from pteg.cpu import Stop
from pteg.errors import UserError
from pteg.firmware.cdata import Data
from pteg.firmware.hosts.hostl.image import build_with_mol
from pteg.firmware.mol.image import names
from pteg.hw.isa.registers import Msr
from pteg.machine import Machine
from pteg.mol.hostb import GUEST_IN, counter_offsets, read_counters
from pteg.mol.occupancy import (
    SESSIONS,
    contexts_of,
    session_of,
    sessions_of_spaces,
    space_of,
    spaces_asked,
    with_spaces,
)
from pteg.mol.places import Places
from pteg.symbols import Symbols
from pteg.worlds import GUESTS, Worlds

__all__ = ["HostL", "BASE", "PROMPT"]

#: Where the kernel is linked; it is loaded at 0.
BASE = 0xC0000000
#: Of the shell.
PROMPT = "$ "
_STEP = 100_000_000
#: Of the kernel's page tables (kernel/pte.h).
_PAGE, _ENTRIES, _PRESENT = 4096, 1024, 1


@lru_cache
def _offsets():
    return names()


class HostL:
    """A machine on which HostL starts, executes lines of its shell, and then begins the last one.

    Parameters
    ----------
    guests : dict of str to bytes
        Files for the archive; the symbols of the first one are those of the guest's worlds.
    lines : sequence of str
        What is typed, one line at each prompt. All but the last one are executed by the functional
        model, which then hands over.
    arguments : str
        Of the kernel.
    cpu, ram : str
        See `pteg.Machine`.
    build : callable
        `build_with_mol` of another host with the same shell: HostX.

    Attributes
    ----------
    machine : pteg.Machine
    elf : bytes
        The kernel.
    data : pteg.firmware.cdata.Data
        Its variables, and those of MOL's part in it.
    sessions : int
        Of MOL, that the lines begin.
    counter_offsets : dict of str to int
        Where each of MOL's counters is in a session's variables, in bytes.
    """

    def __init__(self, guests: Mapping[str, bytes], lines: Sequence[str], *, arguments: str = "",
                 cpu: str = "functional", ram: str = "64M",
                 build: Callable[..., bytes] = build_with_mol):
        self.elf = build(arguments, guests=guests)
        self.machine = machine = Machine("g3", cpu="functional", rom="none", ram=ram)
        entry = machine.load(self.elf)
        with machine.cpu.changed() as state:
            state["pc"], state["msr"] = entry, 0
            state["gpr"][0, :] = 0
            state["gpr"][0, 1] = machine.ram.size - 0x100
        self.counter_offsets = counter_offsets(_offsets())
        self.sessions = sum(line.split()[0] == "mol" for line in lines)
        self.data = Data(self.elf, lambda address, size: machine.memory.read(address - BASE, size))
        for line in lines:
            if machine.run(until=PROMPT, instructions=_STEP) != Stop.CONSOLE:
                raise UserError(f"HostL has no prompt before {line!r}")
            machine.console.write(line.encode() + b"\r")
        if cpu != "functional":
            machine.hand_over(cpu)
        first, end = self._address("mol_text"), self._address("mol_text_end")
        machine.worlds = Worlds(GUEST_IN, _offsets()["xMSR"],
                                ((first, end), (first - BASE, end - BASE)))
        guest = next(iter(guests.values()))
        self._guest = read_elf(guest, "guest")
        known = Symbols()
        known.add(guest, self._guest)
        machine.symbols.worlds |= dict.fromkeys(GUESTS, known)

    def _address(self, name: str) -> int:
        """Of something in HostL or MOL, as it is linked."""
        address = self.machine.symbols.address(name)
        assert address is not None, name
        return address

    @property
    def entry(self) -> int:
        """Physical address at which MOL enters a guest."""
        return self._address("mac_entry") - BASE

    @property
    def base(self) -> int:
        """Difference of linked and physical addresses."""
        return BASE

    def run(self, instructions: int, until: int | str | None = None,
            undisturbed: bool = False) -> Stop:
        """Run until the prompt is back, or the processor is at an address."""
        return self.machine.run(instructions=instructions,
                                until=PROMPT if until is None else until, undisturbed=undisturbed)

    @property
    def in_guest(self) -> bool:
        """Whether a guest has the processor."""
        cpu = self.machine.cpu
        return cpu.spr["SPRG2"] == GUEST_IN and cpu.msr & Msr.PR != 0

    @property
    def links(self) -> int:
        """Physical address of MOL's words that say where each session's variables are."""
        return self.data.address("session_phys") - BASE

    # -- Sessions ----------------------------------------------------------------------------------

    def kvars(self, session: int = 0) -> int:
        """Physical address of a session's variables; 0: there is no such session."""
        return self.data.session_phys[session]

    def variable(self, name: str, index: int = 0, session: int = 0) -> int:
        """A word of a session's variables, by its name in asm_offsets.c."""
        return self.machine.memory.read_word(self.place(name, index, session))

    def place(self, name: str, index: int = 0, session: int = 0) -> int:
        """Physical address of that word."""
        return self.kvars(session) + _offsets()[name] + 4 * index

    def places(self, session: int = 0) -> Places:
        """Where a session keeps what its guest believes in. Its memory is a range of the process
        that owns it, whose page tables have the frames (kernel/pte.h)."""
        def variable(name, index=0):
            return self.variable(name, index, session)

        owner = self.data.at("processes", variable("xOWNER"))
        directory = owner.directory - BASE
        _, size, begin = (variable("xRAM", n) for n in range(3))

        def frames(words):
            found, used = np.zeros(size // _PAGE, int), [(directory, _PAGE)]
            pages = begin // _PAGE + np.arange(len(found))
            for number in np.unique(pages // _ENTRIES).tolist():
                table = int(words(directory + 4 * number, 1)[0])
                if table:
                    used.append((table, _PAGE))
                    mine = pages // _ENTRIES == number
                    entries = words(table, _ENTRIES)[pages[mine] % _ENTRIES].astype(int)
                    found[mine] = np.where(entries & _PRESENT, entries & -_PAGE, 0)
            return found, used

        return Places(self.kvars(session), _offsets(), frames)

    def counters(self, session: int = 0) -> dict[str, int]:
        """MOL's counters by name; {} if there is no such session."""
        kvars = self.kvars(session)
        return read_counters(self.machine, kvars, self.counter_offsets) if kvars else {}

    def guest_word(self, address: int) -> int | None:
        """An instruction of the first guest, if its code lies at its effective address."""
        for segment in self._guest.segments:
            offset = address - segment.address
            if 0 <= offset <= len(segment.data) - 4:
                return int.from_bytes(segment.data[offset:offset + 4], "big")
        return None

    def session_of(self, vsids: np.ndarray) -> np.ndarray:
        """The session of MOL that each VSID belongs to; -1: the host."""
        asked = {n: spaces_asked(self.machine, kvars, _offsets())
                 for n in range(SESSIONS) if (kvars := self.kvars(n))}
        if "vsid_increment" in self.data:
            spaces = space_of(self.data.vsid_increment, vsids)
            return with_spaces(sessions_of_spaces(spaces), spaces, asked)
        return with_spaces(session_of(vsids), contexts_of(vsids) >> 4, asked)

    @property
    def sdr1(self) -> int:
        """SDR1 of the hash table that everybody shares."""
        return self.machine.cpu.spr["SDR1"]
