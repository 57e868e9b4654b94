"""Finds modules that hold the same registers and memories: they may share code.

See :mod:`pteg.engine.shared`, which compares what they do.
"""

from collections import defaultdict

from amaranth.hdl import _nir

__all__ = ["find_twins"]

MIN_STORED = 64     # registers and memories of a module: a smaller one has little code


def find_twins(netlist, chunks):
    """Return the outermost modules that are alike, by kind.

    Returns
    -------
    list of dict of tuple of str to list of int
        For each kind of module, by the names that lead to each of its instances: the registers and
        memories in it, as numbers of cells; those at the same place of the lists belong together.
    """
    inside, shapes = defaultdict(list), defaultdict(list)   # by the names that lead to a module
    for index, cell in enumerate(netlist.cells):
        shape = _shape(index, cell, netlist, chunks)
        if shape is not None:
            names = netlist.nir.modules[cell.module_idx].name
            for length in range(2, len(names) + 1):
                inside[names[:length]].append(index)
                shapes[names[:length]].append(shape)
    kinds = defaultdict(list)
    for path, cells in inside.items():
        if len(cells) >= MIN_STORED:
            kinds[tuple(shapes[path])].append(path)
    chosen, found = set(), []
    for paths in sorted(kinds.values(), key=lambda paths: min(map(len, paths))):
        if len(paths) > 1 and not any(path[:length] in chosen
                                      for path in paths for length in range(len(path) + 1)):
            chosen.update(paths)
            found.append({path: inside[path] for path in paths})
    return found


def _shape(index, cell, netlist, chunks):
    """Return what a cell stores: sizes of its words; None if nothing."""
    match type(cell):
        case _nir.Memory:
            return cell.depth, cell.width
        case _nir.FlipFlop | _nir.SyncReadPort if netlist.widths[index]:
            return netlist.edge_of(cell) is None, netlist.widths[index], *chunks.starts[index]
    return None
