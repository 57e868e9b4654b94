"""The instructions of a report: their ways through the pipeline, and where they come from.

Names and source lines of an address are those of the world that fetches from it: a guest has other
programs at the addresses of its host.
"""

import numpy as np

from pteg.lines import SourceLines
from pteg.pipeline.stages import STAGES
from pteg.symbols import WIDTH
from pteg.waveforms.pipeline import Fate

__all__ = ["FATES", "passages", "sources"]

FATES = list(Fate)


def _instructions(recorded):
    """Each different instruction with the world that fetches it: {(text, world): its number}."""
    return {key: number for number, key in enumerate(dict.fromkeys(
        (passage.label, recorded.world_of(passage)) for passage in recorded.passages))}


def _named(text, symbols):
    """The text of an instruction, with the name that its address has."""
    name = symbols.name(int(text[:8], 16))
    return f"{text:{10 + WIDTH}} <{name}>" if name else text


def sources(recorded, block):
    """The sources that have lines of the instructions; of each one, its file (or -1) and line."""
    symbols, places, files = recorded.machine.symbols, [], {}
    known = {world: SourceLines(symbols.of(world)) for world in set(recorded.worlds.tolist())}
    for text, world in _instructions(recorded):
        file, line = known[world].of(int(text[:8], 16)) or (-1, 0)
        if file >= 0:
            name = known[world].files[file]
            if name not in files:
                files[name] = len(files), known[world].text(file)
            file = files[name][0]
        places.append((file, line))
    return {"files": [{"name": name, "text": text} for name, (_, text) in files.items()],
            "file": block.put([file for file, _ in places], "i4"),
            "line": block.put([line for _, line in places], "u4")}


def passages(recorded, block):
    """Instructions in fetch order, with the spans of their stages; in cycles of the window."""
    labels, symbols = _instructions(recorded), recorded.machine.symbols
    rows, spans = [], []
    numbers = {stage: number for number, stage in enumerate(STAGES)}
    for passage in recorded.passages:
        rows.append((passage.begin - recorded.start, passage.end - recorded.start,
                     FATES.index(passage.fate),
                     labels[passage.label, recorded.world_of(passage)], len(spans)))
        spans += [(begin - recorded.start, end - recorded.start, numbers[stage])
                  for begin, end, stage in passage.spans]
    rows.append((0, 0, 0, 0, len(spans)))
    columns = np.array(rows, np.int64).T
    pieces = np.array(spans, np.int64).reshape(-1, 3).T
    return {"labels": [_named(text, symbols.of(world)) for text, world in labels],
            "world": block.put([world for _, world in labels], "u1"),
            **{name: block.put(column, "i4") for name, column in zip(
                ("begin", "end", "fate", "label", "first"), columns, strict=True)},
            **{name: block.put(column, "i4") for name, column in zip(
                ("span_begin", "span_end", "span_stage"), pieces, strict=True)}}
