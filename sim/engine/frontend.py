"""Amaranth design -> word-level circuit.

The only file of the project that touches Amaranth's private netlist (`amaranth.hdl._ir`, `_nir`;
the release is pinned). Amaranth's netlist is a list of cells whose inputs are tuples of single-bit
nets. Here those tuples become runs of bits again, wide and partly assigned cells are split where
their readers and writers split them, and the assignment lists become trees of multiplexers, which
are the if/switch statements of the source.

Left out, with an error that names the source line: instances, I/O buffers, more than one clock,
falling edges, asynchronous resets, clocks used as data, `Print`, and formal-only values.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass

import networkx
from amaranth.hdl import Elaboratable, Fragment, Signal, Value, _ir, _nir
from amaranth.hdl._ast import SignalDict
from amaranth.hdl._mem import MemoryInstance
from amaranth.lib import wiring

from pteg.engine.ir import Design, Graph, Register, Write
from pteg.engine.probes import Kind, MemoryInfo, Part, Probe
from pteg.errors import UserError

__all__ = ["elaborate"]

BITWISE = ("~", "&", "|", "^", "m")
WORD = 64
TABLE_BITS = 10  # a switch over at most so many bits may become a table
CONST = -1  # "cell" of a run of constant bits; its low bit is then the value
REPEAT = -2  # "cell" of a run that repeats one net; its low bit is then that net


def elaborate(design, *, ports=None, name="top", undriven="constant"):
    """Elaborate an Amaranth design into a :class:`~pteg.engine.ir.Design`.

    Parameters
    ----------
    design : Elaboratable or Fragment
    ports : list of Signal, or None
        Top-level ports; by default the members of the component's signature, or, when it is not a
        component, every signal that nothing drives.
    undriven : "constant" or "input"
        What a signal that nothing drives is: its initial value, or an input.
    """
    fragment, port_paths = _prepare(design, ports)
    if port_paths is None:
        undriven = "input"
    try:
        clocks = fragment._propagate_domains(lambda domain: _ir._cd.ClockDomain(domain))
        signals = SignalDict((signal, direction)
                             for signal, (_, direction) in (port_paths or {}).items())
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
        prepared = fragment.prepare(ports=names, hierarchy=(name,), propagate_domains=False)
        netlist = _nir.Netlist()
        _ir._emit_netlist(netlist, prepared, all_undef_to_ff=undriven == "input")
        netlist.resolve_all_nets()
    except (_ir.DriverConflict, _ir.DomainRequirementFailed, _ir._cd.DomainError) as error:
        raise UserError(f"design {name!r}: {error}") from error
    return _Lowering(netlist, prepared, port_paths or SignalDict(), name,
                     undriven).design


def _prepare(design, ports):
    """Return the fragment and, by port signal, its path and direction (None: not known)."""
    if not isinstance(design, (Elaboratable, Fragment)):
        raise UserError(f"a design must be an Amaranth Elaboratable or Fragment, not {design!r}")
    paths = None
    if ports is not None:
        paths = SignalDict((Value.cast(port), (Value.cast(port).name, None)) for port in ports)
    elif isinstance(design, wiring.Component):
        paths = SignalDict()
        for path, member, value in design.signature.flatten(design):
            value = Value.cast(value)
            if isinstance(value, Signal):
                direction = (_ir.PortDirection.Input if member.flow == wiring.In
                             else _ir.PortDirection.Output)
                paths[value] = ".".join(str(step) for step in path), direction
    return Fragment.get(design, platform=None), paths


def _where(src_loc):
    return "unknown place" if src_loc is None else f"{src_loc[0]}:{src_loc[1]}"


def _runs(value):
    """Return a value as runs of consecutive bits: a list of (cell, low bit, width)."""
    runs, position, length = [], 0, len(value)
    while position < length:
        net = int(value[position])
        start = position
        position += 1
        if net < 2:
            bits = net
            while position < length and 0 <= value[position] < 2:
                bits |= int(value[position]) << (position - start)
                position += 1
            runs.append((CONST, bits, position - start))
        elif position < length and value[position] == net:
            while position < length and value[position] == net:
                position += 1
            runs.append((REPEAT, net, position - start))
        else:
            while position < length and value[position] == net + position - start:
                position += 1
            runs.append((net >> 16, net & 0xFFFF, position - start))
    return runs


def _cut(runs, low, high):
    """Return the runs that make up bits low to high of a value."""
    result, position = [], 0
    for cell, start, width in runs:
        first, last = max(low, position), min(high, position + width)
        if first < last:
            if cell == CONST:
                start = (start >> (first - position)) & ((1 << (last - first)) - 1)
            elif cell != REPEAT:
                start += first - position
            result.append((cell, start, last - first))
        position += width
    return result


def _numbers(pattern):
    """Return all numbers that match a pattern."""
    numbers = [0]
    for character in pattern:
        bits = (0, 1) if character == "-" else (int(character),)
        numbers = [number << 1 | bit for number in numbers for bit in bits]
    return numbers


def _disjoint(a, b):
    """Return whether no value matches both patterns."""
    return any(x != y and x != "-" and y != "-" for x, y in zip(a, b, strict=True))


def _scope(names):
    """Names of the components from below the top down to a module.

    Where a submodule and a signal have the same name, Amaranth appends `$` and a number to the
    submodule's. Here scopes and signals do not clash. (Submodules without a name are `U$0`, ...)
    """
    return [re.sub(r"(?<!^U)\$\d+$", "", name) for name in names[1:]]


@dataclass
class _IndexedAssignment:
    """Assigns `value` at bit `start + stride * offset`: `x.bit_select(offset, n).eq(value)`.

    In the netlist it is a list of assignments, one for each value of `offset`. Its bits beyond the
    end are dropped.
    """

    cond: object
    start: int
    stride: int
    value: object
    offset: object


class _Lowering:
    """One netlist on its way to a design."""

    def __init__(self, netlist, prepared, port_paths, name, undriven):
        self.netlist = netlist
        self.prepared = prepared
        self.undriven = undriven
        self.port_paths = port_paths
        self.cells = netlist.cells
        self.graph = Graph()
        self.design = Design(name, self.graph, signals=SignalDict(), prepared=prepared)
        for fragment, info in prepared.fragments.items():
            if isinstance(fragment, MemoryInstance):
                path = (*_scope(info.name[:-1]), info.name[-1])
                self.design.memory_data[fragment._data] = ".".join(path)
        self._run_cache = {}
        self._port_inits = {}
        self._winners = {}
        self.clock = None
        self.check()
        self.cuts = {}  # cell -> sorted list of the starts of its chunks, and its width
        self.find_cuts()
        order = self.order()
        self.find_needed(order)
        self.nodes = {}  # cell -> list of nodes, one for each chunk
        self.allocate()
        for key in order:
            self.lower(key >> 16, key & 0xFFFF)
        self.connect()
        self.name_signals()

    # Checks --------------------------------------------------------------------------------------

    def fail(self, cell, what):
        module = ".".join(self.netlist.modules[cell.module_idx].name)
        raise UserError(f"{_where(cell.src_loc)}: {what} (in {module}) is not supported")

    def check(self):
        """Find the clock and refuse what has no place in a synchronous, two-state circuit."""
        clock_names = {}
        for domain in self.prepared.fragment.domains.values():
            clock_names[self.netlist.signals[domain.clk][0]
                        if domain.clk in self.netlist.signals else None] = domain.name
        clock_inputs = {self.cells[0].ports_i[name][0] for name, signal, _ in self.prepared.ports
                        if name in self.cells[0].ports_i and any(
                            signal is domain.clk
                            for domain in self.prepared.fragment.domains.values())}
        for cell in self.cells:
            kind = type(cell)
            if kind is _nir.Instance:
                self.fail(cell, f"the instance {cell.name!r} of {cell.type!r}")
            if kind in (_nir.IOBuffer, _nir.AnyValue, _nir.Initial):
                self.fail(cell, kind.__name__)
            if kind in (_nir.AsyncPrint, _nir.SyncPrint):
                self.fail(cell, "Print")
            clk = getattr(cell, "clk", None)
            if clk is None or kind is _nir.FlipFlop and clk == 0 and self.undriven == "input":
                continue  # clock 0: a signal that nothing drives
            if clk < 2:
                self.fail(cell, "a clock that nothing drives")
            if cell.clk_edge != "pos":
                self.fail(cell, f"a falling clock edge (domain {clock_names.get(clk)!r})")
            if kind is _nir.FlipFlop and cell.arst != 0:
                self.fail(cell, f"an asynchronous reset (domain {clock_names.get(clk)!r})")
            if self.clock is None:
                self.clock = clk
            elif clk != self.clock:
                self.fail(cell, f"a second clock domain, {clock_names.get(clk)!r} beside "
                                f"{clock_names.get(self.clock)!r},")
            if clk not in clock_inputs:
                self.fail(cell, f"a clock that logic drives (domain {clock_names.get(clk)!r})")

    def is_free(self, net):
        cell = self.cells[net >> 16]
        return type(cell) is _nir.FlipFlop and cell.clk == 0

    # Splitting -----------------------------------------------------------------------------------

    def runs(self, value):
        known = self._run_cache.get(id(value))
        if known is None:
            known = self._run_cache[id(value)] = _runs(value), value  # keeps the id taken
        return known[0]

    def width_of(self, index):
        cell = self.cells[index]
        match type(cell):
            case _nir.Top:
                return 2 + sum(width for _, width in cell.ports_i.values())
            case _nir.Operator | _nir.Part | _nir.AsyncReadPort | _nir.SyncReadPort:
                return cell.width
            case _nir.AssignmentList:
                return len(cell.default)
            case _nir.FlipFlop:
                return len(cell.data)
            case _nir.PriorityMatch:
                return len(cell.inputs)
            case _nir.Matches:
                return 1
        return 0

    def is_bitwise(self, cell):
        kind = type(cell)
        return (kind in (_nir.FlipFlop, _nir.AssignmentList)
                or kind is _nir.Operator and cell.operator in BITWISE)

    def values_read(self, cell):
        """Return the values that a cell reads: (value, offset within the cell's bits or None)."""
        match type(cell):
            case _nir.Top:
                return [(value, None) for value in cell.ports_o.values()]
            case _nir.Operator:
                if cell.operator == "m":
                    return [(cell.inputs[0], None), (cell.inputs[1], 0), (cell.inputs[2], 0)]
                offset = 0 if cell.operator in BITWISE else None
                return [(value, offset) for value in cell.inputs]
            case _nir.Part:
                return [(cell.value, None), (cell.offset, None)]
            case _nir.Matches:
                return [(cell.value, None)]
            case _nir.PriorityMatch:
                return [(cell.inputs, None)]
            case _nir.AssignmentList:
                return [(cell.default, 0), *((a.value, a.start) for a in cell.assignments)]
            case _nir.FlipFlop:
                return [(cell.data, 0)]
            case _nir.SyncWritePort:
                return [(cell.data, None), (cell.addr, None), (cell.en, None)]
            case _nir.AsyncReadPort:
                return [(cell.addr, None)]
            case _nir.SyncReadPort:
                return [(cell.addr, None), ((cell.en,), None)]
            case _nir.AsyncProperty | _nir.SyncProperty:
                return [((cell.test,), None), ((cell.en,), None)]
        return []

    def find_cuts(self):
        """Decide where to split cells: `self.cuts[cell]` gets the starts of the chunks.

        A flip-flop or assignment list is split where it is partly assigned, and where a reader
        takes a part of it and no reader takes a piece across. Chunks are at most 64 bits wide. A
        splitting point spreads to the bitwise cells that feed the split ones.
        """
        self.widths = [self.width_of(index) for index in range(len(self.cells))]
        self.find_indexed()
        self.values = [[(self.runs(value), offset) for value, offset in self.values_read(cell)]
                       for cell in self.cells]
        for index, steps in self.indexed.items():
            self.values[index] = [(self.runs(self.cells[index].default), None)]
            for step in steps:
                self.values[index].append((self.runs(step.value), None))
                if type(step) is _IndexedAssignment:
                    self.values[index].append((self.runs(step.offset), None))
        self.split_at = {}  # cell -> bit mask of the starts of chunks
        owners = {}
        for index, cell in enumerate(self.cells):
            if self.is_bitwise(cell):
                mask = 1
                if type(cell) is _nir.AssignmentList and index not in self.indexed:
                    for a in cell.assignments:
                        mask |= 1 << a.start | 1 << (a.start + len(a.value))
                self.split_at[index] = mask & ((1 << self.widths[index]) - 1)
            if type(cell) is _nir.FlipFlop and cell.clk != 0 and len(self.runs(cell.data)) == 1:
                owners[self.runs(cell.data)[0][0]] = index
        self.holds = owners
        self.whole = {*self.indexed, *(owners[i] for i in self.indexed if i in owners)}
        if self.clock is not None:
            clock = self.clock >> 16, self.clock & 0xFFFF
            for index, values in enumerate(self.values):
                for runs, _ in values:
                    if any(cell == clock[0] and low <= clock[1] < low + width
                           for cell, low, width in runs):
                        self.fail(self.cells[index], "a clock used as data")
        while self.spread(set()):
            pass

    def find_indexed(self):
        """Find the assignment lists of at most 64 bits with assignments to a computed position."""
        self.indexed = {}
        for index, cell in enumerate(self.cells):
            if type(cell) is not _nir.AssignmentList or not 4 <= self.widths[index] <= WORD:
                continue
            steps, position = [], 0
            while position < len(cell.assignments):
                step, count = self.indexed_at(cell.assignments, position, self.widths[index])
                steps.append(step)
                position += count
            if len(steps) < len(cell.assignments):
                self.indexed[index] = steps

    def indexed_at(self, assignments, position, width):
        """Return the step that begins at a position, and how many assignments it stands for."""
        first = assignments[position]
        match_cell = self.cells[first.cond >> 16] if first.cond > 1 else None
        if type(match_cell) is not _nir.PriorityMatch or first.cond & 0xFFFF:
            return first, 1
        tests = [self.cells[net >> 16] if net > 1 else None for net in match_cell.inputs]
        count = len(tests)
        group = assignments[position:position + count]
        if len(group) < count or count < 4 or type(tests[0]) is not _nir.Matches:
            return first, 1
        stride = group[1].start - first.start
        for number, (a, test) in enumerate(zip(group, tests, strict=True)):
            start = first.start + number * stride
            if not (type(test) is _nir.Matches and test.value == tests[0].value
                    and test.patterns == (format(number, f"0{len(test.value)}b"),)
                    and a.cond == first.cond + number and a.start == start and stride > 0
                    and a.value == first.value[:width - start]):
                return first, 1
        return _IndexedAssignment(match_cell.en, first.start, stride, first.value,
                                  tests[0].value), count

    def spread(self, forced):
        """Spread the splitting points once; return whether there are new ones."""
        bounds, crossed, must = {}, {}, {}
        for index, values in enumerate(self.values):
            splits = self.split_at.get(index)
            for number, (runs, offset) in enumerate(values):
                position = offset or 0
                hold = (number == 0 and index in self.holds
                        and runs == [(self.holds[index], 0, self.widths[index])])
                for source, low, width in runs:
                    if source >= 0 and source in self.split_at:
                        edges = 1 << low | 1 << (low + width)
                        inside = ((1 << width) - 1 & ~1) << low
                        if splits is not None and offset is not None:
                            local = (splits >> position) & ((1 << width) - 1) & ~1
                            edges |= local << low
                            if hold:
                                must[source] = local << low
                            inside &= ~(local << low)
                        bounds[source] = bounds.get(source, 0) | edges
                        if not hold:
                            crossed[source] = crossed.get(source, 0) | inside
                    position += width
        changed = False
        for source, edges in bounds.items():
            cell = self.cells[source]
            width = self.widths[source]
            if source not in forced and (source in self.whole or
                                         type(cell) is _nir.Operator and width <= WORD):
                continue
            if source not in forced:
                edges &= ~crossed.get(source, 0)
            edges |= must.get(source, 0)
            new = self.split_at[source] | edges & ((1 << width) - 1)
            if new != self.split_at[source]:
                self.split_at[source] = new
                changed = True
        return changed

    def starts_of(self, index):
        """Return where the chunks of a cell start."""
        mask = self.split_at.get(index)
        width = self.widths[index]
        kind = type(self.cells[index])
        if kind is _nir.Top:
            return [start for start, width in self.cells[0].ports_i.values() if width]
        if kind in (_nir.AsyncReadPort, _nir.SyncReadPort):
            return list(range(0, width, WORD))
        if mask is None:
            return [0]
        starts, last = [], 0
        while mask:
            start = (mask & -mask).bit_length() - 1
            mask &= mask - 1
            starts.extend(range(last + WORD, start, WORD) if starts else ())
            starts.append(start)
            last = start
        starts.extend(range(last + WORD, width, WORD))
        return starts

    def chunk_range(self, index, chunk):
        starts = self.cuts[index]
        if type(self.cells[index]) is _nir.Top:
            return starts[chunk], starts[chunk] + self.top_widths[starts[chunk]]
        return starts[chunk], (starts[chunk + 1] if chunk + 1 < len(starts)
                               else self.widths[index])

    def chunks_in(self, runs):
        """Yield the keys (cell << 16 | chunk) of the chunks that some runs touch."""
        for cell, low, width in runs:
            if cell == CONST:
                continue
            if cell == REPEAT:
                cell, low, width = low >> 16, low & 0xFFFF, 1
            starts = self.cuts[cell]
            if len(starts) == 1:
                yield cell << 16
                continue
            first = bisect_left(starts, low + 1) - 1
            last = bisect_left(starts, low + width) - 1
            for chunk in range(first, last + 1):
                yield cell << 16 | chunk

    # Ordering ------------------------------------------------------------------------------------

    def order(self):
        """Return the keys of all combinational chunks so that sources come first."""
        self.top_widths = {start: width for start, width in self.cells[0].ports_i.values()}
        forced = set()
        for attempt in range(3):
            graph = self.dependencies()
            loops = [part for part in networkx.strongly_connected_components(graph)
                     if len(part) > 1]
            loops += [[node] for node in networkx.nodes_with_selfloops(graph)]
            if not loops:
                break
            # A loop through words may not be one through bits: split finer, then to single bits.
            forced |= {key >> 16 for loop in loops for key in loop} & self.split_at.keys()
            if attempt == 2 or not forced:
                self.report(graph.subgraph(loops[0]))
            for index in forced & self.indexed.keys():
                del self.indexed[index]
                self.values[index] = [(self.runs(value), offset) for value, offset
                                      in self.values_read(self.cells[index])]
            if attempt == 1:
                for index in forced:
                    self.split_at[index] = (1 << self.widths[index]) - 1
            while self.spread(forced):
                pass
        leaves = (_nir.FlipFlop, _nir.SyncReadPort, _nir.Top)
        return [key for key in networkx.topological_sort(graph)
                if type(self.cells[key >> 16]) not in leaves]

    def dependencies(self):
        """Return the graph of the chunks, from source to user."""
        self.cuts = {index: self.starts_of(index) for index in range(len(self.cells))
                     if self.widths[index]}
        self._assignment_cache = {}
        graph = networkx.DiGraph()
        for index, cell in enumerate(self.cells):
            if type(cell) in (_nir.FlipFlop, _nir.SyncReadPort, _nir.Top,
                              _nir.PriorityMatch) or not self.widths[index]:
                continue
            for chunk in range(len(self.cuts[index])):
                key = index << 16 | chunk
                graph.add_node(key)
                graph.add_edges_from((source, key) for source in self.sources(index, chunk))
        return graph

    def sources(self, index, chunk):
        """Yield the chunks that a chunk depends on combinationally."""
        cell = self.cells[index]
        low, high = self.chunk_range(index, chunk)
        if type(cell) is _nir.AssignmentList:
            yield from self.chunks_in(_cut(self.runs(cell.default), low, high))
            last_bits = {}
            for a in self.assignments(index, chunk):
                if type(a) is _IndexedAssignment:
                    yield from self.chunks_in(self.runs(a.value))
                    yield from self.chunks_in(self.runs(a.offset))
                else:
                    yield from self.chunks_in(
                        _cut(self.runs(a.value), low - a.start, high - a.start))
                net = a.cond
                while net > 1:
                    match_cell = self.cells[net >> 16]
                    if type(match_cell) is not _nir.PriorityMatch:
                        yield from self.chunks_in([(net >> 16, net & 0xFFFF, 1)])
                        break
                    bit = net & 0xFFFF
                    if last_bits.get(net >> 16, -1) >= bit:
                        break
                    last_bits[net >> 16] = bit
                    net = match_cell.en
            for match_index, bit in last_bits.items():
                inputs = self.cells[match_index].inputs
                yield from self.chunks_in(_runs(inputs[:bit + 1]))
            return
        for runs, offset in self.values[index]:
            if offset is not None and len(self.cuts[index]) > 1:
                runs = _cut(runs, low - offset, high - offset)
            yield from self.chunks_in(runs)

    def assignments(self, index, chunk):
        """Return the assignments of a list that concern one of its chunks."""
        cell = self.cells[index]
        if index in self.indexed:
            return self.indexed[index]
        if len(self.cuts[index]) == 1:
            return cell.assignments
        table = self._assignment_cache.get(index)
        if table is None or len(table) != len(self.cuts[index]):
            starts = self.cuts[index]
            table = [[] for _ in starts]
            for a in cell.assignments:
                first = bisect_left(starts, a.start + 1) - 1
                last = bisect_left(starts, a.start + len(a.value))
                for number in range(first, last):
                    table[number].append(a)
            self._assignment_cache[index] = table
        return table[chunk]

    def report(self, graph):
        """Raise the error for a combinational loop, naming the signals on it."""
        names = {}
        for signal, value in self.netlist.signals.items():
            for cell, low, width in self.runs(value):
                if cell >= 0 and self.widths[cell]:
                    for key in self.chunks_in([(cell, low, width)]):
                        names.setdefault(key, f"{signal.name} ({_where(signal.src_loc)})")
        path = [source for source, _ in networkx.find_cycle(graph)]
        steps = []
        for key in path:
            step = names.get(key)
            if step and step not in steps:
                steps.append(step)
        if not steps:
            steps = [_where(self.cells[key >> 16].src_loc) for key in path]
        raise UserError("combinational loop: " + " -> ".join([*steps, steps[0]]))

    def find_needed(self, order):
        """Find how many low bits of arithmetic results anybody reads."""
        needed = [0] * len(self.cells)
        narrow = ("+", "-", "*", "<<")

        def read(runs, limit=None):
            for cell, low, width in runs:
                if limit is not None:
                    width = min(width, limit)
                    limit -= width
                    if width <= 0:
                        return
                if cell == REPEAT:
                    cell, low, width = low >> 16, low & 0xFFFF, 1
                if cell >= 0 and needed[cell] < low + width:
                    needed[cell] = low + width

        for value in self.netlist.signals.values():
            read(self.runs(value))
        for index, cell in enumerate(self.cells):
            if type(cell) is not _nir.Operator or cell.operator not in narrow:
                for runs, _ in self.values[index]:
                    read(runs)
        for key in reversed(order):
            cell = self.cells[key >> 16]
            if type(cell) is _nir.Operator and cell.operator in narrow:
                limit = needed[key >> 16]
                for number, (runs, _) in enumerate(self.values[key >> 16]):
                    read(runs, None if cell.operator == "<<" and number else limit)
        self.needed = needed

    # Storage -------------------------------------------------------------------------------------

    def allocate(self):
        """Give every input, register and memory its place in the state."""
        design, graph = self.design, self.graph
        word = 0
        clock_cell = None if self.clock is None else self.clock
        self.memory_number = {}
        self.register_of = {}
        for start in self.cuts.get(0, ()):
            width = self.top_widths[start]
            nodes = []
            if 0 << 16 | start == clock_cell:
                nodes.append(graph.const(0, 1))
                self.clock_start = start
            else:
                for low in range(0, width, WORD):
                    nodes.append(graph.load(word, min(WORD, width - low)))
                    word += 1
            self.nodes.setdefault(0, []).append(graph.concat(nodes))
        for index, cell in enumerate(self.cells):
            kind = type(cell)
            if kind not in (_nir.FlipFlop, _nir.SyncReadPort) or not self.widths[index]:
                continue
            nodes = self.nodes[index] = []
            for chunk in range(len(self.cuts[index])):
                low, high = self.chunk_range(index, chunk)
                if kind is _nir.FlipFlop and (index << 16 | low) == clock_cell:
                    nodes.append(graph.const(0, 1))
                    continue
                init = 0
                if kind is _nir.FlipFlop:
                    init = (cell.init >> low) & ((1 << (high - low)) - 1)
                else:
                    init = self.read_port_init(index, low, high)
                nodes.append(graph.load(word, high - low))
                if init:
                    design.initial[word] = init
                if kind is _nir.SyncReadPort or cell.clk != 0:
                    register = Register(word, high - low, init)
                    design.registers.append(register)
                    self.register_of[index, chunk] = register
                word += 1
        self.output_words = {}
        for path, value in self.cells[0].ports_o.items():
            self.output_words[path] = word
            word += (len(value) + WORD - 1) // WORD
        for index, cell in enumerate(self.cells):
            if type(cell) is _nir.Memory:
                stride = (cell.width + WORD - 1) // WORD
                path = ".".join((*_scope(self.netlist.modules[cell.module_idx].name), cell.name))
                info = MemoryInfo(path, word, cell.depth, cell.width, stride,
                                  _where(cell.src_loc))
                self.memory_number[index] = len(design.memories)
                design.memories.append(info)
                for row, value in enumerate(cell.init):
                    for part in range(stride):
                        bits = value >> (WORD * part) & ((1 << min(
                            WORD, cell.width - WORD * part)) - 1)
                        if bits:
                            design.initial[word + row * stride + part] = bits
                word += cell.depth * stride
        design.words = word

    def read_port_init(self, index, low, high):
        """Return the initial value of a synchronous read port: that of its data signal."""
        bits = self._port_inits.get(index)
        if bits is None:
            bits = 0
            for signal, value in self.netlist.signals.items():
                for bit, net in enumerate(value):
                    if net >> 16 == index:
                        bits |= (signal.init >> bit & 1) << (net & 0xFFFF)
            self._port_inits[index] = bits
        return (bits >> low) & ((1 << (high - low)) - 1)

    # Lowering ------------------------------------------------------------------------------------

    def of(self, runs):
        """Return the node for a value given as runs."""
        graph, parts = self.graph, []
        for cell, low, width in runs:
            if cell == CONST:
                parts.append(graph.const(low, width))
            elif cell == REPEAT:
                bit = self.of([(low >> 16, low & 0xFFFF, 1)])
                parts.append(graph.extend(bit, width, signed=True))
            else:
                starts = self.cuts[cell]
                chunk = bisect_left(starts, low + 1) - 1
                end = low + width
                while low < end:
                    start, stop = self.chunk_range(cell, chunk)
                    stop = min(stop, end)
                    parts.append(graph.slice(self.nodes[cell][chunk], low - start, stop - low))
                    low, chunk = stop, chunk + 1
        return self.join_signed(runs, parts)

    def join_signed(self, runs, parts):
        """Concatenate, turning a run that repeats the sign bit below it into a sign extension."""
        graph = self.graph
        if len(runs) >= 2 and runs[-2][0] >= 0:
            cell, low, width = runs[-2]
            top, net, count = runs[-1]
            if top >= 0 and count == 1:
                net |= top << 16
            if (top == REPEAT or count == 1) and cell << 16 | (low + width - 1) == net:
                body = parts[-2]
                parts = [*parts[:-2], graph.extend(body, graph.width[body] + count, signed=True)]
        return graph.concat(parts)

    def value(self, value):
        return self.of(self.runs(value))

    def lower(self, index, chunk):
        """Build the node of one chunk; its sources are there already."""
        cell = self.cells[index]
        low, high = self.chunk_range(index, chunk)
        kind = type(cell)
        if kind is _nir.Operator:
            node = self.operator(index, cell, low, high)
        elif kind is _nir.AssignmentList:
            node = self.assignment_list(index, cell, chunk, low, high)
        elif kind is _nir.Matches:
            node = self.matches(cell)
        elif kind is _nir.Part:
            node = self.part(cell)
        elif kind is _nir.AsyncReadPort:
            node = self.read(cell.memory, self.value(cell.addr), low // WORD)
        else:
            raise AssertionError(kind)
        self.nodes.setdefault(index, [None] * len(self.cuts[index]))[chunk] = node

    def operator(self, index, cell, low, high):
        graph = self.graph
        inputs = [runs for runs, _ in self.values[index]]
        operator = cell.operator
        if operator in BITWISE:
            if operator == "m":
                condition = self.of(inputs.pop(0))
            operands = [self.of(_cut(runs, low, high)) for runs in inputs]
            match operator:
                case "m":
                    return graph.mux(condition, *operands)
                case "~":
                    return graph.invert(operands[0])
            return graph.binary({"&": "and", "|": "or", "^": "xor"}[operator], *operands)
        if operator in ("+", "-", "*", "<<"):
            width = max(self.needed[index], 1)
            wide = self.widths[index]
            a = self.of(_cut(inputs[0], 0, min(width, wide)))
            if operator == "<<":
                node = graph.binary("shl", a, self.of(inputs[1]))
            elif len(inputs) == 1:
                node = graph.binary("sub", graph.const(0, graph.width[a]), a)
            else:
                b = self.of(_cut(inputs[1], 0, min(width, wide)))
                node = graph.binary({"+": "add", "-": "sub", "*": "mul"}[operator], a, b)
            return node
        operands = [self.of(runs) for runs in inputs]
        a, b = operands[0], operands[-1]
        match operator:
            case "b" | "r|":
                return graph.any(a)
            case "r&":
                return graph.all(a)
            case "r^":
                return graph.parity(a) if graph.width[a] else graph.const(0, 1)
            case "==":
                return graph.equal(a, b)
            case "!=":
                return graph.invert(graph.equal(a, b))
            case "u<" | "s<":
                return graph.binary(f"{operator[0]}lt", a, b)
            case "u>" | "s>":
                return graph.binary(f"{operator[0]}lt", b, a)
            case "u<=" | "s<=":
                return graph.binary(f"{operator[0]}le", a, b)
            case "u>=" | "s>=":
                return graph.binary(f"{operator[0]}le", b, a)
            case "u>>":
                return graph.binary("lshr", a, b)
            case "s>>":
                return graph.binary("ashr", a, b)
            case "u//":
                return graph.binary("udiv", a, b)
            case "u%":
                return graph.binary("umod", a, b)
            case "s//" | "s%":
                return self.signed_division(operator, a, b)
        raise AssertionError(operator)

    def signed_division(self, operator, a, b):
        """Divide towards minus infinity, in terms of unsigned division."""
        graph = self.graph
        width = graph.width[a]
        zero = graph.const(0, width)

        def magnitude(x):
            negative = graph.slice(x, width - 1, 1)
            return negative, graph.mux(negative, graph.binary("sub", zero, x), x)

        a_negative, a_size = magnitude(a)
        b_negative, b_size = magnitude(b)
        quotient = graph.binary("udiv", a_size, b_size)
        remainder = graph.binary("umod", a_size, b_size)
        mixed = graph.binary("xor", a_negative, b_negative)
        inexact = graph.any(remainder)
        if operator == "s//":
            rounded = graph.binary("add", quotient, graph.extend(inexact, width))
            return graph.mux(mixed, graph.binary("sub", zero, rounded), quotient)
        other = graph.binary("sub", b_size, remainder)
        size = graph.mux(graph.both(mixed, inexact), other, remainder)
        result = graph.mux(b_negative, graph.binary("sub", zero, size), size)
        return graph.mux(graph.any(b), result, zero)

    def matches(self, cell):
        graph = self.graph
        value = self.value(cell.value)
        width = graph.width[value]
        result = graph.const(0, 1)
        exact = [int(pattern or "0", 2) for pattern in cell.patterns if "-" not in pattern]
        if len(exact) > 2 and 1 < width <= 6:
            result = self.member(value, sorted(set(exact)))
            exact = []
        for number in exact:
            equal = graph.equal(value, graph.const(number, width))
            result = graph.either(result, equal)
        for pattern in cell.patterns:
            if "-" in pattern:
                result = graph.either(result, self.pattern(value, pattern))
        return result

    def pattern(self, value, pattern):
        """Compare a value with a pattern that has don't-care bits."""
        graph = self.graph
        mask = int(pattern.replace("0", "1").replace("-", "0"), 2)
        wanted = int(pattern.replace("-", "0"), 2)
        if mask == 0:
            return graph.const(1, 1)
        low = (mask & -mask).bit_length() - 1
        width = mask.bit_length() - low
        if mask >> low == (1 << width) - 1:
            return graph.equal(graph.slice(value, low, width), graph.const(wanted >> low, width))
        width = graph.width[value]
        masked = graph.both(value, graph.const(mask, width))
        return graph.equal(masked, graph.const(wanted, width))

    def part(self, cell):
        """Read `width` bits from bit `offset * stride` of a value."""
        graph = self.graph
        value, offset = self.value(cell.value), self.value(cell.offset)
        signed = cell.value_signed
        size = graph.width[value]
        if size == 0 or cell.width == 0:
            return graph.const(0, cell.width)
        largest = ((1 << graph.width[offset]) - 1) * cell.stride
        if graph.width[offset] == 0 or cell.stride == 0:
            return graph.extend(value, cell.width, signed)
        if size > WORD and graph.op[offset] != "const":
            return self.pick(value, offset, cell, signed)
        # Wide enough for the largest amount, and for the value to be extended by its sign.
        bits = max(largest.bit_length(), 1)
        amount = graph.binary("mul", graph.extend(offset, bits), graph.const(cell.stride, bits))
        wide = graph.extend(value, max(size, cell.width), signed)
        shifted = graph.binary("ashr" if signed else "lshr", wide, amount)
        return graph.slice(shifted, 0, cell.width)

    def pick(self, value, offset, cell, signed):
        """Choose among the parts of a wide value with a tree of multiplexers."""
        graph = self.graph
        size = graph.width[value]
        beyond = graph.extend(graph.slice(value, size - 1, 1) if signed else graph.const(0, 1),
                              cell.width, signed=signed)

        def at(number):
            low = number * cell.stride
            if low >= size:
                return beyond
            return graph.extend(graph.slice(value, low, min(cell.width, size - low)),
                                cell.width, signed)

        count = min((size + cell.stride - 1) // cell.stride, 1 << graph.width[offset])
        level = [at(number) for number in range(count)]
        for bit in range(graph.width[offset]):
            select = graph.slice(offset, bit, 1)
            if len(level) % 2:
                level.append(beyond)
            level = [graph.mux(select, level[i + 1], level[i]) for i in range(0, len(level), 2)]
        return level[0]

    def read(self, memory, row, part):
        """Read one 64-bit part of a memory row."""
        graph = self.graph
        info = self.design.memories[self.memory_number[memory]]
        width = min(WORD, info.width - part * WORD)
        if info.depth == 0:
            return graph.const(0, width)
        row = row if graph.width[row] else graph.const(0, 1)
        return graph.node("read", width, (row,), (self.memory_number[memory], part))

    # Assignment lists ----------------------------------------------------------------------------

    def assignment_list(self, index, cell, chunk, low, high):
        """Rebuild the if/switch tree that assigns a chunk."""
        value = self.of(_cut(self.runs(cell.default), low, high))
        steps = []
        for a in self.assignments(index, chunk):
            path, net = [], a.cond
            while net > 1 and type(self.cells[net >> 16]) is _nir.PriorityMatch:
                path.append((net >> 16, net & 0xFFFF))
                net = self.cells[net >> 16].en
            if net != 1:
                if net == 0:
                    continue
                path.append((None, net))
            path.reverse()
            steps.append((path, a))
        return self.tree(steps, 0, value, low, high)

    def tree(self, steps, depth, value, low, high):
        position = 0
        while position < len(steps):
            path, a = steps[position]
            if len(path) == depth and type(a) is _IndexedAssignment:
                value = self.insert(value, a)
                position += 1
                continue
            if len(path) == depth:
                start, stop = max(a.start, low), min(a.start + len(a.value), high)
                new = self.of(_cut(self.runs(a.value), start - a.start, stop - a.start))
                value = self.graph.concat((
                    self.graph.slice(value, 0, start - low), new,
                    self.graph.slice(value, stop - low, high - stop)))
                position += 1
                continue
            switch = path[depth][0]
            arms = {}
            while (position < len(steps) and len(steps[position][0]) > depth
                   and steps[position][0][depth][0] == switch):
                arms.setdefault(steps[position][0][depth][1], []).append(steps[position])
                position += 1
                if switch is None:
                    break
            values = {bit: self.tree(group, depth + 1, value, low, high)
                      for bit, group in arms.items()}
            if switch is None:
                (net, new), = values.items()
                condition = self.of([(net >> 16, net & 0xFFFF, 1)])
                value = self.graph.mux(condition, new, value)
            else:
                value = self.switch(switch, values, value)
        return value

    def insert(self, value, step):
        """Return a value with some bits at a computed position replaced."""
        graph = self.graph
        width = graph.width[value]
        offset = self.value(step.offset)
        largest = step.start + step.stride * ((1 << graph.width[offset]) - 1)
        bits = largest.bit_length()
        amount = graph.binary("mul", graph.extend(offset, bits), graph.const(step.stride, bits))
        amount = graph.binary("add", amount, graph.const(step.start, bits))
        new = self.value(step.value)
        size = min(len(step.value), width)
        mask = graph.binary("shl", graph.const((1 << size) - 1, width), amount)
        if graph.value(new) != 0:
            known = graph.value(new) == (1 << graph.width[new]) - 1
            new = mask if known else graph.binary("shl", graph.extend(new, width), amount)
            if known:
                return graph.either(value, mask)
            return graph.either(graph.both(value, graph.invert(mask)), new)
        return graph.both(value, graph.invert(mask))

    def switch(self, index, values, otherwise):
        """Return the multiplexers of one switch statement.

        Parameters
        ----------
        values : dict of int to node
            The value that each case assigns; a missing case assigns nothing.
        """
        graph = self.graph
        inputs = self.cells[index].inputs
        bits, default = range(max(values) + 1), otherwise
        if inputs[bits[-1]] == 1:
            default, bits = values[bits[-1]], bits[:-1]
        tests = [None if inputs[bit] < 2 else self.cells[inputs[bit] >> 16] for bit in bits]
        same_value = all(type(test) is _nir.Matches and test.value == tests[0].value
                         for test in tests)
        patterns = [pattern for test in tests for pattern in test.patterns] if same_value else []
        result = default
        if same_value and len(bits) >= 4 and 1 < len(tests[0].value) <= TABLE_BITS:
            return self.table(index, tests, bits, values, otherwise, default)
        # Cases that exclude each other may be tested in any order: those that assign the same
        # value are tested together.
        if same_value and len(set(patterns)) == len(patterns) and "-" not in "".join(patterns):
            groups = {}
            for bit in bits:
                new = values.get(bit, otherwise)
                if new != default:
                    groups.setdefault(new, []).append(bit)
            for new, members in reversed(groups.items()):
                if len(members) == 1:
                    condition = self.of([(inputs[members[0]] >> 16, 0, 1)])
                else:
                    condition = self.matches(_nir.Matches(
                        0, value=tests[0].value, src_loc=None,
                        patterns=[p for bit in members for p in tests[bit].patterns]))
                result = graph.mux(condition, new, result)
            return result
        tested = []
        for bit in reversed(bits):
            new = values.get(bit, otherwise)
            if new == default and (not tested or same_value and all(
                    _disjoint(p, q) for later in tested
                    for p in tests[bit].patterns for q in tests[later].patterns)):
                continue
            tested.append(bit)
            net = inputs[bit]
            condition = (graph.const(int(net), 1) if net < 2
                         else self.of([(net >> 16, net & 0xFFFF, 1)]))
            result = graph.mux(condition, new, result)
        return result

    def table(self, index, tests, bits, values, otherwise, default):
        """Return a switch over few bits: constants from a table, the others with multiplexers."""
        graph = self.graph
        winners = self.winners(index, tests)
        test = self.value(tests[0].value)
        groups = {}  # value -> the numbers for which it is chosen
        for number, bit in enumerate(winners):
            chosen = values.get(bit, otherwise) if bit in bits else default
            groups.setdefault(chosen, []).append(number)
        width = graph.width[default]
        constants = {node for node in groups if graph.op[node] == "const"}
        result = max(groups, key=lambda node: len(groups[node]))
        if len(constants) >= 3 and width <= WORD:
            row = [0] * len(winners)
            for node in constants:
                for number in groups.pop(node):
                    row[number] = graph.attr[node]
            result = graph.table(test, row, width)
        for node, numbers in groups.items():
            if node != result:
                result = graph.mux(self.member(test, numbers), node, result)
        return result

    def winners(self, index, tests):
        """Return which case of a switch each number chooses (-1: none)."""
        known = self._winners.get(index)
        if known is None or known[0] < len(tests):
            winners = [-1] * (1 << len(tests[0].value))
            for bit, test in reversed(list(enumerate(tests))):
                for pattern in test.patterns:
                    for number in _numbers(pattern):
                        winners[number] = bit
            known = self._winners[index] = len(tests), winners
        return known[1]

    def member(self, test, numbers):
        """Return one bit: whether a value is one of some numbers."""
        graph = self.graph
        width = graph.width[test]
        if len(numbers) <= 2:
            result = graph.const(0, 1)
            for number in numbers:
                result = graph.either(result, graph.equal(test, graph.const(number, width)))
            return result
        if len(numbers) > 1 << (width - 1):
            rest = set(range(1 << width)).difference(numbers)
            return graph.invert(self.member(test, sorted(rest)))
        # A range of aligned numbers is a comparison of the high bits.
        low = (len(numbers) - 1).bit_length()
        if len(numbers) == 1 << low and numbers[-1] - numbers[0] == len(numbers) - 1 \
                and numbers[0] % len(numbers) == 0:
            return graph.equal(graph.slice(test, low, width - low),
                               graph.const(numbers[0] >> low, width - low))
        row = [0] * (1 << width)
        for number in numbers:
            row[number] = 1
        return graph.table(test, row, 1)

    # Edges ---------------------------------------------------------------------------------------

    def connect(self):
        """Attach next values, memory writes and outputs."""
        graph, design = self.graph, self.design
        for (index, chunk), register in self.register_of.items():
            cell = self.cells[index]
            low, high = self.chunk_range(index, chunk)
            if type(cell) is _nir.FlipFlop:
                register.next = self.of(_cut(self.runs(cell.data), low, high))
            else:
                register.next = self.read_port(index, cell, chunk, low, high)
        for cell in self.cells:
            if type(cell) is _nir.SyncWritePort and len(cell.data):
                self.write_port(cell)
        for path, value in self.cells[0].ports_o.items():
            node = self.value(value)
            for part, low in enumerate(range(0, len(value), WORD)):
                width = min(WORD, len(value) - low)
                design.outputs.append((self.output_words[path] + part,
                                       graph.slice(node, low, width)))

    def read_port(self, index, cell, chunk, low, high):
        graph = self.graph
        row = self.value(cell.addr)
        data = self.read(cell.memory, row, low // WORD)
        for write_index in cell.transparent_for:
            port = self.cells[write_index]
            same = graph.equal(row, self.value(port.addr))
            enable = self.of(_cut(self.runs(port.en), low, high))
            mask = graph.both(enable, graph.extend(same, high - low, signed=True))
            new = self.of(_cut(self.runs(port.data), low, high))
            data = self.blend(mask, new, data, same, cell=port, low=low, high=high)
        # As in Amaranth's simulator, a reset without an enable clears the output register.
        hold = self.nodes[index][chunk]
        for domain in self.prepared.fragment.domains.values():
            if domain.rst is not None and self.netlist.signals[domain.clk][0] == self.clock:
                hold = graph.mux(self.value(self.netlist.signals[domain.rst]),
                                 graph.const(self.register_of[index, chunk].init, high - low), hold)
        return graph.mux(self.value((cell.en,)), data, hold)

    def blend(self, mask, new, old, same, *, cell, low, high):
        """Take the bits in `mask` from `new`, the others from `old`."""
        graph = self.graph
        enables = set(cell.en[low:high])
        if len(enables) == 1:
            return graph.mux(graph.slice(mask, 0, 1), new, old)
        return graph.either(graph.both(mask, new), graph.both(graph.invert(mask), old))

    def write_port(self, cell):
        graph, design = self.graph, self.design
        number = self.memory_number[cell.memory]
        info = design.memories[number]
        if info.depth == 0:
            return
        row = self.value(cell.addr)
        row = row if graph.width[row] else graph.const(0, 1)
        inside = graph.const(1, 1)
        if info.depth < 1 << graph.width[row]:
            inside = graph.binary("ult", row, graph.const(info.depth, graph.width[row]))
        for part, low in enumerate(range(0, info.width, WORD)):
            high = min(low + WORD, info.width)
            mask = self.of(_cut(self.runs(cell.en), low, high))
            if len(set(cell.en[low:high])) == 1:
                enable, mask = graph.slice(mask, 0, 1), None
            else:
                enable = graph.any(mask)
            enable = graph.both(enable, inside)
            data = self.of(_cut(self.runs(cell.data), low, high))
            if graph.value(enable) != 0:
                design.writes.append(Write(number, part, enable, row, data, mask))

    # Names ---------------------------------------------------------------------------------------

    def name_signals(self):
        """Describe every named signal, its fields and the ports."""
        design = self.design
        seen = set()
        for fragment, info in self.prepared.fragments.items():
            prefix = ".".join(_scope(info.name))
            for signal, name in info.signal_names.items():
                # A memory's signals mostly are ports of the module around it, named there.
                if not (isinstance(fragment, MemoryInstance) and signal in design.signals):
                    self.describe(f"{prefix}.{name}" if prefix else name, signal, seen)
        outputs = self.cells[0].ports_o
        for name, signal, _ in self.prepared.ports:
            value = self.netlist.signals[signal]
            path, _ = self.port_paths.get(signal, (name, None))
            is_clock = len(value) == 1 and value[0] == self.clock
            if name in self.cells[0].ports_i:
                if is_clock or not len(value):
                    continue
                if any(signal is domain.rst for domain in
                       self.prepared.fragment.domains.values()) and signal not in self.port_paths:
                    design.reset = self.storage(value)[0].word
                else:
                    design.inputs[path] = self.probe(path, signal, value, Kind.INPUT)
            elif name in outputs and signal in self.port_paths:
                word = self.output_words[name]
                parts = tuple(Part(word + i, 0, min(WORD, len(value) - low))
                              for i, low in enumerate(range(0, len(value), WORD)))
                probe = self.probe(path, signal, value, Kind.OUTPUT)
                design.outputs_by_path[path] = Probe(path, probe.width, probe.signed,
                                                     Kind.OUTPUT, probe.enum, parts, probe.source)
        if not self.port_paths:
            for signal, value in self.netlist.signals.items():
                if len(value) and all(net >> 16 and self.is_free(net) for net in value):
                    if value[0] == self.clock:
                        continue
                    design.inputs.setdefault(
                        signal.name, self.probe(signal.name, signal, value, Kind.INPUT))

    def describe(self, path, signal, seen):
        fields = self.netlist.signal_fields.get(signal) if signal in \
            self.netlist.signal_fields else {}
        value = self.netlist.signals[signal]
        design = self.design
        for field_path, info in {(): None, **fields}.items():
            full = ".".join((path, *(str(step) for step in field_path)))
            runs_of = value if not field_path else info.value
            if full in seen or not len(runs_of):
                continue
            seen.add(full)
            if not field_path:
                design.signals.setdefault(signal, full)
            probe = self.probe(full, signal, runs_of, None,
                               info=info or fields.get(()))
            design.probes.append(probe)
            design.nodes[full] = self.value(runs_of)

    def probe(self, path, signal, value, kind, info=None):
        parts = self.storage(value)
        if kind is None:
            kind = Kind.WIRE
            if parts:
                cells = {net >> 16 for net in value}
                inputs = all(cell == 0 or self.is_free(cell << 16) for cell in cells)
                kind = Kind.INPUT if inputs else Kind.REGISTER
        if info is None:
            info = self.netlist.signal_fields.get(signal, {}).get(())
        enum = None
        if info is not None and info.enum_variants is not None:
            enum = {number: name for number, name in info.enum_variants.items()}
        signed = info.signed if info is not None else signal.shape().signed
        return Probe(path, len(value), bool(signed), kind, enum, parts or (),
                     _where(signal.src_loc))

    def storage(self, value):
        """Return the parts of the state that hold a value, or None if it is computed."""
        graph, parts = self.graph, []
        node = self.value(value)
        for piece in graph.args[node] if graph.op[node] == "concat" else (node,):
            shift = 0
            width = graph.width[piece]
            if graph.op[piece] == "slice":
                shift, piece = graph.attr[piece], graph.args[piece][0]
            if graph.op[piece] != "load":
                return None
            parts.append(Part(graph.attr[piece], shift, width))
        return tuple(parts)
