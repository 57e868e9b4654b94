"""The file of a report: the viewer, and the data that it shows.

The data are a JSON object and a block of typed arrays, deflated and in base64. A JSON object
`{"at": offset, "n": length, "t": type}` stands for an array of the block.
"""

import base64
import json
import zlib
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from pteg import __version__
from pteg.hw.cache.enums import BlockState
from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import Msr
from pteg.hw.mmu.enums import AccessKind, SearchResult, Translation
from pteg.hw.sizes import TLB_MOST_WAYS
from pteg.ledger import Kind, PteBits
from pteg.pipeline.stages import STAGES
from pteg.report.instructions import FATES, passages, sources
from pteg.report.signals import COUNTERS
from pteg.report.translations import searches, translations
from pteg.waveforms.signals import Text
from pteg.worlds import World

__all__ = ["page", "document"]

_TYPES = {"u1": "Uint8", "i1": "Int8", "u2": "Uint16", "u4": "Uint32", "i4": "Int32",
          "u8": "BigUint64", "f8": "Float64"}


class _Block:
    """Typed arrays, one after the other, each at a multiple of eight bytes."""

    def __init__(self):
        self.data = bytearray()

    def put(self, array, dtype=None):
        array = np.ascontiguousarray(array, dtype)
        self.data += bytes(-len(self.data) % 8)
        at = len(self.data)
        self.data += array.tobytes()
        return {"at": at, "n": len(array), "t": _TYPES[array.dtype.str[1:]]}

    def table(self, records):
        """A structured array: each field for itself."""
        return {name: self.put(records[name]) for name in records.dtype.names}


def page(recorded) -> str:
    """The HTML text of a report."""
    block = _Block()
    data = document(recorded, block)
    packed = {"data": json.dumps(data, separators=(",", ":")).encode(), "block": bytes(block.data)}
    viewer = files("pteg.report") / "viewer"
    pieces = {name: (viewer / name).read_text(encoding="utf-8")
              for name in ("page.html", "page.css", "viewer.js")}
    scripts = "\n".join(
        f'<script type="application/octet-stream" id="{name}">'
        f'{base64.b64encode(zlib.compress(content, 9)).decode()}</script>'
        for name, content in packed.items())
    return (pieces["page.html"]
            .replace("@TITLE@", escape(data["title"]))
            .replace("@STYLE@", pieces["page.css"])
            .replace("@DATA@", scripts)
            .replace("@VIEWER@", pieces["viewer.js"].replace("</script", "<\\/script")))


def document(recorded, block) -> dict[str, Any]:
    """Everything that the viewer shows, as an object for JSON."""
    machine = recorded.machine
    found, slots = searches(recorded)
    return {
        "title": f"pteg: cycles {recorded.start:,} to "
                 f"{recorded.start + len(recorded.rows) - 1:,}",
        "version": __version__,
        "start": recorded.start, "count": len(recorded.rows), "trigger": recorded.trigger,
        "summary": _summary(recorded),
        "statistics": machine.stats(),
        "enums": {"vector": _names(Vector), "kind": _names(AccessKind), "result":
                  _names(Translation), "outcome": _names(SearchResult), "event": _names(Kind),
                  "bits": _names(PteBits), "block": _names(BlockState),
                  "world": _names(World)},
        "msr": {bit.name: int(bit) for bit in Msr if bit.name},
        "signals": [_signal(recorded, path, block) for path in recorded.probes],
        "shown": recorded.shown, "counters": COUNTERS,
        "stages": [stage.name for stage in STAGES], "fates": [fate.value for fate in FATES],
        "passages": passages(recorded, block),
        "source": sources(recorded, block),
        "translations": block.table(translations(recorded)),
        "searches": block.table(found), "slots": block.table(slots),
        "table": _table(machine.mmu.hash_table(), recorded.changes, block),
        "tlb": _tlb(recorded, block),
        "caches": _caches(recorded.caches, block),
        "events": _events(recorded, block), "worlds": _worlds(recorded, block),
        "session": _stored(recorded.session, block),
        "graph": _graph(machine.graph),
    }


def _names(enumeration):
    return {int(member): member.name for member in enumeration}


def _summary(recorded):
    machine, count = recorded.machine, len(recorded.rows)
    executed = recorded.column(COUNTERS["instructions"])
    return {"processor": "MPC750, cycle-accurate model",
            "window": f"{count:,} cycles from {recorded.start:,}",
            "instructions in the window": int(executed[-1] - executed[0]),
            "cycles of the run": machine.cycle, "instructions of the run": machine.instructions,
            "pteg": __version__}


