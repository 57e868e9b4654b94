"""The meaning of GDB's requests for a machine ("Debugging with GDB", appendix E.2 and E.4).

Breakpoints compare the PC in the model and never change memory. One of them costs nothing; with
several, or with watchpoints, the machine runs instruction by instruction. A watchpoint checks the
next access of the instruction at the PC. A processor is a thread: number 1 is processor 0. All run
when one does; a step is over when the chosen one has completed an instruction. Left out: reverse
execution, agent expressions, file transfer; memory outside RAM and ROM, which cannot be read
without changing devices.
"""

import re
import time

from pteg.cpu import Stop
from pteg.errors import UserError
from pteg.gdb import memory, registers
from pteg.gdb.packets import LONGEST

__all__ = ["Stub"]

#: Signals in stop replies.
SIGINT, SIGTRAP, SIGABRT = 2, 5, 6
#: Seconds between two checks of the connection.
POLL = 0.05
_WATCH = {2: "watch", 3: "rwatch", 4: "awatch"}
_HELP = """\
bat              block address translation registers
help             this text
phys ADDR [N]    N bytes (64) of physical memory
phys on|off      whether GDB's own accesses to memory are physical
pteg EA          both groups of page table entries for an effective address
reset            hard reset
sr               segment registers
stats            what has been counted since reset
tlb              valid entries of the TLBs
walk EA          how an effective address is translated
"""


