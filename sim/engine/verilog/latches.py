"""Joins the latches of a netlist: slang makes one of each bit."""

from collections import defaultdict

from pteg.engine.verilog.cells import number

__all__ = ["join_latches"]


def join_latches(netlist):
    """Make one latch of those that hold bits of a wire and open together.

    Parameters
    ----------
    netlist : dict
        A module in Yosys' JSON format; it is changed.
    """
    places = {}     # net -> the first wire with a name that it is in, and where
    for name, wire in netlist["netnames"].items():
        if not wire["hide_name"]:
            for place, net in enumerate(wire["bits"]):
                places.setdefault(net, (name, place))
    cells, groups = netlist["cells"], defaultdict(list)
    for name, cell in cells.items():
        if cell["type"] == "$dlatch":
            pins = cell["connections"]
            wires = {places.get(net, (None,))[0] for net in pins["Q"]}
            if len(wires) == 1 and None not in wires:
                groups[wires.pop(), *pins["EN"], number(cell, "EN_POLARITY")].append(name)
    for names in groups.values():
        first, *others = sorted(names, key=lambda name: places[cells[name]["connections"]["Q"][0]])
        joined = cells[first]["connections"]
        for name in others:
            pins = cells.pop(name)["connections"]
            for pin in ("D", "Q"):
                joined[pin] = joined[pin] + pins[pin]
        cells[first]["parameters"]["WIDTH"] = f"{len(joined['Q']):032b}"
