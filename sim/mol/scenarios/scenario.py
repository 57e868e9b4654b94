"""What a scenario is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pteg.firmware.hosts.hostl.image import build_with_mol
from pteg.mol.guest import Guest
from pteg.mol.hostb import Flag, HostB, Option
from pteg.mol.hostl import PROMPT, HostL

__all__ = ["Scenario", "HostScenario"]

#: Signals of a waveform: who owns the processor, MOL's counters and the hash table by owner, the
#: program counter, the mode, MMU and walker.
SIGNALS = ("world, mol.*, core.completion.pc, core.completion.cq0, core.completion.cq1, "
           "core.completion.instructions, core.special.msr, core.special.srr0, core.special.srr1, "
           "core.special.sprg2, mmu.segments.*, mmu.walker.*, core.lsu.invalidate__*")


@dataclass(frozen=True)
class Scenario:
    """A guest, and what the host does meanwhile.

    Attributes
    ----------
    name, title : str
    number : int
        Its place in the list: tests name it.
    point : str
        Of the e-mail, "i" to "viii": docs/mol has a page about each.
    guest : callable
        Makes the guest.
    options : dict of Option to int
        Choices and faults of the session.
    flags : Flag
        What the host does.
    tick : int
        Ticks of the time base between two interrupts of the host; 0: none.
    limit : int
        Instructions in which it ends.
    ends : bool
        The guest ends the session; otherwise the run ends at the guest's stop.
    as_bare : bool
        Registers and memory are in the end those of the bare machine.
    signals : str
        Of a waveform.
    baseline : (str, dict of Option to int), optional
        What the guest's throughput is compared with: a session with other options, and what they
        are.
    """

    name: str
    number: int
    point: str
    title: str
    guest: Callable[[], Guest]
    options: Mapping[Option, int] = field(default_factory=dict)
    flags: Flag = Flag(0)
    tick: int = 0
    limit: int = 5_000_000
    ends: bool = False
    as_bare: bool = True
    signals: str = SIGNALS
    baseline: tuple[str, Mapping[Option, int]] | None = None

    def session(self, cpu: str = "functional") -> HostB:
        """A machine that is about to run it."""
        return HostB(self.guest(), cpu=cpu, options=self.options, flags=self.flags, tick=self.tick)

    def until(self, session: HostB) -> int | None:
        """Where the session's run ends; None: at the guest's stop."""
        return session.ended if self.ends else None


@dataclass(frozen=True)
class HostScenario:
    """Guests as processes of HostL or HostX: the last line runs one.

    Attributes
    ----------
    name, number, point, title, limit, signals
        As those of a `Scenario`.
    guests : callable
        Makes the files of the archive, by name.
    lines : tuple of str
        For the shell.
    arguments : str
        Of HostL.
    build : callable
        `build_with_mol` of HostL or HostX.
    ends : str
        What is printed when it ends: by default the prompt of the host's shell.
    ram : str
        Memory of the machine.
    """

    name: str
    number: int
    point: str
    title: str
    guests: Callable[[], Mapping[str, bytes]]
    lines: tuple[str, ...]
    arguments: str = ""
    build: Callable[..., bytes] = build_with_mol
    limit: int = 100_000_000
    signals: str = SIGNALS
    ends: str = PROMPT
    ram: str = "64M"
    #: There is no bare machine with two guests or a host's process.
    as_bare: bool = False

    def session(self, cpu: str = "functional") -> HostL:
        """A machine on which the last line has been typed."""
        return HostL(self.guests(), self.lines, arguments=self.arguments, cpu=cpu, ram=self.ram,
                     build=self.build)

    def until(self, session: HostL) -> str:
        """What is printed when the session's run ends."""
        return self.ends