class Stub:
    """Answers packets for one machine.

    Parameters
    ----------
    machine : pteg.machine.Machine
    interrupted : callable
        Whether GDB wants a running machine to stop; called some times a second.
    output : callable
        Takes text for GDB's console at any time.

    Attributes
    ----------
    acknowledge : bool
        Packets are acknowledged with `+`.
    detached, killed : bool
        GDB is done with the connection, or with the machine.
    """

    def __init__(self, machine, interrupted=lambda: False, output=lambda text: None):
        self._machine, self._interrupted, self._output = machine, interrupted, output
        self._breakpoints, self._watchpoints = set(), []
        self._physical = False
        self._chosen = 0    # processor that packets are about
        self._reported = -1  # count of instructions at the last hit of a watchpoint
        self._reason = f"T{SIGTRAP:02x}thread:1;"
        self.acknowledge = True
        self.detached = self.killed = False

    @property
    def _cpu(self):
        return self._machine.cpus[self._chosen]

    @property
    def _mmu(self):
        return self._machine.mmus[self._chosen]

    def answer(self, packet):
        """Reply to a packet: bytes, or None for no reply. Bad requests are errors, not exceptions.
        """
        try:
            text = packet.decode("latin-1")
            for prefix, method in self._METHODS:
                if text.startswith(prefix):
                    return method(self, text[len(prefix):])
            return b""
        except (ValueError, IndexError, OverflowError):
            return b"E01"  # not the form that the protocol asks for
        except UserError:
            return b"E0e"  # EFAULT: no such memory or register

    # Queries ----------------------------------------------------------------------------------

    def _supported(self, _):
        return (f"PacketSize={LONGEST:x};qXfer:features:read+;QStartNoAckMode+;"
                f"vContSupported+").encode()

    def _no_ack(self, _):
        self.acknowledge = False
        return b"OK"

    def _features(self, text):
        offset, length = (_hex(part) for part in text.split(","))
        whole = registers.target_description()
        part = whole[offset:offset + min(length, LONGEST // 2)]
        return (b"m" if offset + len(part) < len(whole) else b"l") + part

    def _stop_reason(self, _):
        return self._reason.encode()

    def _detach(self, _):
        self.detached = True
        return b"OK"

    def _kill(self, _):
        self.detached = self.killed = True

    def _v_kill(self, _):
        self._kill(_)
        return b"OK"

    # Registers and memory ---------------------------------------------------------------------

    def _read_registers(self, _):
        state = self._cpu.state()
        return b"".join(registers.read(state, n) for n in range(len(registers.REGISTERS))
                        ).hex().encode()

    def _write_registers(self, text):
        data = bytes.fromhex(text)
        with self._cpu.changed() as state:
            for number, (_, _, bits, _) in enumerate(registers.REGISTERS):
                part, data = data[:bits // 8], data[bits // 8:]
                if not part:
                    break
                # What cannot be written, such as PVR, is in the packet all the same.
                if part != registers.read(state, number):
                    registers.write(state, number, part)
        return b"OK"

    def _read_register(self, text):
        return registers.read(self._cpu.state(), _number(text)).hex().encode()

    def _write_register(self, text):
        name, _, value = text.partition("=")
        number, data = _number(name), bytes.fromhex(value)
        with self._cpu.changed() as state:
            registers.write(state, number, data)
        return b"OK"

    def _read_memory(self, text):
        address, size = _place(text)
        if size > LONGEST // 2 - 8:
            raise ValueError
        if self._physical:
            data = self._machine.memory.read(address, size)
        else:
            data = memory.read_virtual(self._machine, self._mmu, address, size)
        if size and not data:
            raise UserError("not mapped")
        return data.hex().encode()

    def _write_hex(self, text):
        place, _, data = text.partition(":")
        return self._write_memory(place, bytes.fromhex(data))

    def _write_binary(self, text):
        place, _, data = text.partition(":")
        return self._write_memory(place, data.encode("latin-1"))

    def _write_memory(self, place, data):
        address, size = _place(place)
        if size != len(data):
            raise ValueError
        if size:
            if self._physical:
                self._machine.memory.write(address, data)
            else:
                memory.write_virtual(self._machine, self._mmu, address, data)
        return b"OK"

    # Breakpoints ------------------------------------------------------------------------------

    def _insert(self, text):
        kind, place = self._breakpoint(text)
        if kind < 2:
            self._breakpoints.add(place[0])
        elif (kind, *place) not in self._watchpoints:
            if len(self._watchpoints) >= 64:
                return b"E0c"  # ENOMEM
            self._watchpoints.append((kind, *place))
        return b"OK"

    def _remove(self, text):
        kind, place = self._breakpoint(text)
        if kind < 2:
            self._breakpoints.discard(place[0])
        elif (kind, *place) in self._watchpoints:
            self._watchpoints.remove((kind, *place))
        return b"OK"

    @staticmethod
    def _breakpoint(text):
        kind, place = text.split(",", 1)
        if kind not in ("0", "1", "2", "3", "4"):
            raise ValueError
        address, size = _place(place.split(";")[0])
        if kind in "01" and address % 4:
            raise ValueError
        return int(kind), (address, max(1, min(size, LONGEST)))

    # Running ----------------------------------------------------------------------------------

    def _continue(self, text):
        return self._resume(text, step=False)

    def _step(self, text):
        return self._resume(text, step=True)

    def _continue_signal(self, text):
        return self._resume(text.partition(";")[2], step=False)

    def _step_signal(self, text):
        return self._resume(text.partition(";")[2], step=True)

    def _vcont_query(self, _):
        return b"vCont;c;C;s;S"

    def _vcont(self, text):
        action = text[:1]
        if action not in ("c", "C", "s", "S") or not action:
            raise ValueError
        thread = re.match(r"[cCsS][0-9a-fA-F]*:(-?[0-9a-fA-F]+)", text)
        if thread and action in "sS":
            self._chosen = self._thread(thread[1])
        return self._resume("", step=action in "sS")

    def _resume(self, address, step):
        machine, hit = self._machine, ""
        if address:
            self._cpu.pc = _hex(address) & 0xFFFFFFFC
        if self._watchpoints:
            stop, hit = self._run_watched(step)
        elif step:
            stop = self._one_instruction()
        elif len(self._breakpoints) <= 1:
            stop = machine.run(until=next(iter(self._breakpoints), None),
                               between=self._interrupted)
        else:
            stop = machine.run(until=lambda m: self._stopped() is not None,
                               between=_seldom(self._interrupted))
        machine.model.settle()
        if stop in (Stop.ADDRESS, Stop.CONDITION) and not hit:
            self._chosen = self._stopped(self._chosen)
        if stop is Stop.CHECKSTOP:
            self._output("checkstop: machine check with MSR[ME] = 0\n")
        signal = {Stop.INTERRUPTED: SIGINT, Stop.CHECKSTOP: SIGABRT}.get(stop, SIGTRAP)
        pc = registers.read(self._cpu.state(), registers.PC).hex()
        self._reason = f"T{signal:02x}{hit}thread:{self._chosen + 1:x};{registers.PC:x}:{pc};"
        return self._reason.encode()

    def _run_watched(self, once):
        """Go on instruction by instruction; the Stop, and the watchpoint for the stop reply."""
        machine, interrupted = self._machine, _seldom(self._interrupted)
        while True:
            # GDB expects what PowerPC's DABR does: the access has not been made yet. Then it goes
            # on without the watchpoint for one instruction; for others, a hit is not repeated.
            if machine.instructions != self._reported:
                hit = self._watchpoint_at(self._cpu.state())
                if hit:
                    self._reported = machine.instructions
                    return Stop.CONDITION, hit
            stop = self._one_instruction()
            if once or stop is not Stop.INSTRUCTIONS:
                return stop, ""
            if self._stopped() is not None:
                return Stop.ADDRESS, ""
            if interrupted():
                return Stop.INTERRUPTED, ""

    def _one_instruction(self):
        # Where each exception causes the next, no instruction ever completes.
        before = self._completed()
        while True:
            stop = self._machine.run(instructions=1, between=self._interrupted)
            if stop is not Stop.INSTRUCTIONS or self._completed() != before:
                return stop

    def _completed(self):
        """Instructions of the chosen processor."""
        return int(self._machine.model.get_pending(self._chosen)["instructions"][0])

    def _stopped(self, otherwise=None):
        """The processor that is at a breakpoint, the chosen one first."""
        cpus = self._machine.cpus
        for number in (self._chosen, *range(len(cpus))):
            if cpus[number].pc in self._breakpoints:
                return number
        return otherwise

    def _thread(self, text):
        """The processor of a thread's number; the chosen one for 0, any, and -1, all."""
        number = int(text, 16)
        if not -1 <= number <= len(self._machine.cpus):
            raise ValueError
        return number - 1 if number > 0 else self._chosen

    def _choose(self, text):
        operation, number = text[:1], self._thread(text[1:])
        if operation == "g":
            self._chosen = number
        return b"OK"

    def _alive(self, text):
        self._thread(text)
        return b"OK"

    def _threads(self, _):
        return ("m" + ",".join(f"{n + 1:x}" for n in range(len(self._machine.cpus)))).encode()

    def _thread_name(self, text):
        number = self._thread(text)
        held = " (waits for its soft reset)" if self._machine.model.is_held(number) else ""
        return f"processor {number}{held}".encode().hex().encode()

    def _watchpoint_at(self, state):
        """Watchpoint that the next instruction hits, in the form for a stop reply."""
        pa = self._mmu.place(int(state["pc"][0]), "fetch")
        try:
            word = self._machine.memory.read_word(pa) if pa is not None else 0
        except UserError:
            return ""
        access = memory.data_access(state, word)
        if access is None:
            return ""
        ea, size, store = access
        for kind, address, length in self._watchpoints:
            if (ea < address + length and address < ea + size
                    and kind in ((2, 4) if store else (3, 4))
                    and self._mmu.place(ea) is not None):
                return f"{_WATCH[kind]}:{max(ea, address):x};"
        return ""

    # Monitor commands -------------------------------------------------------------------------

    def _monitor(self, text):
        words = bytes.fromhex(text).decode("latin-1").split()
        try:
            lines = "\n".join(self._command(words)) + "\n"
        except UserError as error:
            lines = f"{error}\n"
        if lines.strip():
            self._output(lines)
        return b"OK"

    def _command(self, words):
        name, *arguments = words or ["help"]
        machine = self._machine
        plain = {"tlb": self._mmu.tlb, "bat": self._mmu.bats, "sr": self._mmu.segments}
        asked = {"pteg": self._groups, "walk": self._walk}
        if name in plain and not arguments:
            return [repr(plain[name]())]
        if name in asked and len(arguments) == 1:
            return asked[name](_argument(arguments[0]))
        if name == "phys" and arguments in (["on"], ["off"]):
            self._physical = arguments == ["on"]
            return ()
        if name == "phys" and 1 <= len(arguments) <= 2:
            return self._dump(*map(_argument, arguments))
        if name == "stats" and not arguments:
            return [f"{key} {value}" for key, value in machine.stats().items()]
        if name == "reset" and not arguments:
            machine.reset()
            return ()
        if name == "help":
            return _HELP.splitlines()
        raise UserError(f"no such command: {' '.join(words)[:60]!a}; see monitor help")

    def _walk(self, ea):
        if named := self._machine.symbols.name(ea):
            yield f"{ea:08x} is {named}"
        for access in ("load", "fetch"):
            yield repr(self._mmu.walk(ea, access))

    def _groups(self, ea):
        for name, group in zip(("primary", "secondary"), self._mmu.groups(ea),
                               strict=True):
            yield f"{name} PTEG"
            yield repr(group)

    def _dump(self, address, size=64):
        if not 0 < size <= LONGEST:
            raise UserError(f"size must be 1 to {LONGEST}, not {size}")
        data = self._machine.memory.read(address, size)
        for at in range(0, size, 16):
            yield f"{address + at:08x}: {data[at:at + 16].hex(' ', -4)}"

    #: Beginnings of packets, the longer of two that begin alike first.
    _METHODS = (
        ("qSupported", _supported), ("QStartNoAckMode", _no_ack),
        ("qXfer:features:read:target.xml:", _features),
        ("qRcmd,", _monitor), ("qAttached", lambda self, _: b"1"),
        ("qC", lambda self, rest: b"" if rest else f"QC{self._chosen + 1:x}".encode()),
        ("qThreadExtraInfo,", _thread_name), ("qfThreadInfo", _threads),
        ("qsThreadInfo", lambda self, _: b"l"),
        ("vCont?", _vcont_query), ("vCont;", _vcont), ("vKill;", _v_kill), ("?", _stop_reason),
        ("H", _choose), ("T", _alive),
        ("g", _read_registers), ("G", _write_registers),
        ("p", _read_register), ("P", _write_register),
        ("m", _read_memory), ("M", _write_hex), ("X", _write_binary),
        ("Z", _insert), ("z", _remove),
        ("c", _continue), ("C", _continue_signal), ("s", _step), ("S", _step_signal),
        ("D", _detach), ("k", _kill),
    )


def _hex(text):
    """A hexadecimal number of the protocol: digits only."""
    if not re.fullmatch("[0-9a-fA-F]{1,16}", text):
        raise ValueError
    return int(text, 16)


def _place(text):
    """`address,size`."""
    address, size = (_hex(part) for part in text.split(","))
    if address >= 1 << 32:
        raise ValueError
    return address, size


def _number(text):
    number = _hex(text)
    if number >= len(registers.REGISTERS):
        raise ValueError
    return number


def _argument(text):
    """A number in a monitor command: hexadecimal, as addresses are, with or without 0x."""
    try:
        value = _hex(text.lower().removeprefix("0x"))
    except ValueError:
        value = 1 << 32
    if value >= 1 << 32:
        raise UserError(f"address must be a hexadecimal number of 32 bits, not {text[:40]!a}")
    return value


def _seldom(function):
    """`function` for a loop that asks after each instruction: it is called some times a second."""
    last = time.perf_counter()

    def ask():
        nonlocal last
        now = time.perf_counter()
        if now - last < POLL:
            return False
        last = now
        return function()

    return ask
