"""HostB: the bare machine with the hypervisor and one guest."""

import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum, IntFlag
from functools import lru_cache

import numpy as np

from pteg.boot.loader import read_elf
from pteg.cpu import Stop
from pteg.firmware.cbuild import Compiler
from pteg.firmware.cdata import Data
from pteg.firmware.hosts.hostb.image import build
from pteg.firmware.mol.image import names
from pteg.hw.isa.registers import Msr
from pteg.machine import Machine
from pteg.mol.guest import Guest
from pteg.mol.occupancy import contexts_of, session_of, spaces_asked, with_spaces
from pteg.mol.places import Places
from pteg.state import STORED_SPRS
from pteg.symbols import Symbols
from pteg.worlds import GUESTS, Worlds

__all__ = ["HostB", "Option", "Flag", "GUEST_IN", "KVM_POLICIES", "counter_offsets",
           "read_counters"]


class Option(IntEnum):
    """Choices and faults of a session: enum mol_option of firmware/mol/mol_ioctl.h."""

    PRIVATE_HASH = 0
    TLBIE_FLUSHES = 1
    VSID_LIMIT = 2
    CONTEXT_LIMIT = 3
    CALL_BY_USER = 4
    TOUCH = 5
    COPY = 6
    VSID_MAP = 7
    SECONDARY_FIRST = 8
    LISTS = 9
    UNWATCHED = 10
    BAT_FLUSHES = 11
    MODE_FLUSHES = 12
    OVERLAPPING_SESSIONS = 13
    BLOCK_INTERCEPT = 14
    BAT_HACK = 15
    STALE_SLOT = 16
    NO_RESERVATION = 17


#: KVM-PR's policies, all of them.
KVM_POLICIES = dict.fromkeys((
    Option.TLBIE_FLUSHES, Option.COPY, Option.VSID_MAP, Option.SECONDARY_FIRST, Option.LISTS,
    Option.UNWATCHED, Option.BAT_FLUSHES, Option.MODE_FLUSHES), 1)


class Flag(IntFlag):
    """What HostB does: enum hostb_flags of firmware/hosts/hostb/options.h."""

    DEMAND_ZERO = 1
    SWAP_AT_PAGE_IN = 2
    SWAP_AT_TICK = 4
    EVICT_AT_TICK = 8
    BAD_MAGIC = 16
    UNKNOWN_IOCTLS = 32
    END_AT_TICK = 64
    EVICT_QUIETLY = 128


#: struct hostb_options, and where the frames of the guest's RAM begin.
_OPTIONS, _FIRST_FRAME = 0x3000, 0x0100_0000
_RESULTS = ("frames", "kvars", "status", "ticks", "page_ins", "swaps")
_PAGE = 4096
_CALL = struct.Struct(">5I")            # struct hostb_call
#: SPRG2 while the guest is in.
GUEST_IN = 0x1779


@lru_cache
def _names(compiler):
    return names(compiler)


def counter_offsets(offsets: Mapping[str, int]) -> dict[str, int]:
    """Where MOL's counters are in a session's variables, by name, from those of asm_offsets.c."""
    return {name[2:]: offsets["xCOUNTER"] + offset
            for name, offset in offsets.items() if name.startswith("C_")}


