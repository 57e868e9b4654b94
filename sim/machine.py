"""`Machine`: a whole computer in a Python script, whichever processor model runs it."""

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from pteg.boot.loader import Image, Segment, read_elf
from pteg.components.console import new_watch
from pteg.components.roles import Disk, Ram
from pteg.console import Console
from pteg.cpu import CPUS, FOREVER, Limits, Stop, new_cpu
from pteg.errors import UserError
from pteg.files import read_file
from pteg.measuring import Measurement, regions
from pteg.memory import Memory, write_back
from pteg.mmu import Mmu
from pteg.mutants import NONE
from pteg.parameters import NAMES
from pteg.platform import Platform
from pteg.presets import PRESETS, ROMS
from pteg.profile import Profile
from pteg.recording import Recording
from pteg.registers import Registers
from pteg.running import run
from pteg.statistics import new_statistics, put
from pteg.symbols import Symbols
from pteg.waiting import waiting
from pteg.worlds import Worlds

if TYPE_CHECKING:
    import networkx

    from pteg.firmware.asm import Program
    from pteg.ledger import Kind
    from pteg.mmu.oracle import Oracle, StaleUse
    from pteg.pipeline.computed import Source

__all__ = ["Machine"]


class Machine:
    """A computer: a processor model and a platform of devices.

    Parameters
    ----------
    preset : str or Platform
        Name of a preset (`Machine.presets()`), or devices of your own.
    cpu : str
        "pipeline": the hardware description, cycle by cycle; "functional": instructions only.
    rom : str, path or bytes, optional
        Contents of the ROM: the name of a built-in image or of an installed firmware, a file (ELF
        or raw), bytes, or "none". A preset has a ROM of its own by default: g3 "openfirmware",
        mac99 "openbios".
    adversary : int, optional
        Seed of a processor that uses every freedom the architecture gives it about translations
        (docs/mmu.md). It needs the functional model.
    uniprocessor : bool
        The adversary is that of a machine with one processor, whose software may expect more: that
        sync is enough after tlbie, and that an exception, rfi or isync orders what came before.
    **options
        Of the preset, such as ``ram="64M"``, and parameters of the processor, such as
        ``dcache="16K"`` (`pteg.parameters.MachineParameters`).

    Attributes
    ----------
    cpu : pteg.registers.Registers
        Of processor 0.
    cpus : tuple of pteg.registers.Registers
        Of every processor, with ``processors=2``.
    memory : pteg.memory.Memory
    mmu : pteg.mmu.Mmu
        Segments, BATs, TLBs, hash table, and how addresses are translated.
    mmus : tuple of pteg.mmu.Mmu
        Of every processor.
    console : pteg.console.Console
    platform : Platform
    symbols : pteg.symbols.Symbols
        Names of addresses, from the programs that have been loaded.
    worlds : pteg.worlds.Worlds or None
        How ledger and waveform tell whether host, hypervisor or guest owns the processor.
    model
        The processor model behind it all (`pteg.cpu.Cpu`).
    seconds : float
        Time that the runs up to now have taken: simulation alone, nothing compiled.
    restored : str or None
        How the machine was restored from a checkpoint: "exact" or "architectural".
    """

    def __init__(self, preset: str | Platform = "g3", *, cpu: str = "pipeline",
                 rom: str | PathLike | bytes | None = None, adversary: int | None = None,
                 uniprocessor: bool = False, **options: Any):
        if isinstance(preset, Platform):
            if options:
                raise UserError(f"a platform takes no options, not {', '.join(options)}")
            self.platform = preset
            self.preset: str | None = None
            self.options: dict[str, Any] = {}
        else:
            self.platform = _preset(preset, options)
            self.preset, self.options = preset, options
        if cpu not in CPUS:
            raise UserError(f"cpu must be one of {', '.join(CPUS)}, not {cpu!r}")
        _check_model(self.platform, cpu)
        if adversary is not None:
            _check_adversary(adversary, cpu)
        elif uniprocessor:
            raise UserError("uniprocessor needs an adversary")
        self.cpu_name, self.adversary = cpu, adversary
        self._uniprocessor = uniprocessor
        self.restored: str | None = None
        self.seconds = 0.0
        self.count_from = 0     # grows when `stats` begins anew
        self._events: Callable[[np.ndarray], None] | None = None  # where the ledger's events go
        self._watched = False   # there is an oracle
        # The text that the last run has not seen, and what it has seen of it.
        self._sought: tuple[str | bytes, np.ndarray] | None = None
        # A processor that does not exist yet has fetched nothing. (No reference to the machine: one
        # that is not used any more is gone at once, and its files are free.)
        self._made: dict[str, Any] = {}  # "model": the processor model, when there is one
        made = self._made
        self.memory = Memory(self.platform, lambda: made.get("model"))
        self.console = Console(self.platform.console)
        self.symbols = Symbols()
        self.rom: str | None = None     # the name of the ROM's image, if that is a built-in one
        rom = ROMS.get(self.preset or "") if rom is None else rom
        if rom is not None:
            self.program_rom(rom)

    @property
    def worlds(self) -> Worlds | None:
        """How the worlds of the machine are told apart, or None."""
        return self.platform.worlds

    @worlds.setter
    def worlds(self, worlds: Worlds | None) -> None:
        self.platform.worlds = worlds
        if self._events is not None:
            self.model.ledger(self._events)

    @staticmethod
    def presets() -> dict[str, str]:
        """Names of the presets, each with its first line of documentation."""
        return {name: (make.__doc__ or "").partition("\n")[0] for name, make in PRESETS.items()}

    @property
    def model(self) -> Any:
        """The processors as a model, a `pteg.cpu.Cpu`."""
        # Made when first needed: bad input is found before a processor has been compiled.
        if "model" not in self._made:
            self._made["model"] = new_cpu(self.cpu_name, self.platform)
            if self.adversary is not None:
                self._made["model"].adversary(self.adversary, self._uniprocessor)
        return self._made["model"]

    @cached_property
    def cpus(self) -> tuple[Registers, ...]:
        """The registers of each processor."""
        return tuple(Registers(self.model, number) for number in range(self.model.count))

    @property
    def cpu(self) -> Registers:
        """The registers of the first processor."""
        return self.cpus[0]

    @property
    def mmu(self) -> Mmu:
        """Translations, registers, TLBs and page table of the first processor."""
        return self.mmus[0]

    @cached_property
    def mmus(self) -> tuple[Mmu, ...]:
        """Those of every processor."""
        def of(number: int) -> Mmu:
            return Mmu(lambda: self.cpus[number].state(), self.memory.read,
                       lambda side: self.model.tlb(side, number))

        return tuple(of(number) for number in range(self.model.count))

    def __repr__(self) -> str:
        devices = ", ".join(device.name for device in self.platform.devices)
        what = f"Machine {self.preset or 'of its own'} ({devices}), {self.cpu_name}"
        if "model" not in self._made:
            return f"<{what}: not started>"
        pc = self.cpu.pc
        name = self.symbols.name(pc)
        return f"<{what}: cycle {self.cycle:,}, pc {pc:#x}{f' {name}' if name else ''}>"

    # Contents ---------------------------------------------------------------------------------

    @property
    def ram(self) -> Ram:
        """The main memory: the RAM at address 0."""
        if self.platform.ram is None:
            raise UserError("this machine has no RAM at address 0")
        return self.platform.ram

    def program_rom(self, rom: str | PathLike | bytes) -> None:
        """Put an image into the ROM; see `rom` of `Machine`."""
        from pteg.boot.rom import program_rom
        from pteg.firmware import images

        program_rom(self.platform, self.symbols, rom)
        self.rom = rom if isinstance(rom, str) and rom in images.images() else None

    def load(self, program: "str | PathLike | bytes | Program", at: int | None = None) -> int:
        """Load a program into memory.

        Parameters
        ----------
        program : path, bytes or pteg.firmware.asm.Program
            An ELF executable, or with `at` any bytes; or what `assemble` returns.
        at : int, optional
            Physical address of raw bytes.

        Returns
        -------
        int
            Physical address of the first instruction; for raw bytes `at`.
        """
        if hasattr(program, "elf"):
            program = program.elf()
        if isinstance(program, bytes | bytearray | memoryview):
            data, name = bytes(program), "program"
        else:
            data, name = read_file(program), str(program)
        if at is not None:
            self.memory.write(at, data)
            return at
        image = read_elf(data, name)
        self._check_segments(image, name)
        self.write_segments(image.segments)
        self.symbols.add(data, image)
        return image.entry

    def _check_segments(self, image: Image, name: str) -> None:
        """All of them, before the first byte of memory is changed."""
        for segment in image.segments:
            try:
                self.memory.check(segment.address, segment.size)
            except UserError as error:
                raise UserError(f"{name}: {error}") from None

    def write_segments(self, segments: Iterable[Segment]) -> None:
        """Put segments of a program into memory (`pteg.boot.loader.Segment`)."""
        for segment in segments:
            zeros = bytes(segment.size - len(segment.data))
            self.memory.write(segment.address, segment.data + zeros)

    def boot_linux(self, kernel: str | PathLike, dtb: str | PathLike,
                   append: str | None = None) -> None:
        """Load a kernel and its device tree, and set the registers for its entry.

        Parameters
        ----------
        kernel : path
            ELF executable.
        dtb : path
            Flattened device tree.
        append : str, optional
            Kernel command line instead of the one in the tree.
        """
        from pteg.boot.linux import enter_kernel, patched_tree

        tree = patched_tree(read_file(dtb), self.ram.size, append, str(dtb))
        entry = self.load(kernel)
        enter_kernel(self, entry, tree)

    def preload(self, program: str | PathLike, append: str | None = None) -> None:
        """Load a program that the firmware is to start.

        A program that is linked to the addresses of the exception vectors, such as Linux, goes to
        16 MB instead.

        Parameters
        ----------
        program : path
            An ELF executable.
        append : str, optional
            Its command line.
        """
        from pteg.boot.preload import placed, preload

        data = read_file(program)
        image = placed(read_elf(data, str(program)))
        self._check_segments(image, str(program))
        preload(self, image, append)
        self.write_segments(image.segments)
        self.symbols.add(data, image)

    def check_program(self, program: str | PathLike, dtb: str | PathLike | None = None,
                      firmware: bool = False) -> None:
        """Raise UserError if `load` would, or `boot_linux` with `dtb`, or `preload`."""
        from pteg.boot.linux import patched_tree
        from pteg.boot.preload import placed

        image = read_elf(read_file(program), str(program))
        self._check_segments(placed(image) if firmware else image, str(program))
        if dtb is not None:
            patched_tree(read_file(dtb), self.ram.size, None, str(dtb))

    def attach_disk(self, path: str | PathLike, writable: bool = False) -> None:
        """Make a file the machine's disk; see `pteg.components.ata_disk.AtaDisk.attach`."""
        disk = self.platform.first(Disk)
        if disk is None:
            raise UserError("this machine has no disk controller")
        disk.attach(path, writable)

    # Running ----------------------------------------------------------------------------------

    def reset(self) -> None:
        """Hard reset of processor and devices. Memory and the console's text stay."""
        self.platform.reset()
        self.model.reset()
        self.count_from += 1

    def step(self, count: int = 1, undisturbed: bool = False) -> Stop:
        """Complete `count` instructions, unless something else ends it: see `run`."""
        return self.run(instructions=count, undisturbed=undisturbed)

    def run(self, cycles: int | None = None, instructions: int | None = None,
            until: int | str | bytes | Callable | None = None,
            between: Callable[[], object] | None = None, undisturbed: bool = False) -> Stop:
        """Run until something happens, at the latest when no instruction can complete any more.

        Nothing completes when every instruction causes an exception, those of the handlers
        included. A processor in a power-save mode is waited for, and so are slow devices.

        Parameters
        ----------
        cycles, instructions : int, optional
            Limits, counted from now.
        until : int, str, bytes or callable, optional
            An address: stop before the instruction there. Text: stop when the console has
            printed it; the next run with the same text goes on looking where this one has ended. A
            function, of the machine or of nothing: stop when it returns true; it is asked after
            every instruction, which is slow.
        between : callable, optional
            Called without arguments some times a second; the run ends when it returns true.
        undisturbed : bool
            A limit of instructions does not change the timing: the run ends with the cycle in which
            the last one completes, even if others complete in it (`instructions` counts them). Runs
            in pieces then take as many cycles as a run without. Otherwise the pipeline model
            completes the last 64 instructions one by one, and ends after exactly as many. The
            functional model has one cycle to an instruction.

        Returns
        -------
        Stop
            Why it ended.
        """
        limits = Limits(_limit("cycles", cycles), _limit("instructions", instructions),
                        undisturbed=undisturbed)
        condition, sought, self._sought = None, self._sought, None
        if isinstance(until, str | bytes):
            if not until:
                raise UserError("until must be an address, a text or a function, not empty text")
            if sought is None or sought[0] != until:
                sought = until, new_watch(until, self.console.printed)
            limits.watch = sought[1]
        elif callable(until):
            condition = until if inspect.signature(until).parameters else lambda _: until()
        elif until is not None:
            limits.address = _address(until)
        stop = run(self, limits, condition, between)
        if isinstance(until, str | bytes) and stop is not Stop.CONSOLE:
            self._sought = sought
        return stop

    @property
    def cycle(self) -> int:
        """Clock cycles since reset."""
        return self.model.cycle

    @property
    def instructions(self) -> int:
        """Instructions completed since reset."""
        return self.model.instructions

    def stats(self) -> dict[str, Any]:
        """What was counted since reset: a dict of numbers and of such dicts.

        Its shape is that of `pteg.statistics.new_statistics` with both models: what a model does
        not count is None.
        """
        statistics, model = new_statistics(self.platform), self.model
        put(statistics, {"cycles": model.cycle, "instructions": model.instructions,
                         "exceptions": model.exceptions, **model.stats()})
        return statistics

    def measure(self) -> Measurement:
        """Measure a part of a run: the statistics of what happens until its end.

        Returns
        -------
        pteg.measuring.Measurement
            To be ended, which `with` does.
        """
        return Measurement(self)

    def regions(self, begin: int | str, end: int | str | None = None, *,
                count: int | None = None, cycles: int | None = None,
                instructions: int | None = None) -> Iterator[Measurement]:
        """Run, and measure each passage from one place of the program to another.

        Parameters
        ----------
        begin, end : int or str
            Addresses, or symbols of what has been loaded. Without `end`, `begin` is a function: a
            passage ends where LR points when it is called, with the stack pointer as it was then.
        count : int, optional
            So many passages, then the run ends. Without it, the machine runs up to a limit.
        cycles, instructions : int, optional
            Limits, counted from now. The passages end there, or where `run` would stop by itself.

        Yields
        ------
        pteg.measuring.Measurement
            Of a whole passage; the machine is at its end.
        """
        return regions(self, begin, end, count, cycles, instructions)

    def profile(self) -> Profile:
        """Count where the cycles of the runs that follow go.

        Returns
        -------
        pteg.profile.Profile
            To be closed, which `with` does.
        """
        from pteg.pipeline.profiling import profile

        if self.cpu_name != "pipeline":
            raise UserError("a profile needs cpu='pipeline': the functional model has no cycles")
        return profile(self.model, self.symbols)

    # Keeping ----------------------------------------------------------------------------------

    def save(self, path: str | PathLike) -> None:
        """Write a checkpoint: the whole machine, to continue from here (docs/checkpoints.md)."""
        from pteg.checkpoint import save

        with waiting("saving"):
            save(self, path)

    @staticmethod
    def restore(path: str | PathLike, cpu: str | None = None,
                platform: Platform | None = None, **parameters: Any) -> "Machine":
        """Make a machine from a checkpoint.

        Parameters
        ----------
        path : path
            File that `save` has written.
        cpu : str, optional
            Processor model; by default the one that was saved, which continues exactly.
        platform : Platform, optional
            The devices, if the machine was not made from a preset.
        **parameters
            Instead of those that were saved (`pteg.parameters.MachineParameters`). A model that
            remembers something of that size cannot go on then; the other one can.
        """
        from pteg.checkpoint import restore

        with waiting("restoring"):
            return restore(Machine, path, cpu, platform, parameters)

    def hand_over(self, cpu: str) -> None:
        """Let the other processor model continue from here, at an instruction boundary.

        Registers, pending exceptions and the counts of cycles and instructions pass over; TLBs and
        caches are empty then, and memory is as the processor saw it. Before, the pipeline model
        completes the instruction that it is in, the stores of earlier ones, and the transfer of a
        bus master. Waveforms have to be closed.
        """
        if cpu not in CPUS:
            raise UserError(f"cpu must be one of {', '.join(CPUS)}, not {cpu!r}")
        _check_model(self.platform, cpu)
        if cpu == self.cpu_name:
            return
        if self.adversary is not None:
            _check_adversary(self.adversary, cpu)
        if self._watched:
            raise UserError("an oracle stays with its processor model: begin it after hand_over")
        before, after = self.model, new_cpu(cpu, self.platform)
        before.settle()
        self.console.drain()
        write_back(self.platform, before.modified())
        for number in range(before.count):
            after.set_pending(before.get_pending(number), number)
            after.set_held(number, before.is_held(number))
        for number in range(before.count):
            after.set_state(before.get_state(number), number)
        self.cpu_name, self._made["model"] = cpu, after
        self.__dict__.pop("cpus", None)
        self.count_from += 1
        if self._events is not None:
            before.ledger(None)
            after.ledger(self._events)

    # Looking ----------------------------------------------------------------------------------

    def trace(self, path: str | PathLike, signals: str | Iterable[str] = "*", *,
              depth: int | None = None,
              window: tuple[int, int] | list[tuple[int, int]] | str | None = None,
              trigger: str | None = None, computed: "Iterable[Source]" = (),
              **options: Any) -> Recording:
        """Write a waveform of the runs that follow, and a GTKWave save file beside it.

        Parameters
        ----------
        path : path
            The file is FST if its name ends in `.fst`, otherwise VCD.
        signals : str or sequence of str
            Components, or dotted paths with `*` and `?`.
        depth : int, optional
            Levels of components below each of `signals`; 1: its own signals only.
        window : (int, int), list of (int, int) or str, optional
            Cycles `first <= cycle < last`, or "A:B"; several are a list, or "A:B,C:D".
        trigger : str, optional
            Condition with which the waveform begins; see docs/waveforms.md.
        computed : iterable of pteg.pipeline.computed.Source
            What makes more signals, from those of the hardware.
        **options
            See `pteg.waveforms.trace.Trace`.

        Returns
        -------
        pteg.recording.Recording
            To be closed, which `with` does; at the latest when Python ends. It knows in
            which cycles it was `triggered`, and what was `unreached`.
        """
        from pteg.pipeline.recordings import waveform

        if self.cpu_name != "pipeline":
            raise UserError("a waveform needs cpu='pipeline': the functional model has no signals")
        return waveform(self.model, path, signals, self.symbols, depth=depth, window=window,
                        trigger=trigger, computed=computed, **options)

    def pipeline_log(self, path: str | PathLike, form: str = "kanata", *,
                     window: tuple[int, int] | str | None = None,
                     warn: Callable[[str], None] = warnings.warn) -> Recording:
        """Write how each instruction of the runs that follow goes through the pipeline.

        Parameters
        ----------
        path : path
            File to write.
        form : str
            "kanata", for the viewer Konata, or "table", to be read as text.
        window : (int, int) or str, optional
            Cycles `first <= cycle < last`, or "A:B".
        warn : callable, optional
            Called once with a line of text if the file becomes too large for viewers.

        Returns
        -------
        pteg.recording.Recording
        """
        from pteg.pipeline.recordings import pipeline_log

        if self.cpu_name != "pipeline":
            raise UserError("a pipeline log needs cpu='pipeline': the functional model has no "
                            "pipeline")
        return pipeline_log(self.model, path, form, self.symbols, window=window, warn=warn)

    def report(self, path: str | PathLike, *, signals: str | Iterable[str] = (),
               window: tuple[int, int] | str | None = None, trigger: str | None = None,
               **options: Any) -> Recording:
        """Write a report of the runs that follow: one HTML file for a browser.

        Parameters
        ----------
        path : path
            HTML file to write.
        signals : str or sequence of str
            Dotted paths with `*` and `?`, of signals that the waveforms show beside the usual ones.
        window : (int, int) or str, optional
            Cycles `first <= cycle < last`, or "A:B". Without window and trigger, the last 5,000.
        trigger : str, optional
            Condition on signals; the report is about the cycles around it.
        **options
            `before` and `after`: cycles around the trigger; `last`: the last so many cycles.

        Returns
        -------
        pteg.recording.Recording
            The file is written when it is closed.
        """
        from pteg.report import record_report

        return record_report(self, path, signals=signals, window=window, trigger=trigger, **options)

    def ledger(self, path: str | PathLike,
               kinds: "Iterable[Kind | str] | str | None" = None) -> Recording:
        """Write every architectural event of the runs that follow, as JSON lines.

        Parameters
        ----------
        path : path
            File to write, JSON lines.
        kinds : sequence of str or pteg.ledger.Kind, optional
            Only these kinds.

        Returns
        -------
        pteg.recording.Recording
        """
        from pteg.ledger import Ledger

        ledger = Ledger(path, kinds=kinds, symbols=self.symbols)
        self._events = ledger.add
        self.model.ledger(self._events)

        def close() -> None:
            self._events = None
            self.model.ledger(None)
            ledger.close()

        return Recording(close)

    def oracle(self, stop: bool = False, references: bool = False,
               tell: "Callable[[StaleUse], object] | None" = None,
               patience: int = 1000) -> "Oracle":
        """Hold each translation that the runs use against the page table.

        With the pipeline model it begins before the first run, while the TLBs are empty. The
        functional model follows the pipeline instruction by instruction then.

        Parameters
        ----------
        stop : bool
            End the run at the first stale use, with `Stop.STALE`.
        references : bool
            Also tell of accesses that do not set R, because the TLB has the page. Software that
            only estimates which pages are in use may ignore them.
        tell : callable, optional
            Called with each use.
        patience : int
            Of several processors, the functional model only: while one changes a PTE, the others
            may use it as it was. The change is over with sync after tlbsync after tlbie, or after
            so many instructions. Software that has other processors execute tlbie themselves
            needs more.

        Returns
        -------
        pteg.mmu.oracle.Oracle
            Its `uses` tell what was stale, who changed the PTE, and what was left out.
        """
        from pteg.mmu.oracle import Oracle

        oracle = Oracle(stop, tell)
        self._watched = True
        self.model.oracle(oracle.add, references, _limit("patience", patience))
        return oracle

    @property
    def graph(self) -> "networkx.MultiDiGraph":
        """The machine as a networkx.MultiDiGraph: components and their connections."""
        from pteg.graph import machine_graph

        with waiting("elaborating the processor"):
            return machine_graph(self)


