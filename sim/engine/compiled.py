"""Compiled designs: what `compile_design` and `load_design` return, and how they are cached.

Semantics of a cycle. `step(state)` computes all outputs from the registers and inputs in `state`,
writes them there, and then performs one clock edge with the reset inactive. `settle(state)` only
computes the outputs. `reset(state)` is a step with the reset active. A behavioural component that
reads the outputs after `step` and changes inputs for the next one is therefore a Moore machine on
the same clock edge.
"""

import fnmatch
import json
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import asdict, astuple
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np

from pteg.cache_folder import folder
from pteg.engine import cache
from pteg.engine.clocks import choose_clocks, clocked_functions, edges_before_latches
from pteg.engine.codegen import functions
from pteg.engine.cycle import CYCLE, cycle_functions
from pteg.engine.held import around, follows_registers, until_still
from pteg.engine.ir import Clocking, Design, Domain, Graph, Loops, Register, Twins, Write
from pteg.engine.kept import compile_texts, key_of
from pteg.engine.native import NativeFunction, load_object
from pteg.engine.placement import Placement
from pteg.engine.probes import Kind, MemoryInfo, Probe, Words, extract, insert
from pteg.engine.shared import Shared, share
from pteg.engine.tracer import Tracer
from pteg.errors import UserError
from pteg.garbage import nothing_to_collect

__all__ = ["FUNCTIONS", "Native", "compile_design", "compile_prepared", "digest_design",
           "load_design", "plan_function"]


def compile_design(design: Any, *, ports: Iterable[Any] | None = None, name: str = "top",
                   unnamed: Iterable[str] = (), clocks: Iterable[str] = (), cycle: bool = False,
                   cache: bool = True) -> "Native":
    """Compile an Amaranth design to native code.

    Parameters
    ----------
    design : Elaboratable or Fragment
        With several clock domains, or clocks that logic makes, see `Native.advance`.
    ports : list of Signal, optional
        The top-level ports. By default the members of a component's signature; for a design that
        is not a component, every signal that nothing drives is an input.
    name : str
        Of the top, for messages.
    unnamed : collection of str
        Submodules and ports of the top whose names paths leave out: with "cpu0", the signal
        `cpu0.mmu.walker.state` has the path `mmu.walker.state`.
    clocks : collection of str
        Inputs that are clocks although logic is between them and every register.
    cycle : bool
        Whether to make the function `cycle`, too.
    cache : bool
        Whether to keep compiled objects, and use kept ones.

    Raises
    ------
    UserError
        The design has a combinational loop or a construct that is not supported.
    """
    from pteg.engine.frontend import elaborate

    with nothing_to_collect():
        elaborated = elaborate(design, ports=ports, name=name, unnamed=unnamed)
        choose_clocks(elaborated, clocks)
        edges_before_latches(elaborated)
        return _build(elaborated, cycle, cache)


def compile_prepared(prepared: Any, *, name: str = "top", cycle: bool = False,
                     cache: bool = True) -> "Native":
    """Compile a design that Amaranth has prepared; every signal that nothing drives is an input."""
    from pteg.engine.frontend import elaborate_prepared

    with nothing_to_collect():
        return _build(elaborate_prepared(prepared, name=name), cycle, cache)


def digest_design(design: Any, name: str = "top") -> str:
    """Return a hash of the circuit and the names of an Amaranth design.

    Takes a tenth of the time that it takes to compile. It says the same of two designs if and only
    if they behave and look the same, whatever they are made from: a file, a closure, a notebook.
    """
    from pteg.engine.frontend import elaborate

    with nothing_to_collect():
        design = elaborate(design, ports=None, name=name, unnamed=())
        return _cache.digest(json.dumps(_to_json(design)))


