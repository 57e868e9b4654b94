"""A Yosys netlist as an Amaranth component."""

import functools
import operator
import re
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from amaranth.hdl import Cat, ClockDomain, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.engine.compiled import Native, compile_design
from pteg.engine.frontend.netlist import LATCH
from pteg.engine.verilog.cells import (
    FLIP_FLOPS,
    FUNCTIONS,
    LATCHES,
    Pins,
    levels,
    loads,
    outputs,
    reset_value,
)
from pteg.engine.verilog.memories import build_memory, name_of
from pteg.engine.verilog.sources import read_verilog
from pteg.errors import UserError

__all__ = ["VerilogComponent", "compile_verilog"]


Paths = str | PathLike | Iterable[str | PathLike]


def compile_verilog(files: Paths, top: str, *, parameters: Mapping[str, int | str] | None = None,
                    defines: Mapping[str, object] | None = None,
                    include: Iterable[str | PathLike] = (), clocks: Iterable[str] = (),
                    cycle: bool = False) -> Native:
    """Compile a design in Verilog or SystemVerilog to native code.

    Parameters
    ----------
    files, top, parameters, defines, include
        See :class:`VerilogComponent`.
    clocks : list of str
        Inputs that are clocks although logic is between them and every register.
    cycle : bool
        Whether to make the function `cycle`, too.

    Returns
    -------
    Native
        As from `compile_design`: ports and registers have their Verilog names, scopes are joined
        by dots.
    """
    component = VerilogComponent(files, top, parameters=parameters, defines=defines,
                                 include=include)
    return compile_design(component, name=top, clocks=clocks, cycle=cycle)


class VerilogComponent(wiring.Component):
    """A Verilog module as an Amaranth component. It has the module's ports, clocks included.

    Parameters
    ----------
    files : path or list of path
        Sources; SystemVerilog, all of them, if the name of one ends in `.sv`.
    top : str
        The module.
    parameters : dict of str to int or str
        Values for its parameters.
    defines : dict of str to value
        Macros; None for one without a text.
    include : list of path
        Folders for `` `include ``; those of the files come after them.

    Raises
    ------
    UserError
        Yosys is not installed or finds a fault in the source; or the design has what a two-valued
        circuit cannot have: tristate outputs, `inout` ports, wires with several drivers, unknown
        modules.
    """

    def __init__(self, files: Paths, top: str, *,
                 parameters: Mapping[str, int | str] | None = None,
                 defines: Mapping[str, object] | None = None,
                 include: Iterable[str | PathLike] = ()):
        self._MustUse__used = True      # else Amaranth warns about one that could not be made
        files = [files] if isinstance(files, str | PathLike) else list(files)
        self._top = top
        self._netlist = read_verilog(files, top, parameters=parameters or {},
                                     defines=defines or {}, include=include)
        for name, cell in self._netlist["cells"].items():
            if cell["type"] != "$mem_v2" and cell["type"] not in FUNCTIONS and not (
                    FLIP_FLOPS.fullmatch(cell["type"]) or LATCHES.fullmatch(cell["type"])):
                self._refuse(f"{cell['type']} ({cell['attributes'].get('src', name)})")
        self._refuse_several_drivers()
        self._initial = self._initial_bits()
        members = {}
        for name, port in self._netlist["ports"].items():
            if port["direction"] == "inout":
                self._refuse(f"the inout port {name!r}")
            if port["direction"] == "input":
                members[name] = In(len(port["bits"]))
            else:
                members[name] = Out(len(port["bits"]), init=self._initial_of(port["bits"]))
        try:
            super().__init__(members)
        except NameError as error:
            raise UserError(f"Verilog {top!r}: {error}") from None

    def _refuse(self, what):
        raise UserError(f"Verilog {self._top!r}: {what} is not supported")

    def _refuse_several_drivers(self):
        """Refuse wires that several inputs or cells drive, and inputs that constants do.

        Yosys would take one of them.
        """
        inputs = {name: port["bits"] for name, port in self._netlist["ports"].items()
                  if port["direction"] == "input"}
        for name, bits in inputs.items():
            if any(isinstance(bit, str) for bit in bits):
                self._refuse_wire(name)
        driven = set()
        for bits in (*inputs.values(), *(cell["connections"][pin]
                                         for cell in self._netlist["cells"].values()
                                         for pin in outputs(cell))):
            if not driven.isdisjoint(bits):
                net = next(bit for bit in bits if bit in driven)
                names = {name: wire for name, wire in self._netlist["netnames"].items()
                         if net in wire["bits"]}
                self._refuse_wire(min(names, key=lambda name: (names[name]["hide_name"],
                                                               name in inputs)))
            driven.update(bit for bit in bits if isinstance(bit, int))     # no constants

    def _refuse_wire(self, name):
        place = self._netlist["netnames"][name]["attributes"].get("src")
        self._refuse(f"the wire {name!r} ({place}) with several drivers")

    def _initial_bits(self):
        """Return the initial values of nets, as far as they are known.

        A register with an asynchronous reset starts with its reset value if no other is given.
        """
        bits = {}
        for wire in self._netlist["netnames"].values():
            text = wire["attributes"].get("init", "")
            bits.update((net, int(value)) for net, value in
                        zip(wire["bits"], reversed(text), strict=False) if value in "01")
        for cell in self._netlist["cells"].values():
            if _resets(cell):
                for place, net in enumerate(cell["connections"]["Q"]):
                    bits.setdefault(net, reset_value(cell) >> place & 1)
        return bits

    def _initial_of(self, bits):
        return sum(self._initial.get(bit, 0) << place for place, bit in enumerate(bits))

    def elaborate(self, platform: Any) -> Any:
        """The circuit as an Amaranth module."""
        return _Netlist(self, self._netlist, self._initial_of, self._refuse).module


