"""Finds how many low bits of arithmetic results anybody reads."""

from amaranth.hdl import _nir

from pteg.engine.frontend.runs import REPEAT

__all__ = ["NARROW", "bits_needed"]

NARROW = ("+", "-", "*", "<<")  # low bits of the result need low bits of the operands only


def bits_needed(netlist, order):
    """Return how many low bits of each cell are read.

    Parameters
    ----------
    netlist : Netlist
    order : list of int
        The keys of the chunks, sources first.
    """
    needed = [0] * len(netlist.cells)

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

    for value in netlist.nir.signals.values():
        read(netlist.runs(value))
    for index, cell in enumerate(netlist.cells):
        if type(cell) is not _nir.Operator or cell.operator not in NARROW:
            for runs, _ in netlist.values[index]:
                read(runs)
    for key in reversed(order):
        cell = netlist.cells[key >> 16]
        if type(cell) is _nir.Operator and cell.operator in NARROW:
            limit = needed[key >> 16]
            for number, (runs, _) in enumerate(netlist.values[key >> 16]):
                read(runs, None if cell.operator == "<<" and number else limit)
    return needed