def load_design(build: Callable[[], Any], *, sources: Sequence[str | PathLike], parameters: Any,
                name: str, unnamed: Iterable[str] = (), cycle: bool = False,
                cache: bool = True, names: Mapping[str, str | None] | None = None) -> "Native":
    """Compile a design, or load the result of an earlier time.

    Parameters
    ----------
    build : callable
        Returns the component. Not called when a result is in the cache.
    sources : list of path
        Files, and folders of `.py` files, whose contents determine the design.
    parameters : JSON-able
        Everything else that determines it.
    name, unnamed, cycle, cache
        See `compile_design`.
    names
        See `Native.renamed`; they do not determine the design.
    """
    names = names or {}
    if not cache or _cache.edited_files(sources):
        return compile_design(build(), name=name, unnamed=unnamed, cycle=cycle,
                              cache=cache).renamed(names)
    key = key_of("design", name, _cache.digest_files(sources),
               json.dumps([parameters, list(unnamed), cycle], sort_keys=True))
    kept = folder(), key, tuple(names.items())  # in another cache, nothing is there yet
    with _keeping:
        native = _latest.get(kept)
    if native is None:
        blobs = _cache.get(key)
        if blobs is None:
            with _cache.Lock(key):
                blobs = _cache.get(key)
                if blobs is None:
                    with nothing_to_collect():  # until most of what was needed is gone
                        native = compile_design(build(), name=name, unnamed=unnamed, cycle=cycle)
                        native = native.renamed(names)
                        _cache.put(key, native.to_blobs())
                    return native
        native = Native.from_blobs(blobs).renamed(names)
    with _keeping:
        _latest.pop(kept, None)
        _latest[kept] = native
        if len(_latest) > LATEST:
            del _latest[next(iter(_latest))]
    return native


_cache = cache  # the parameters above hide the module

#: Designs that are kept in memory, and which those are, the latest last: another machine of the
#: same hardware need not read its signals again.
LATEST = 4
_latest: dict[tuple[Any, ...], "Native"] = {}
_keeping = threading.Lock()     # a sweep may make machines in several threads


#: The functions of a design: the level of the reset input, and whether there is a clock edge.
FUNCTIONS = {"step": (0, True), "settle": (0, False), "reset": (1, True)}


def plan_function(design: Design, name: str) -> tuple[Shared, Placement]:
    """Return which code modules share in one of a design's functions, and the plan of the rest."""
    level, edge = FUNCTIONS[name]
    value = _with_reset(design, level)
    shared = share(design, value) if edge else Shared(design, [], value)
    return shared, shared.plan(edge=edge)


def _with_reset(design: Design, level: int) -> list[int]:
    """Return what each node is at a level of the reset input."""
    graph, fixed = design.graph, {}
    if design.reset is not None:
        fixed[graph.load(design.reset, 1)] = graph.const(level, 1)
    return graph.substitute(fixed)


def _function_texts(design: Design, name: str) -> list[str]:
    shared, plan = plan_function(design, name)
    level, edge = FUNCTIONS[name]
    if edge and follows_registers(design):
        return [*functions(f"{name}.edge", shared, plan),
                *around(name, design, _with_reset(design, level), _with_reset(design, 0))]
    if not edge and design.loops is not None:
        return [*functions(f"{name}.once", shared, plan), until_still(name, design)]
    return functions(name, shared, plan)


def _build(design: Design, cycle: bool, use_cache: bool) -> "Native":
    texts, record = _texts(design, cycle)
    return Native(design, *compile_texts(texts, use_cache), record, use_cache)


def _texts(design: Design, cycle: bool) -> tuple[list[str], int]:
    """Return the functions of a design, and the words of the record of `cycle` or 0."""
    value, record = _with_reset(design, 0), 0
    if design.clocking is not None:
        texts = clocked_functions(design, value)
    elif cycle and not follows_registers(design):
        texts, record = cycle_functions(design, value)
    else:
        texts = _function_texts(design, "step")
    if cycle and not record:
        texts, record = [*texts, CYCLE], 1
    return [*texts, *_function_texts(design, "settle")], record


