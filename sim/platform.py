"""The machine around the processor: devices, memory map, interrupt wiring.

`Platform.functions()` gives the compiled functions through which both processor models reach the
devices (`pteg.devices`). Their first argument is `Platform.arrays`: of each device, its state, its
memory, its first address and the one behind its last. So machines that differ only in addresses and
sizes have the same functions.

=========================================== ======================================================
`bus_read(devices, address, size)`          (value, error); error is 1 where nothing answers
`bus_write(devices, address, size, value)`  error
`tick(devices, clocks=1)`                   advances time by that many core clocks
`transfers(devices, reservation)`           (whether a bus master wrote anything, the reservation)
`next_event(devices)`                       clocks until something may change by itself that is not
                                            only read: a pin, the console, a master's request
`interrupt(devices)`                        levels of the external interrupt pins: a bit each
`controls(devices)`                         SRESET (bits 0-7) and TBEN, negated (from bit 8 on)
`grant(devices, number)`                    tells devices which processor has the bus
`answer(devices)`                           tells the bus master that its transfer is over
`console(devices, watch)`                   see `pteg.components.console`; 0 without a console
=========================================== ======================================================

`transfers` performs all requests of the master at once; a reservation is as in `pteg.state`.

A device access may change an interrupt pin at once. A model that lets time pass in strides must
`tick` up to the present before an access, and call `interrupt` and `next_event` again after it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pteg import components
from pteg.components.device import Device
from pteg.components.master import request_of
from pteg.components.roles import (
    AnyRole,
    BusMaster,
    ConsolePort,
    Ram,
    Rom,
    has_role,
    with_role,
)
from pteg.contents import digest_of
from pteg.device_errors import check_devices
from pteg.errors import UserError
from pteg.generated import load_module
from pteg.hw.bus.ratio import Ratio
from pteg.hw.parameters import Parameters
from pteg.mutants import NONE
from pteg.parameters import read_parameters
from pteg.worlds import Worlds

if TYPE_CHECKING:
    import networkx

__all__ = ["Platform", "Wire", "PROCESSOR", "INT", "SRESET", "TBEN"]

#: Base and size of a device that answers where no other does.
EVERYWHERE = (0, 1 << 32)

#: Name of the processor in wires and in the machine graph.
PROCESSOR = "processor"

#: Pins of a processor: external interrupt; soft reset; time base enable, active low here: while a
#: device asserts it, the time base stops. The last two need several processors.
INT, SRESET, TBEN = "int", "sreset", "tben"
_PINS = (INT, SRESET, TBEN)

#: Compiled functions that devices must have for a role.
FUNCTION_OF_ROLE: dict[type, str] = {ConsolePort: "console", BusMaster: "answer"}

#: Names that the hardware around the devices has for its ports and parts, and Amaranth for
#: attributes of a component.
RESERVED = frozenset({
    PROCESSOR, "cpu0", "cpu1", "cpu2", "cpu3", "core", "mmu", "icache", "dcache", "l2",
    "interrupt", "pause", "restart", "bus", "bus_edge", "request", "snoop", "snooper", "agent",
    "clock", "arbiter", "decoder", "data", "castout", "fetch", "device", "border_data",
    "border_castout", "border_fetch", "border_device", "owner", "data_owner", "memory_map",
    "names", "ranges", "clk", "rst", "signature", "elaborate", "metadata"})


@dataclass(frozen=True)
class Wire:
    """An interrupt line: output `pin` of device `source` to input `number` of `sink`.

    If that is the processor, `number` is the processor's, and `input` says which of its pins.
    """

    source: str
    sink: str = PROCESSOR
    number: int = 0
    pin: str = "irq"
    input: str = INT


class Platform:
    """Devices on one bus.

    Parameters
    ----------
    devices : sequence of pteg.components.device.Device
        The machine finds main memory, ROM, console, bus master, disk and firmware configuration by
        the roles that they declare (`pteg.components.roles`). Their addresses must not overlap, but
        one device may have all 4 GB: it answers where no other does.
    wires : sequence of Wire
        Interrupt lines between devices, and to the processor.
    mmu : callable, optional
        Makes the processor's MMU, a component with the ports of `pteg.hw.mmu.mmu.Mmu`; called with
        the parameters. The functional model keeps its own.
    **parameters
        Of the processor, such as ``l2="512K"`` (`pteg.parameters.MachineParameters`).

    Attributes
    ----------
    worlds : pteg.worlds.Worlds or None
        How the owners of the processor are told apart.
    """

    def __init__(self, devices: Iterable[Device], wires: Iterable[Wire] = (), *,
                 mmu: Callable[[Parameters], Any] | None = None, **parameters: Any):
        self.parameters = read_parameters(parameters)
        self.mmu = mmu
        if mmu is not None and self.parameters.mutant != NONE:
            raise UserError("mutant must be none for a machine with an MMU of its own")
        # Who answers everywhere is asked last.
        self.devices = sorted(devices, key=_everywhere)
        self.wires = list(wires)
        self.worlds: Worlds | None = None
        self._check()

    def extended(self, devices: Iterable[Device], wires: Iterable[Wire] = ()) -> "Platform":
        """These devices and wires, and more of them: a preset with a device of your own.

        Returns
        -------
        Platform
            A new one, whose processor has the same parameters.
        """
        parameters = {field.name: getattr(self.parameters, field.name)
                      for field in fields(self.parameters)}
        more = Platform([*self.devices, *devices], [*self.wires, *wires], mmu=self.mmu,
                        **parameters)
        more.worlds = self.worlds
        return more

    def _check(self) -> None:
        names = [device.name for device in self.devices]
        if not names:
            raise UserError("a platform must have a device")
        for name in names:
            if name in RESERVED:
                raise UserError(f"{name!r} is a name inside the machine, not one for a device")
            if names.count(name) > 1:
                raise UserError(f"device names must be different, not {name!r} twice")
        placed = [device for device in self.devices if not _everywhere(device)]
        if len(placed) < len(self.devices) - 1:
            raise UserError("only one device can have the whole address space")
        ordered = sorted(placed, key=lambda device: device.base)
        for low, high in zip(ordered, ordered[1:], strict=False):
            if low.base + low.size > high.base:
                raise UserError(f"address ranges must not overlap: {low!r} and {high!r}")
        for wire in self.wires:
            for end in (wire.source, wire.sink):
                if end != PROCESSOR and end not in names:
                    raise UserError(f"wire must join devices of the machine, not {end!r}")
            if wire.source == PROCESSOR or wire.pin not in (self[wire.source].dtype.names or ()):
                raise UserError(f"{wire.source} has no interrupt output {wire.pin!r}")
            if wire.sink != PROCESSOR and "drive" not in self[wire.sink].functions():
                raise UserError(f"{wire.sink} has no interrupt inputs")
            if wire.input not in _PINS or wire.sink != PROCESSOR and wire.input != INT:
                raise UserError(f"{wire.sink} has no pin {wire.input!r}")
            inputs = (self.parameters.processors if wire.sink == PROCESSOR
                      else self[wire.sink].inputs)
            if not 0 <= wire.number < inputs:
                raise UserError(f"{wire.sink} has no interrupt input {wire.number}")
        self._sinks()
        for role, function in FUNCTION_OF_ROLE.items():
            for device in self.devices:
                if has_role(device, role) and function not in device.functions():
                    raise UserError(f"{device.name} must have a function {function!r} to be a "
                                    f"{role.__name__}")
        masters = [device.name for device in with_role(self.devices, BusMaster)]
        if len(masters) > 1:
            raise UserError(f"only one device can be a bus master, not {', '.join(masters)}")
        if self.master:
            request_of(self.master)

    @property
    def ratio(self) -> Ratio:
        """Of core to bus clock."""
        return Ratio.read(self.parameters.ratio)

    def __getitem__(self, name: str) -> Device:
        for device in self.devices:
            if device.name == name:
                return device
        raise UserError(f"device must be one of {', '.join(d.name for d in self.devices)}, "
                        f"not {name!r}")

    def __contains__(self, name: str) -> bool:
        return any(device.name == name for device in self.devices)

    @property
    def arrays(self) -> tuple[tuple[np.ndarray, np.ndarray, int, int], ...]:
        """What compiled functions get as `devices`.

        Ask anew after a device has changed its memory array.
        """
        return tuple((device.state, device.memory, device.base, device.base + device.size)
                     for device in self.devices)

    @property
    def memory_map(self) -> dict[str, tuple[int, int]]:
        """Name of each device: (base, size)."""
        return {device.name: (device.base, device.size) for device in self.devices}

    def device_at(self, address: int, size: int = 1) -> Device | None:
        """The device that holds all of these bytes, or None."""
        for device in self.devices:
            if device.base <= address and address + size <= device.base + device.size:
                return device
        return None

    def reset(self) -> None:
        """Hard reset of every device."""
        for device in self.devices:
            device.reset()

    # Roles ------------------------------------------------------------------------------------

    def first(self, role: type[AnyRole]) -> AnyRole | None:
        """The first device with a role of `pteg.components.roles`, or None."""
        return next(iter(with_role(self.devices, role)), None)

    @cached_property
    def ram(self) -> Ram | None:
        """Main memory: the RAM at address 0."""
        return next((ram for ram in with_role(self.devices, Ram) if ram.base == 0), None)

    @cached_property
    def rom(self) -> Rom | None:
        """The ROM."""
        return self.first(Rom)

    @cached_property
    def console(self) -> ConsolePort | None:
        """The device that prints, and that gets what is typed."""
        return self.first(ConsolePort)

    @cached_property
    def master(self) -> BusMaster | None:
        """The device that begins bus transactions itself."""
        return self.first(BusMaster)

    # Generated code ---------------------------------------------------------------------------

    def functions(self) -> ModuleType:
        """The module of compiled functions for these devices."""
        return self._functions

    @cached_property
    def _functions(self) -> ModuleType:
        check_devices(self.devices)
        known = all(digest_of(type(device))[1] for device in self.devices)
        return load_module("platform", self._functions_text(), self.sources, keep=known)

    @property
    def sources(self) -> list[Path]:
        """Files that the generated code depends on, beside the devices that it names."""
        return sorted(Path(components.__file__).parent.glob("*.py"))

    def _sinks(self) -> list[str]:
        """Devices with interrupt inputs, each after those that feed it."""
        order: list[str] = []
        for device in self.devices:
            self._visit(device.name, order, [])
        return order

    def _visit(self, name: str, order: list[str], visiting: list[str]) -> None:
        if name in visiting:
            raise UserError(f"interrupt wires must not form a circle: {' -> '.join(visiting)}")
        if name == PROCESSOR or name in order:
            return
        feeding = [wire.source for wire in self.wires if wire.sink == name]
        for source in feeding:
            self._visit(source, order, [*visiting, name])
        if feeding:
            order.append(name)

    def _lines(self, sink: str, input: str = INT) -> str:
        """Expression for the levels of the inputs of `sink`."""
        terms = [f"(np.uint64(devices[{self._index(wire.source)}][0][0].{wire.pin}) "
                 f"<< np.uint64({wire.number}))" for wire in self.wires
                 if wire.sink == sink and wire.input == input]
        return " | ".join(terms) or "np.uint64(0)"

    def _index(self, name: str) -> int:
        return [device.name for device in self.devices].index(name)

    def _functions_text(self) -> str:
        imports, reads, writes, ticks, events = [], [], [], [], []
        console = "    return 0"
        for i, device in enumerate(self.devices):
            own = type(device)
            args = f"devices[{i}][0], devices[{i}][1]"
            kind = f"{device.name}_class"
            imports.append(f"{kind} = device_class({own.__module__!r}, {own.__qualname__!r}, "
                           f"{digest_of(own)[0]!r})")
            imports += [f"{device.name}_{name} = {kind}.{name}" for name in device.functions()]
            inside = f"    if devices[{i}][2] <= at and at + size <= devices[{i}][3]:"
            offset = f"at - devices[{i}][2], size"
            reads += [inside, f"        return {device.name}_read({args}, {offset}), 0"]
            writes += [inside, f"        {device.name}_write({args}, {offset}, np.uint64(value))",
                       "        return 0"]
            if "tick" in device.functions():
                ticks.append(f"    {device.name}_tick({args}, clocks)")
                events.append(f"    clocks = min(clocks, {device.name}_next_event({args}))")
            if device is self.console:
                console = f"    return {device.name}_console({args}, watch)"
        drives = [f"    {name}_drive(devices[{self._index(name)}][0], {self._lines(name)})"
                  for name in self._sinks()]
        master, answer, transfers = "# No bus master.", "    pass", "    return 0, reservation"
        if self.master:
            i, name = self._index(self.master.name), self.master.name
            bursts = [f"devices[{n}][2] <= at < devices[{n}][3]"
                      for n, device in enumerate(self.devices) if device.burst]
            answer = f"    {name}_answer(devices[{i}][0], devices[{i}][1])"
            master = _MASTER.format(name=name, bursts=" or ".join(bursts) or "False")
            transfers = (f"    return transfer_all(devices[{i}][0], devices[{i}][1], devices, "
                         "reservation)")
        return _FUNCTIONS.format(
            imports="\n".join(imports), reads="\n".join(reads), writes="\n".join(writes),
            master=master, answer=answer, transfers=transfers,
            ticks="\n".join(ticks) or "    pass", events="\n".join(events),
            drives="\n".join(drives), pin=self._lines(PROCESSOR),
            sreset=self._lines(PROCESSOR, SRESET), tben=self._lines(PROCESSOR, TBEN),
            grants="\n".join(f"    devices[{i}][0][0].granted = number"
                             for i, device in enumerate(self.devices)
                             if "granted" in (device.dtype.names or ())) or "    pass",
            console=console)

    # The machine graph ------------------------------------------------------------------------

    def graph(self) -> "networkx.MultiDiGraph":
        """Devices (nodes) and their bus and interrupt connections (edges), as a MultiDiGraph."""
        import networkx

        graph = networkx.MultiDiGraph()
        graph.add_node("bus", kind="bus")
        count = self.parameters.processors
        processors = [f"cpu{n}" for n in range(count)] if count > 1 else [PROCESSOR]
        for processor in processors:
            graph.add_node(processor, kind="processor")
            graph.add_edge(processor, "bus", interface="60x master")
        for device in self.devices:
            graph.add_node(device.name, kind=type(device).__name__, base=device.base,
                           size=device.size, first=device.first, next=device.next)
            graph.add_edge("bus", device.name, interface="60x target")
            if device is self.master:
                graph.add_edge(device.name, "bus", interface="60x master")
        for wire in self.wires:
            sink = processors[wire.number] if wire.sink == PROCESSOR else wire.sink
            graph.add_edge(wire.source, sink, number=wire.number,
                           interface="interrupt" if wire.input == INT else wire.input)
        return graph


def _everywhere(device: Device) -> bool:
    return (device.base, device.size) == EVERYWHERE


_MASTER = '''\
@compiled
def answers_bursts(devices, at):
    return {bursts}


transfer_all = make_transfers(bus_read, bus_write, answers_bursts, {name}_answer)'''

_FUNCTIONS = '''\
"""Generated by pteg.platform. Changes are lost."""

import numpy as np
from pteg.jit import njit
from pteg.components.device import compiled
from pteg.components.master import make_transfers
from pteg.contents import device_class

{imports}


@njit(cache=True, _nrt=False)
def bus_read(devices, address, size):
    at = np.int64(address)
{reads}
    return np.uint64(0), 1


@njit(cache=True, _nrt=False)
def bus_write(devices, address, size, value):
    at = np.int64(address)
{writes}
    return 1


@njit(cache=True, _nrt=False)
def tick(devices, clocks=1):
{ticks}


{master}


@njit(cache=True, _nrt=False)
def transfers(devices, reservation):
{transfers}


@njit(cache=True, _nrt=False)
def next_event(devices):
    clocks = 1 << 62
{events}
    return clocks


@njit(cache=True, _nrt=False)
def interrupt(devices):
{drives}
    return np.int64({pin})


@njit(cache=True, _nrt=False)
def controls(devices):
    return np.int64({sreset}) | np.int64({tben}) << 8


@njit(cache=True, _nrt=False)
def grant(devices, number):
{grants}


@njit(cache=True, _nrt=False)
def answer(devices):
{answer}


@njit(cache=True, _nrt=False)
def console(devices, watch):
{console}
'''
