"""What is simulated: a component, its ports, its recordings, and its text for other engines."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from pteg.engine.verilog import VerilogComponent
from pteg.engine.verilog.export import write_verilog

__all__ = ["Design", "Ports", "Text", "WithoutReset", "signals_of", "words"]


@dataclass
class Text:
    """What other engines read: files and the top module; `rtlil` is the same for Yosys."""

    files: list[Path]
    top: str = "top"
    parameters: dict[str, int | str] = field(default_factory=dict)
    rtlil: Path | None = None

    def component(self):
        """The Verilog as an Amaranth component."""
        return VerilogComponent(self.files, self.top, parameters=self.parameters)


@dataclass
class Ports:
    """Widths of the inputs, in the order of a recording's columns, and of the outputs, by path.

    A port has a 64-bit word, a column, for each 64 of its bits.
    """

    inputs: dict[str, int]
    outputs: dict[str, int]

    @classmethod
    def of(cls, native):
        """Those of a compiled design; its clock is none of them."""
        return cls(*({path: probe.width for path, probe in probes.items()}
                     for probes in (native.inputs, native.outputs)))

    @property
    def columns(self):
        """By input, its first column."""
        places, place = {}, 0
        for path, width in self.inputs.items():
            places[path] = place
            place += words(width)
        return places

    @property
    def count(self):
        """How many columns there are."""
        return sum(map(words, self.inputs.values()))


def words(width):
    """Return how many columns so many bits have."""
    return (width + 63) // 64


@dataclass
class Design:
    """A design of the comparison.

    Parameters
    ----------
    name : str
    make : callable
        Returns a new Amaranth component; None for a design in Verilog.
    record : callable
        Of the ports and a number of cycles: yields names and recordings, arrays of 64-bit words.
    text : Text
        Of a design in Verilog.
    data : list of path
        Files that it reads. All engines run in a folder that has them.
    clock : str
        Of a design in Verilog: its input.
    skips : bool
        Our engine skips cycles that change nothing, as the machine does.
    """

    name: str
    make: Callable | None
    record: Callable[[Ports, int], Iterator[tuple[str, np.ndarray]]]
    text: Text | None = None
    data: list[Path] = field(default_factory=list)
    clock: str = "clk"
    skips: bool = False

    def component(self):
        """What our engine compiles."""
        return self.make() if self.make else self.text.component()

    def clocked(self):
        """The component without a reset, and its clock, for Amaranth's simulator."""
        component = WithoutReset(self.make()) if self.make else self.text.component()
        return component, getattr(component, self.clock)

    def written(self, folder, tied=False):
        """Return the text; that of a component is written to the folder.

        Parameters
        ----------
        folder : Path
        tied : bool
            Whether to leave out the reset, rather than have an input that is always 0.
        """
        if self.text:
            return self.text
        component = WithoutReset(self.make()) if tied else self.make()
        ports = {path if path == "clk" else self.port(path): (signal, None)
                 for path, signal in signals_of(component).items()}
        source, verilog = folder / "top.il", folder / "top.v"
        source.write_text(rtlil.convert(component, name="top", ports=ports))
        verilog.write_text(write_verilog(source.read_text(), "top"))
        return Text([verilog], rtlil=source)

    def port(self, path):
        """Return the name of a port in the text: one that means nothing in Verilog or C++."""
        return path if self.text else "port_" + path.replace(".", "_")


class WithoutReset(wiring.Component):
    """A component in a clock domain that has no reset: for other engines, a reset tied low."""

    def __init__(self, component):
        self.component = component
        super().__init__({**component.signature.members, "clk": In(1)})
        for name in component.signature.members:
            setattr(self, name, getattr(component, name))

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = domain = ClockDomain("sync", reset_less=True)
        domain.clk = self.clk
        m.submodules.component = self.component
        return m


def signals_of(component):
    """Return the signals of a component's ports, by dotted path."""
    return {".".join(map(str, path)): Value.cast(value)
            for path, _, value in component.signature.flatten(component)
            if isinstance(Value.cast(value), Signal)}