def read_counters(machine: Machine, kvars: int, offsets: Mapping[str, int]) -> dict[str, int]:
    """MOL's counters by name, of a session whose variables are at a physical address."""
    first = min(offsets.values())
    # At once: the pipeline model looks for each piece in its caches.
    words = np.frombuffer(
        machine.memory.read(kvars + first, max(offsets.values()) + 4 - first), ">u4")
    return {name: int(words[(offset - first) // 4]) for name, offset in offsets.items()}


class HostB:
    """A machine on which HostB is about to start a guest.

    Parameters
    ----------
    guest : Guest
    cpu : str
        "functional" or "pipeline".
    options : dict of Option to int, optional
    flags : Flag
    tick : int
        Ticks of the time base between two interrupts of the host; 0: none.
    compiler : pteg.firmware.cbuild.Compiler, optional
    calls : sequence of tuples of int
        Ioctls that the user part makes before the guest begins: number, three arguments.
    adversary : int, optional
        See `pteg.Machine`.

    Attributes
    ----------
    machine : pteg.Machine
    data : pteg.firmware.cdata.Data
        HostB's variables, and those of MOL's part in it.
    sessions : int
        1: the sessions of MOL in a run.
    counter_offsets : dict of str to int
        Where each of MOL's counters is in a session's variables, in bytes.
    """

    sessions = 1

    def __init__(self, guest: Guest, *, cpu: str = "functional",
                 options: Mapping[Option, int] | None = None, flags: Flag | int = 0, tick: int = 0,
                 compiler: Compiler | None = None, adversary: int | None = None,
                 calls: Sequence[tuple[int, int, int, int]] = ()):
        self.guest = guest
        self._offsets = _names(compiler)
        self.counter_offsets = counter_offsets(self._offsets)
        self.machine = machine = Machine("g3", cpu=cpu, rom="none", adversary=adversary)
        elf = build(compiler)
        self.data = Data(elf, machine.memory.read)
        start = machine.load(elf)
        words = [guest.size, guest.entry, guest.msr, 0, tick, int(flags)]
        words += [(options or {}).get(option, 0) for option in Option]
        self._results = _OPTIONS + 4 * len(words)
        machine.memory.write(_OPTIONS, struct.pack(f">{len(words)}I", *words))
        self._calls = len(calls)
        machine.memory.write(self._call(0), b"".join(_CALL.pack(*call, 0) for call in calls))
        if not flags & Flag.DEMAND_ZERO:
            machine.memory.write(_FIRST_FRAME, guest.image())
        if guest.elf:
            known = Symbols()
            known.add(guest.elf, read_elf(guest.elf, "guest"))
            machine.symbols.worlds |= dict.fromkeys(GUESTS, known)
        machine.worlds = Worlds(GUEST_IN, self._offsets["xMSR"],
                                tuple((self._address(first), self._address(end)) for first, end in (
                                    ("mol_vector_0x100", "mol_vectors_end"),
                                    ("mol_text", "mol_text_end"))))
        machine.reset()
        machine.cpu.pc = start
        machine.cpu.msr = 0

    def run(self, instructions: int, until: int | str | None = None,
            undisturbed: bool = False) -> Stop:
        """Run until the guest is at its stop, or the host at an address, or a text is printed.

        See `pteg.Machine.run` for `undisturbed`.
        """
        return self._run(instructions, self.guest.stop if until is None else until, until is None,
                         undisturbed)

    def run_guest(self, instructions: int, address: int) -> Stop:
        """Run until the guest is at an effective address."""
        return self._run(instructions, address, True)

    def _run(self, instructions, until, inside, undisturbed=False):
        machine = self.machine
        end = machine.instructions + instructions
        while True:
            stop = machine.run(instructions=end - machine.instructions, until=until,
                               undisturbed=undisturbed)
            # Host and guest have instructions at the same effective addresses.
            if stop != Stop.ADDRESS or self.in_guest == inside or machine.instructions >= end:
                return stop
            machine.step()

    @property
    def in_guest(self) -> bool:
        """Whether the guest has the processor."""
        return (self.machine.cpu.spr["SPRG2"] == GUEST_IN
                and self.machine.cpu.msr & Msr.PR != 0)

    def end(self) -> None:
        """The session ends at the next tick."""
        place = _OPTIONS + 4 * 5
        flags = self.machine.memory.read_word(place) | Flag.END_AT_TICK
        self.machine.memory.write(place, struct.pack(">I", flags))

    @property
    def entry(self) -> int:
        """Physical address at which MOL enters the guest."""
        return self._address("mac_entry")

    @property
    def base(self) -> int:
        """Difference of linked and physical addresses."""
        return 0

    @property
    def ended(self) -> int:
        """Address at which HostB waits when the guest has ended the session."""
        return self._address("hostb_done")

    def _address(self, name: str) -> int:
        """Of something in HostB or MOL."""
        address = self.machine.symbols.address(name)
        assert address is not None
        return address

    def result(self, name: str) -> int:
        """A result in HostB's options: "status", "ticks", "swaps", ..."""
        return self.machine.memory.read_word(self._results + 4 * _RESULTS.index(name))

    def _call(self, number: int) -> int:
        return self._results + 4 * len(_RESULTS) + _CALL.size * number

    def answers(self) -> list[tuple[int, int, int, int]]:
        """Of the `calls` that were made: the error or 0, and the arguments afterwards."""
        found = [_CALL.unpack(self.machine.memory.read(self._call(n), _CALL.size))
                 for n in range(self._calls)]
        return [(error, *arguments) for _, *arguments, error in found]

    @property
    def links(self) -> int:
        """Physical address of MOL's words that say where each session's variables are."""
        return self.data.address("session_phys")

    # -- The session -------------------------------------------------------------------------------

    @property
    def kvars(self) -> int:
        """Physical address of the session's variables."""
        return self.result("kvars")

    def variable(self, name: str, index: int = 0) -> int:
        """A word of the session's variables, by its name in asm_offsets.c."""
        return self.machine.memory.read_word(self.place(name, index))

    def place(self, name: str, index: int = 0) -> int:
        """Physical address of that word."""
        return self.kvars + self._offsets[name] + 4 * index

    def session_of(self, vsids: np.ndarray) -> np.ndarray:
        """The session of MOL that each VSID belongs to; -1: the host."""
        asked = {0: spaces_asked(self.machine, self.kvars, self._offsets)} if self.kvars else {}
        return with_spaces(session_of(vsids), contexts_of(vsids) >> 4, asked)

    @property
    def sdr1(self) -> int:
        """SDR1 while the guest is in; 0: there is no session yet."""
        return self.variable("xSDR1") if self.kvars else 0

    def places(self) -> Places:
        """Where the session keeps what the guest believes in."""
        table, count = self.result("frames"), self.guest.size // _PAGE
        return Places(self.kvars, self._offsets,
                      lambda words: (words(table, count).astype(int), [(table, 4 * count)]))

    def counters(self) -> dict[str, int]:
        """MOL's counters by name."""
        return read_counters(self.machine, self.kvars, self.counter_offsets)

    def guest_state(self) -> np.ndarray:
        """The guest's registers while it is in, as a record of `pteg.state.ARCH_STATE`."""
        state = self.machine.model.get_state().copy()
        state["msr"] = self.variable("xMSR")
        for number in range(16):
            state["sr"][0, number] = self.variable("xSEGR", number)
        for spr in STORED_SPRS:
            if not spr.user:
                state[spr.name.lower()] = self.variable("xSPR", spr.number)
        return state

    # -- The guest's memory ------------------------------------------------------------------------

    def frames(self, first: int, count: int) -> np.ndarray:
        """Physical addresses of pages of the guest's memory; 0: a page that does not exist yet."""
        table = self.machine.memory.read(self.result("frames") + 4 * first, 4 * count)
        return np.frombuffer(table, ">u4").astype(int)

    def read(self, address: int, size: int) -> bytes:
        """Guest-physical memory."""
        first, offset = divmod(address, _PAGE)
        pages = [self.machine.memory.read(int(frame), _PAGE) if frame else bytes(_PAGE)
                 for frame in self.frames(first, (offset + size + _PAGE - 1) // _PAGE)]
        return b"".join(pages)[offset:offset + size]

    def guest_word(self, address: int) -> int | None:
        """An instruction of a guest whose code lies at its effective address."""
        if address + 4 > self.guest.size:
            return None
        return int.from_bytes(self.read(address, 4), "big")

    def memory(self) -> bytes:
        """All of the guest's memory."""
        return self.read(0, self.guest.size)
