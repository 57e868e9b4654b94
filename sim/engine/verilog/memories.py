"""Yosys' memory cell `$mem_v2` as an Amaranth memory."""

from amaranth.hdl import Cat, Mux
from amaranth.lib.memory import Memory

from pteg.engine.verilog.cells import flag, number

__all__ = ["build_memory", "name_of"]


def name_of(cell: dict) -> str:
    """Return the name of a memory in the source, with its scopes."""
    return cell["parameters"]["MEMID"].removeprefix("\\")


def build_memory(cell, pins, domain_of, refuse):
    """Return a memory, and what its inputs and outputs are.

    Parameters
    ----------
    cell : dict
        Its read ports have no clock: Yosys has made their registers flip-flops.
    pins : dict of str to Value
        The values of the inputs.
    domain_of : callable
        Returns the name of the domain of a clock, given its net and whether its edge rises.
    refuse : callable
        Raises the error for what is not supported.

    Returns
    -------
    memory : Memory
    inputs : list of (Signal, Value)
    data : Value
        Of all read ports, side by side.
    """
    width, depth = number(cell, "WIDTH"), number(cell, "SIZE")
    bits, offset = number(cell, "ABITS"), number(cell, "OFFSET")
    initial = number(cell, "INIT")
    memory = Memory(shape=width, depth=depth, init=[
        initial >> row * width & (1 << width) - 1 for row in range(depth)])
    inputs = []

    def part(pin, port, size):
        return pins[pin][port * size:(port + 1) * size]

    def row(pin, port):
        address = part(pin, port, bits)
        return (address - offset)[:bits] if offset else address

    for port in range(number(cell, "WR_PORTS")):
        if not number(cell, "WR_CLK_ENABLE") >> port & 1:
            refuse("a memory that is written without a clock")
        enable = part("WR_EN", port, width)
        nets = cell["connections"]["WR_EN"][port * width:(port + 1) * width]
        grain = _granularity(nets)
        write = memory.write_port(
            domain=domain_of(cell["connections"]["WR_CLK"][port],
                             number(cell, "WR_CLK_POLARITY") >> port & 1),
            granularity=grain)
        address = row("WR_ADDR", port)
        enables = Cat(enable[low] for low in range(0, width, grain))
        if depth < 1 << bits:  # a write outside of the memory has no effect
            enables = Mux(address < depth, enables, 0)
        inputs += [(write.en, enables), (write.addr, address),
                   (write.data, part("WR_DATA", port, width))]
    data = []
    for port in range(number(cell, "RD_PORTS")):
        if number(cell, "RD_CLK_ENABLE") >> port & 1:
            refuse("a memory cell whose read port has a clock")
        read = memory.read_port(domain="comb")
        inputs.append((read.addr, row("RD_ADDR", port)))
        data.append(read.data)
    if flag(cell, "RD_WIDE_CONTINUATION") or flag(cell, "WR_WIDE_CONTINUATION"):
        refuse("a memory with ports of several rows")
    return memory, inputs, Cat(data)


def _granularity(nets):
    """Return the size of the largest equal parts of a row that are always written together."""
    width = len(nets)
    return next(size for size in range(width, 0, -1) if width % size == 0
                and all(len(set(nets[low:low + size])) == 1 for low in range(0, width, size)))