def _check_model(platform: Platform, cpu: str) -> None:
    """Raise UserError if a processor model cannot run the machine."""
    if cpu == "pipeline" and platform.parameters.processors > 1 and platform.parameters.l2:
        raise UserError("processors must be 1 with cpu='pipeline' and an L2 cache")
    if cpu == "functional" and platform.parameters.mutant != NONE:
        raise UserError("mutant needs cpu='pipeline': the functional model has no mutants")


def _preset(name: str, options: dict[str, Any]) -> Platform:
    if name not in PRESETS:
        raise UserError(f"machine must be one of {', '.join(PRESETS)}, not {name!r}")
    make = PRESETS[name]
    known = [*(option.name for option in inspect.signature(make).parameters.values()
               if option.kind is not option.VAR_KEYWORD), *NAMES]
    for option in options:
        if option not in known:
            raise UserError(f"option of machine {name} must be one of {', '.join(known)}, "
                            f"not {option!r}")
    return make(**options)


def _check_adversary(seed: object, cpu: str) -> None:
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 1 << 64:
        raise UserError(f"adversary must be a number of 64 bits, not {seed!r}")
    if cpu != "functional":
        raise UserError("an adversary needs cpu='functional'")


def _limit(name: str, value: object) -> int:
    if value is None:
        return FOREVER
    if not isinstance(value, int) or value < 0:
        raise UserError(f"{name} must be an integer that is not negative, not {value!r}")
    return value


def _address(value: object) -> int:
    if not isinstance(value, SupportsIndex) or not 0 <= int(value) < 1 << 32 or int(value) % 4:
        raise UserError(f"until must be an address, a text or a function, not {value!r}")
    return int(value)