class Native:
    """A compiled design.

    Attributes
    ----------
    name : str
    step, settle, reset : NativeFunction
        Called with the state array, from Python or from numba code; see :mod:`pteg.engine.native`.
    cycle : NativeFunction
        A step that takes next to no time if it changes nothing but counters that run freely.
        Called with the state and a record, which is from `new_record` or was left by the step
        before; between the two, nothing but inputs may have been written to the state. Only there
        if asked for.
    advance : NativeFunction
        Performs the edges of the clocks that have changed since the step, or call, before; called
        with the state. Only there if there are several clocks, or clocks that logic makes: then
        the clocks are inputs, and a `step` is one period of all of them at once. Outputs are those
        of the last `step` or `settle`.
    edge : NativeFunction
        With `advance`: performs the edges that the state says (`pteg.engine.ir.Domain.edge`).
    inputs, outputs : dict of str to Probe
        Ports, by dotted path.
    use_cache : bool
        Whether compiled code is kept.
    memories : dict of str to MemoryInfo
    design : Design
        The circuit: operations, registers, memories.
    """

    def __init__(self, design: Design, key: str, code: Any, record: int = 0,
                 use_cache: bool = True):
        self.design = design
        self._key = key  # of the object file in the cache
        self._record = record  # words
        self.use_cache = use_cache
        several = {} if design.clocking is None else {"advance": 1, "edge": 1, "reset": 1}
        functions = load_object(code, {"step": 1, "settle": 1, **({"cycle": 2} if record else {}),
                                       **several})
        self.step = functions["step"]
        self.settle = functions["settle"]
        if record:
            self.cycle = functions["cycle"]
        if several:
            self.advance, self.edge = functions["advance"], functions["edge"]
            self.reset = functions["reset"]
        self.name = design.name
        self.inputs = design.inputs
        self.outputs = design.outputs_by_path
        self.memories = {memory.path: memory for memory in design.memories}
        self.words = design.words

    @cached_property
    def reset(self) -> NativeFunction:
        """A step with the reset active."""
        # Compiled when it is used, which is seldom: a new state needs no reset.
        _, code = compile_texts(_function_texts(self.design, "reset"), self.use_cache)
        return load_object(code, {"reset": 1})["reset"]

    @cached_property
    def signals(self) -> dict[str, Probe]:
        """All named signals and their fields: a dict from dotted path to Probe."""
        return {probe.path: probe for probe in self.design.probes}

    @cached_property
    def _initial(self) -> Words:
        state = np.zeros(self.words, np.uint64)
        for word, value in self.design.initial.items():
            state[word] = value
        if self.design.clocking is not None:
            self.advance(state)  # finds the levels of the clocks
        return state

    def new_state(self) -> Words:
        """Return a state array with every register, input and memory at its initial value."""
        return self._initial.copy()

    def new_record(self) -> Words:
        """Return a record for `cycle` that says nothing; to forget what it says, set it to 0."""
        return np.zeros(self._record, np.uint64)

    def renamed(self, names: Mapping[str, str | None]) -> "Native":
        """Return this design with other names of modules and ports, wherever in a path they are.

        Parameters
        ----------
        names : dict of str to str or None
            By the names with which it was compiled. None: its signals have no paths.
        """
        other = copy(self)
        vars(other).pop("signals", None)
        other.design = _StoredDesign(self.to_blobs(), names)
        other.inputs, other.outputs = other.design.inputs, other.design.outputs_by_path
        return other

    def probe(self, path: str) -> Probe:
        """Return the description of a signal or port.

        Raises
        ------
        UserError
            There is none of that name.
        """
        for table in (self.signals, self.inputs, self.outputs):
            probe = table.get(path)
            if probe is not None and (probe.parts or path not in self.outputs):
                return probe
        raise UserError(f"design {self.name!r} has no signal {path!r}")

    def read(self, state: Words, path: str) -> int:
        """Return the value of an input, output or register as a (signed, if so) integer.

        A register has its present value, an output that is not one that of the last step.
        """
        probe = self.probe(path)
        if not probe.parts:
            raise UserError(f"{path!r} is a wire, which the state does not hold: use a tracer")
        value = extract(state, probe.parts)
        if probe.signed and value >> (probe.width - 1):
            value -= 1 << probe.width
        return value

    def write(self, state: Words, path: str, value: int) -> None:
        """Set an input or register; excess bits of `value` are dropped."""
        probe = self.probe(path)
        if not probe.parts or probe.kind is Kind.OUTPUT:
            raise UserError(f"{path!r} is {probe.kind.value}: only inputs and registers can be set")
        insert(state, probe.parts, value)

    def match(self, patterns: str | Iterable[str]) -> list[str]:
        """Return the paths of signals that match any of some glob patterns, in design order."""
        patterns = [patterns] if isinstance(patterns, str) else list(patterns)
        known = dict(self.signals)
        for table in (self.inputs, self.outputs):
            for path, probe in table.items():
                known.setdefault(path, probe)
        chosen = {}
        for pattern in patterns:
            if pattern in known:
                found = [pattern]
            else:
                found = fnmatch.filter(known, pattern)
            if not found:
                raise UserError(f"no signal of design {self.name!r} matches {pattern!r}")
            chosen.update(dict.fromkeys(found))
        return list(chosen)

    def tracer(self, paths: str | Iterable[str] = "*") -> "Tracer":
        """Return a :class:`Tracer` for the signals that match `paths` (a glob or several)."""
        return Tracer(self.design, {path: self.probe(path) for path in self.match(paths)},
                      self.use_cache)

    # Storing -------------------------------------------------------------------------------------

    def to_blobs(self) -> dict[str, bytes]:
        """Return the design as named byte strings for the cache, where its code is by itself.

        They do not tell of other names than those with which it was compiled.
        """
        if isinstance(self.design, _StoredDesign):
            return self.design.blobs
        pack = _to_json(self.design)
        pack["manifest"] |= {"object": self._key, "record": self._record}
        return {name: zlib.compress(json.dumps(data).encode(), 1) for name, data in pack.items()}

    @classmethod
    def from_blobs(cls, blobs: dict[str, bytes]) -> "Native":
        """Rebuild a design from :meth:`to_blobs`; names and circuit are unpacked when used."""
        design = _StoredDesign(blobs)

        def code() -> bytes:
            stored = _cache.get(design.object)
            if stored:
                return stored["object"]
            return compile_texts(_texts(design, bool(design.record))[0], True)[1]()

        return cls(design, design.object, code, design.record)