class _Netlist:
    """Builds the modules: one for each scope of the source.

    Parameters
    ----------
    component : VerilogComponent
        Its members are the ports.
    netlist : dict
    initial_of : callable
        Returns the initial value of some nets.
    refuse : callable
        Raises the error for what is not supported.

    Attributes
    ----------
    module : Module
    scopes : dict of tuple of str to Module
    domains : dict of (clock, edge, reset, level) to str
        Names of the clock domains.
    sources : dict of int to (Value, int)
        By net: the value and the bit of it that drives the net.
    """

    def __init__(self, component, netlist, initial_of, refuse):
        self.netlist, self.initial_of, self.refuse = netlist, initial_of, refuse
        self.module = Module()
        self.scopes, self.domains, self.sources = {(): self.module}, {}, {}
        ports = netlist["ports"]
        self.ports = {name: getattr(component, name) for name in ports}
        self.direct, self.named = set(), set()  # ports, wires that a cell drives as they are
        # Nets: scope, name and place of the first public wire that is exactly they.
        self.names = {}
        for name, wire in netlist["netnames"].items():
            if name in ports:
                self.ports[name].src_loc = _place(wire)
            elif not wire["hide_name"]:
                self.names.setdefault(tuple(wire["bits"]), (*_path(name, wire), _place(wire)))
        self.driven = {tuple(port["bits"]): name for name, port in ports.items()
                       if port["direction"] == "output"}
        for name, port in ports.items():
            if port["direction"] == "input":
                self.drive(port["bits"], self.ports[name])
        self.build()

    def build(self):
        """Build registers, memories, logic and names, in this order."""
        places = {}
        for name, cell in self.netlist["cells"].items():
            for pin in outputs(cell):
                places[name, pin] = self.signal(cell["connections"][pin], name)
        for name, cell in self.netlist["cells"].items():
            pins = Pins({pin: self.value(bits) for pin, bits in cell["connections"].items()
                         if cell["port_directions"][pin] == "input"}, self.let)
            if cell["type"] == "$mem_v2":
                self.memory(cell, pins, places[name, "RD_DATA"])
            elif FLIP_FLOPS.fullmatch(cell["type"]):
                self.flip_flop(cell, pins, *places[name, "Q"])
            elif LATCHES.fullmatch(cell["type"]):
                self.latch(cell, pins, *places[name, "Q"])
            else:
                for pin, value in FUNCTIONS[cell["type"]](cell, pins).items():
                    scope, signal = places[name, pin]
                    self.scope(scope).d.comb += signal.eq(value)
        for name, port in self.netlist["ports"].items():
            if port["direction"] == "output" and name not in self.direct:
                self.module.d.comb += self.ports[name].eq(self.value(port["bits"]))
        for bits, (scope, name, place) in self.names.items():
            if bits not in self.named and not all(isinstance(bit, str) for bit in bits):
                signal = Signal(len(bits), name=name)
                signal.src_loc = place
                self.scope(scope).d.comb += signal.eq(self.value(bits))

    # Nets ----------------------------------------------------------------------------------------

    def drive(self, bits, value):
        """Record what drives some nets."""
        for place, bit in enumerate(bits):
            self.sources[bit] = value, place

    def signal(self, bits, cell):
        """Return the signal for the output of a cell, and its scope; it has its wire's name."""
        key = tuple(bits)
        if key in self.driven:  # an output port
            name = self.driven[key]
            self.direct.add(name)
            scope, signal = (), self.ports[name]
        else:
            unnamed = (), "$" + cell.rpartition("$")[2], _place(self.netlist["cells"][cell])
            scope, name, place = self.names.get(key, unnamed)
            self.named.add(key)
            signal = Signal(len(bits), init=self.initial_of(bits), name=name)
            signal.src_loc = place
        self.drive(bits, signal)
        return scope, signal

    def value(self, bits):
        """Return the value of some nets. What nothing drives is zero."""
        parts = []  # [value, first bit, number of bits], or [None, bits, number of bits]
        for bit in bits:
            value, place = self.sources.get(bit, (None, int(bit == "1")))
            last = parts[-1] if parts else None
            if last and value is None and last[0] is None:
                last[1] |= place << last[2]
                last[2] += 1
            elif last and value is not None and last[0] is value and last[1] + last[2] == place:
                last[2] += 1
            else:
                parts.append([value, place, 1])
        values = [Const(first, size) if value is None
                  else value if size == len(value) else value[first:first + size]
                  for value, first, size in parts]
        return values[0] if len(values) == 1 else Cat(values)

    def let(self, value):
        """Return a signal that has a value."""
        signal = Signal(len(value), name="$let")
        self.module.d.comb += signal.eq(value)
        return signal

    def scope(self, path):
        """Return the module of a scope."""
        if path not in self.scopes:
            module = self.scopes[path] = Module()
            self.scope(path[:-1]).submodules[path[-1]] = module
        return self.scopes[path]

    # Storage -------------------------------------------------------------------------------------

    def domain(self, clock, rising, reset=None, level=True):
        """Return the name of the domain of a clock's edge and an asynchronous reset, two nets."""
        key = clock, bool(rising), reset, bool(level)
        name = self.domains.get(key)
        if name is None:
            clock = self.value([clock])
            name = getattr(clock, "name", "clock") + ("" if rising else "_n")
            while name in ("comb", *self.domains.values()):
                name += "_"
            self.domains[key] = name
            domain = ClockDomain(name, clk_edge="pos" if rising else "neg",
                                 reset_less=reset is None, async_reset=reset is not None)
            domain.clk = self.wire(clock, domain.clk)
            if reset is not None:
                reset = self.value([reset])
                domain.rst = self.wire(reset if level else ~reset, domain.rst)
            self.module.domains += domain
        return name

    def wire(self, value, signal):
        """Return a value of one bit as a signal: itself, or the one given."""
        if isinstance(value, Signal):
            return value
        self.module.d.comb += signal.eq(value)
        return signal

    def flip_flop(self, cell, pins, scope, signal):
        """Add a register."""
        m, high = self.scope(scope), levels(cell)
        nets = {pin: bits[0] for pin, bits in cell["connections"].items()}
        clock, reset = (next((pin for pin in names if pin in nets), None)
                        for names in (("CLK", "C"), ("ARST", "R")))
        conditions = loads(cell, pins)
        if not conditions or _resets(cell) and signal.init == reset_value(cell):
            domain = self.domain(nets[clock], high[clock], nets.get(reset), high.get(reset))
            m.d[domain] += signal.eq(pins["D"])
        else:
            self.loaded(m, signal, pins["D"], (nets[clock], high[clock]), conditions)

    def loaded(self, m, signal, data, clock, conditions):
        """Add a register that takes another value than its initial one without a clock.

        Amaranth's do not. It takes the value from a latch, up to the next edge of the clock.
        """
        latch = Signal(len(signal), init=signal.init, name="$loaded")
        register = Signal(len(signal), name="$clocked")
        self.keep(m, latch, conditions)
        m.d[self.domain(*clock)] += register.eq(data)
        loading = functools.reduce(operator.or_, (condition for condition, _ in conditions))
        parts = []  # for each bit that has a condition of its own: whether an edge came later
        for bit in loading:
            net, clocked = ("load", len(self.sources)), Signal(name="$since")
            self.drive([net], self.let(bit))
            m.d[self.domain(*clock, net)] += clocked.eq(1)
            parts.append(clocked.replicate(len(signal) // len(loading)))
        m.d.comb += signal.eq(Cat(parts) & register | ~Cat(parts) & latch)

    def latch(self, cell, pins, scope, signal):
        """Add a latch."""
        self.keep(self.scope(scope), signal, loads(cell, pins))

    @staticmethod
    def keep(m, signal, conditions):
        """Make a signal a latch that takes the value of the first condition that holds."""
        signal.attrs[LATCH] = "1"
        apart = any(len(condition) > 1 for condition, _ in conditions)
        for bits in range(len(signal)) if apart else [slice(None)]:
            for number, (condition, value) in enumerate(conditions):
                with (m.Elif if number else m.If)(condition[bits] if len(condition) > 1
                                                  else condition):
                    m.d.comb += signal[bits].eq(value[bits])
            with m.Else():
                m.d.comb += signal[bits].eq(signal[bits])

    def memory(self, cell, pins, place):
        """Add a memory."""
        memory, inputs, data = build_memory(cell, pins, self.domain, self.refuse)
        *scope, name = name_of(cell).split(".")
        module = self.scope(tuple(scope))
        module.submodules[name] = memory
        module.d.comb += [port.eq(value) for port, value in inputs]
        scope, signal = place
        self.scope(scope).d.comb += signal.eq(data)


def _resets(cell):
    """Return whether a cell is a flip-flop with an asynchronous reset to a constant."""
    return (FLIP_FLOPS.fullmatch(cell["type"]) is not None and "S" not in cell["connections"]
            and not cell["connections"].keys().isdisjoint(("ARST", "R")))


def _place(item):
    """Return file and line of a wire or cell, if Yosys knows them."""
    found = re.match(r"(.+?):(\d+)", item["attributes"].get("src", ""))
    return (found[1], int(found[2])) if found else None


def _path(name, wire):
    """Return the scope and the name of a wire."""
    text = wire["attributes"].get("hdlname")
    *scope, last = text.split(" ") if text else [name]
    return tuple(scope), last

