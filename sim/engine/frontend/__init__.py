"""Amaranth design -> word-level circuit.

The only folder of the project that touches Amaranth's private netlist (`amaranth.hdl._ir`, `_nir`;
the release is pinned). Amaranth's netlist is a list of cells whose inputs are tuples of single-bit
nets. `circuit` puts the parts together: those tuples as runs of bits (`runs`), the cells that are
supported (`netlist`), where they are split (`cuts`, `indexed`), the chunks and their order
(`chunks`, `needed`), what each chunk is (`values`: `operators`, `switches`, `memories`), names
(`names`). Nodes that any front end may need are built in :mod:`pteg.engine.words`.
"""

import functools
from contextlib import contextmanager

from amaranth.hdl import Elaboratable, Fragment, Shape, Signal, Value, _ir, _nir
from amaranth.hdl._ast import SignalDict
from amaranth.lib import wiring

from pteg.errors import UserError

__all__ = ["elaborate", "elaborate_prepared", "prepare"]


def elaborate(design, *, ports=None, name="top", undriven="constant", unnamed=()):
    """Elaborate an Amaranth design into a :class:`~pteg.engine.ir.Design`.

    Parameters
    ----------
    design : Elaboratable or Fragment
    ports : list of Signal, or None
        Top-level ports; by default the members of the component's signature, or, when it is not a
        component, every signal that nothing drives.
    undriven : "constant" or "input"
        What a signal that nothing drives is: its initial value, or an input.
    unnamed : collection of str
        Submodules and ports of the top whose names paths leave out.
    """
    with _hurry():
        return _elaborate(design, ports, name, undriven, unnamed)


@contextmanager
def _hurry():
    """Leave out what makes elaboration slow: half of its time.

    Amaranth works out the shape of a plain enumeration anew for every signal, and asks of every bit
    of every value in the netlist whether it is a net.
    """
    shape_of, new_value = Shape._cast_plain_enum, _nir.Value.__new__
    Shape._cast_plain_enum = staticmethod(functools.cache(shape_of))
    _nir.Value.__new__ = _value_of_nets
    try:
        yield
    finally:
        Shape._cast_plain_enum = staticmethod(shape_of)
        _nir.Value.__new__ = new_value


def _value_of_nets(cls, nets=()):
    return tuple.__new__(cls, (nets,) if isinstance(nets, _nir.Net) else nets)


def _elaborate(design, ports, name, undriven, unnamed):
    fragment, port_paths = _prepare(design, ports, unnamed)
    if port_paths is None:
        undriven = "input"
    try:
        prepared = prepare(fragment, port_paths or {}, name=name)
        nir = _netlist(prepared, undriven)
    except (_ir.DriverConflict, _ir.DomainRequirementFailed, _ir._cd.DomainError) as error:
        raise UserError(f"design {name!r}: {error}") from error
    return _lower(nir, prepared, port_paths, undriven, name, unnamed)


def prepare(fragment, port_paths=(), *, name="top"):
    """Return a fragment as an Amaranth design with the given ports, clocks and resets.

    Raises Amaranth's own errors. A fragment can be prepared once.
    """
    clocks = fragment._propagate_domains(lambda domain: _ir._cd.ClockDomain(domain))
    signals = SignalDict((signal, port_paths[signal][1]) for signal in port_paths)
    for domain in (*fragment.domains.values(), *clocks):
        for signal in (domain.clk, domain.rst):
            if signal is not None and signal not in signals:
                signals[signal] = None
    names = {}
    for signal, direction in signals.items():
        wanted = signal.name
        while wanted in names:
            wanted += "$"
        names[wanted] = signal, direction
    return fragment.prepare(ports=names, hierarchy=(name,), propagate_domains=False)


def elaborate_prepared(prepared, *, name="top"):
    """Elaborate a design that is prepared; every signal that nothing drives is an input."""
    with _hurry():
        try:
            nir = _netlist(prepared, "input")
        except _ir.DriverConflict as error:
            raise UserError(f"design {name!r}: {error}") from error
        return _lower(nir, prepared, None, "input", name, ())


class _Netlist(_nir.Netlist):
    """Amaranth's netlist, which resolves the bits of a value in one go."""

    def resolve_value(self, value):
        connections, nets = self.connections, []
        for net in value:
            while net < 0:      # late: connected to another one
                net = connections[net]
            nets.append(net)
        return _nir.Value(nets)


def _netlist(prepared, undriven):
    netlist = _Netlist()
    emitter = _ir.NetlistEmitter(netlist, prepared, all_undef_to_ff=undriven == "input")
    emitter.emit_fragment(prepared.fragment, None)
    netlist.resolve_all_nets()
    vars(emitter).clear()   # functions of its own refer to it: it would stay, with all it has made
    return netlist


def _lower(nir, prepared, port_paths, undriven, name, unnamed):
    # Here, so that `prepare` alone starts quickly.
    from pteg.engine.frontend.circuit import Circuit
    from pteg.engine.frontend.names import Names
    from pteg.engine.frontend.netlist import Netlist

    circuit = Circuit(Netlist(nir, prepared, undriven), name, unnamed)
    Names(circuit, port_paths or SignalDict(), unnamed)
    return circuit.design


def _prepare(design, ports, unnamed):
    """Return the fragment and, by port signal, its path and direction (None: not known; a path is
    then the name that Amaranth makes, since two signals may have the same)."""
    if not isinstance(design, (Elaboratable, Fragment)):
        raise UserError(f"a design must be an Amaranth Elaboratable or Fragment, not {design!r}")
    paths = None
    if ports is not None:
        paths = SignalDict((Value.cast(port), (None, None)) for port in ports)
    elif isinstance(design, wiring.Component):
        paths = SignalDict()
        for path, member, value in design.signature.flatten(design):
            value = Value.cast(value)
            path = path[1:] if path[0] in unnamed and path[1:] else path
            if isinstance(value, Signal):
                direction = (_ir.PortDirection.Input if member.flow == wiring.In
                             else _ir.PortDirection.Output)
                paths[value] = ".".join(str(step) for step in path), direction
    return Fragment.get(design, platform=None), paths
