"""Writes Verilog of a component, and a test bench that replays a recording of its ports."""

import re
import warnings
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Signal, Value

from pteg.engine.verilog.yosys import quoted, run

__all__ = ["BenchFile", "export_verilog", "ports_of", "write_verilog"]

#: What Amaranth 0.5 writes for a part of a signed value at a computed place. Copies of the sign are
#: beyond the end of the value; Yosys' `$shift` has zeros there, but its `$sshr` has the copies.
_SIGNED_PART = re.compile(r"cell \$shift(?= \S+\n\s*parameter \\A_SIGNED 1\n)")
#: Operators in RTLIL say whether they are signed. Yosys (0.70) writes an unsigned one on two signed
#: signals as it is, and Verilog takes it for signed.
_SIGNED_WIRE = re.compile(r"^( *wire .*)\bsigned ", re.MULTILINE)


def ports_of(component):
    """Return the signals of a component's ports, by name in Verilog.

    The names are the paths with `__` for dots, as Amaranth's.
    """
    found = {}
    for path, _, value in component.signature.flatten(component):
        signal = Value.cast(value)
        if isinstance(signal, Signal) and len(signal):
            found["__".join(str(step) for step in path)] = signal
    return found


def export_verilog(component, name="top"):
    """Return the Verilog of a component; clock and reset of its domain are `clk` and `rst`.

    Raises
    ------
    UserError
        Yosys is not installed.
    """
    ports = {port: (signal, None) for port, signal in ports_of(component).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Amaranth's, about drivers from several modules
        text = rtlil.convert(component, name=name, ports=ports)
    return write_verilog(text, name)


def write_verilog(text, name):
    """Return the Verilog of a design in Yosys' own language (RTLIL), as Amaranth writes it."""
    text = _SIGNED_WIRE.sub(r"\1", _SIGNED_PART.sub("cell $sshr", text))

    def read(yosys, folder):
        file = Path(folder, "design.il")
        file.write_text(text)
        return [f"read_rtlil {quoted(yosys.path(file))}"]

    return run(read, ["proc", "memory_collect"], "write_verilog", name)


class BenchFile:
    """A test bench that sets the recorded inputs in each cycle and compares the outputs.

    It prints `pass` or the first difference. The recording is in a file of its own, one line of
    hexadecimal digits a cycle, which `$readmemh` reads.

    Parameters
    ----------
    inputs, outputs : dict of str to int
        Widths of the ports, by name in Verilog.
    """

    def __init__(self, inputs, outputs):
        self.inputs, self.outputs, self.lines = inputs, outputs, []
        self.width = sum(inputs.values()) + sum(outputs.values())

    def add(self, values):
        """Add a cycle: a dict of port to value."""
        word, position = 0, 0
        for name, width in {**self.inputs, **self.outputs}.items():
            word |= (values[name] & (1 << width) - 1) << position
            position += width
        self.lines.append(f"{word:0{(self.width + 3) // 4}x}\n")

    def recording(self):
        """Return the text of the recording."""
        return "".join(self.lines)

    def bench(self, recording, top="top"):
        """Return the text of the test bench.

        Parameters
        ----------
        recording : str
            Name of the recording's file.
        """
        cycles, lines, position = len(self.lines), [], 0
        for name, width in self.inputs.items():
            lines.append(f"  wire [{width - 1}:0] {name} = row[{position} +: {width}];")
            position += width
        checks = []
        for name, width in self.outputs.items():
            lines.append(f"  wire [{width - 1}:0] {name};")
            checks += [f"      if ({name} !== row[{position} +: {width}]) begin",
                       f"        $display(\"cycle %0d: {name} is %h, recorded %h\", cycle, {name}, "
                       f"row[{position} +: {width}]);",
                       "        $finish;", "      end"]
            position += width
        pins = ", ".join(f".{name}({name})" for name in ["clk", "rst", *self.inputs, *self.outputs])
        return "\n".join([
            "`timescale 1ns/1ns", "module bench;",
            f"  reg [{self.width - 1}:0] rows [0:{max(cycles, 1) - 1}];",
            f"  reg [{self.width - 1}:0] row;", "  reg clk = 0;", "  wire rst = 0;",
            "  integer cycle;", *lines, f"  {top} {top}({pins});", "  initial begin",
            f"    $readmemh(\"{recording}\", rows);",
            f"    for (cycle = 0; cycle < {cycles}; cycle = cycle + 1) begin",
            "      row = rows[cycle];", "      #1;", *checks, "      #1 clk = 1; #1 clk = 0;",
            "    end", "    $display(\"pass\");", "    $finish;", "  end", "endmodule", ""])