def _signal(recorded, path, block):
    """A signal, with the cycles in which it changes and its values there."""
    probe, column = recorded.probes[path]
    values = recorded.rows[:, column]
    at = np.flatnonzero(np.diff(values, prepend=values[:1] ^ np.uint64(1)))
    names = ({value: probe.label(value) for value in np.unique(values).tolist()}
             if isinstance(probe, Text) else probe.enum)
    return {"path": path, "width": probe.width,
            "cycles": block.put(at, "u4"),
            "values": block.put(values[at], "u4" if probe.width <= 32 or names else "u8"),
            **({"enum": {int(value): name for value, name in names.items()}} if names else {})}


def _table(table, changes, block):
    """The page table that SDR1 describes at the end, when the recording began, and its changes."""
    words = changes.words
    inside = (words["address"] >= table.base) & (words["address"] < table.base + table.size)
    return {"base": table.base, "size": table.size,
            "before": block.put(changes.before(table.base, table.size), "u4"),
            "changes": block.table(words[inside])}


def _tlb(recorded, block):
    """Both TLBs when the recording began, and their changes."""
    memories = recorded.machine.model.native.memories
    ways = recorded.machine.model.places.mmu.dmmu.tlb
    entries = [(entry.side.value, entry.set, entry.way, entry.vsid, entry.ea, entry.pa,
                entry.c << 6 | entry.wimg << 2 | entry.pp) for entry in recorded.tlb]
    return {"sets": memories[ways.way(0)].depth,
            "ways": sum(ways.way(way) in memories for way in range(TLB_MOST_WAYS)),
            "before": entries, "changes": block.table(recorded.changes.refills)}


def _caches(caches, block):
    """Contents of the caches when the recording began, and their changes."""
    return {"caches": [
        {"name": cache.name, "sets": cache.sets, "ways": cache.ways, "sectors": cache.sectors,
         "state": block.put(state), "address": block.put(address)}
        for cache, (state, address) in zip(caches.caches, caches.before, strict=True)],
        "changes": block.table(caches.blocks)}


def _events(recorded, block):
    """The ledger. Names of program counters are those of the event's world: {"world pc": name}."""
    events, symbols = recorded.events, recorded.machine.symbols
    names = {f"{world} {pc}": name for world, pc in np.unique(events[["world", "pc"]]).tolist()
             if (name := symbols.of(world).name(pc))}
    return {"symbols": names, **{name: block.put(events[name], kind) for name, kind in (
        ("cycle", "u4"), ("instruction", "u4"), ("kind", "u1"), ("cause", "u2"), ("pc", "u4"),
        ("ea", "u4"), ("pa", "u4"), ("value", "u4"), ("world", "u1"))}}


def _worlds(recorded, block):
    """The cycles in which the world changes, and the new one; None without a hypervisor."""
    if recorded.machine.worlds is None:
        return None
    at = np.flatnonzero(np.diff(recorded.worlds, prepend=recorded.worlds[:1] ^ np.uint64(1)))
    return {"cycles": block.put(at, "u4"), "values": block.put(recorded.worlds[at], "u1")}


def _stored(value, block):
    """A value for JSON, in which the block has the arrays."""
    if isinstance(value, np.ndarray):
        return block.table(value) if value.dtype.names else block.put(value)
    if isinstance(value, dict):
        return {name: _stored(item, block) for name, item in value.items()}
    return [_stored(item, block) for item in value] if isinstance(value, list) else value


#: Components whose parts are shown.
_OPEN = ("processor", "processor.core", "processor.mmu")


def _graph(graph):
    """Components and connections; those of parts that are not shown are those of the whole."""
    def shown(node):
        names = node.split(".")
        while len(names) > 1 and ".".join(names[:-1]) not in _OPEN:
            names.pop()
        return ".".join(names)

    edges: dict[tuple[str, str], str] = {}
    for source, sink, data in graph.edges(data=True):
        ends = shown(source), shown(sink)
        if ends[0] != ends[1]:
            edges.setdefault(ends, data["interface"])
    joined = {node for ends in edges for node in ends}
    kept = [node for node in graph if shown(node) == node and (node in joined or node in _OPEN)]
    return {"nodes": [{"id": node, "kind": graph.nodes[node].get("kind", ""),
                       "parent": graph.nodes[node].get("parent")} for node in kept],
            "edges": [[*ends, interface] for ends, interface in edges.items()]}