def _to_json(design: Design) -> dict[str, Any]:
    manifest = {
        "name": design.name, "words": design.words, "reset": design.reset,
        "clocking": None if design.clocking is None else asdict(design.clocking),
        "loops": None if design.loops is None else astuple(design.loops),
        "twins": [asdict(twins) for twins in design.twins],
        "initial": list(design.initial.items()),
        "inputs": {path: probe.to_json() for path, probe in design.inputs.items()},
        "outputs": {path: probe.to_json() for path, probe in design.outputs_by_path.items()},
        "memories": [memory.to_json() for memory in design.memories],
    }
    signals = {"probes": [probe.to_json() for probe in design.probes]}
    circuit = {"graph": design.graph.to_json(), "nodes": design.nodes, "outputs": design.outputs,
               "registers": [astuple(register) for register in design.registers],
               "writes": [astuple(write) for write in design.writes]}
    return {"manifest": manifest, "signals": signals, "circuit": circuit}


class _StoredDesign(Design):
    """A design from the cache, whose larger parts are unpacked at their first use.

    For `names` see `Native.renamed`.
    """

    def __init__(self, blobs: dict[str, bytes], names: Mapping[str, str | None] | None = None):
        self.blobs, self._names = blobs, names or {}
        data = self._load("manifest")
        self.object, self.record = data["object"], data["record"]
        self.name = data["name"]
        self.words, self.reset = data["words"], data["reset"]
        self.clocking = None
        if data["clocking"] is not None:
            self.clocking = Clocking(**data["clocking"])
            self.clocking.domains = [Domain(**domain) for domain in data["clocking"]["domains"]]
        self.loops = None if data["loops"] is None else Loops(*data["loops"])
        self.twins = [Twins(**twins) for twins in data["twins"]]
        self.initial = dict(data["initial"])
        self.inputs = {probe.path: probe for probe in self._probes(data["inputs"].values())}
        self.outputs_by_path = {probe.path: probe
                                for probe in self._probes(data["outputs"].values())}
        self.memories = [MemoryInfo.from_json(memory) for memory in data["memories"]]

    def _load(self, name: str) -> Any:
        return json.loads(zlib.decompress(self.blobs[name]))

    def _probes(self, stored: Iterable[list[Any]]) -> Iterator[Probe]:
        """The probes that have a name, with it."""
        for data in stored:
            path = self._renamed(data[0])
            if path is not None:
                yield Probe.from_json([path, *data[1:]])

    def _renamed(self, path: str) -> str | None:
        if not self._names:
            return path
        steps = []
        for step in path.split("."):
            name, *rest = step.split("__", 1)   # a signal of a port is port__signal
            new = self._names.get(name, name)
            if new is None:
                return None
            steps.append("__".join([new, *rest]))
        return ".".join(steps)

    def __getattr__(self, name: str) -> Any:
        if name == "probes":
            self.probes = list(self._probes(self._load("signals")["probes"]))
        elif name in ("graph", "nodes", "outputs", "registers", "writes"):
            data = self._load("circuit")
            self.graph = Graph.from_json(data["graph"])
            self.nodes = {new: node for path, node in data["nodes"].items()
                          if (new := self._renamed(path)) is not None}
            self.outputs = [tuple(output) for output in data["outputs"]]
            self.registers = [Register(*fields) for fields in data["registers"]]
            self.writes = [Write(*fields) for fields in data["writes"]]
        else:
            raise AttributeError(name)
        return getattr(self, name)
