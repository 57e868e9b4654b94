"""Verilog designs as Amaranth components.

Yosys reads Verilog or SystemVerilog and gives a netlist of word-level cells (`sources`, `yosys`).
The netlist becomes an Amaranth component (`component`): registers, memories and wires keep their
names and scopes, each cell is an expression (`cells`, `memories`). From there a Verilog design is
like any other: it can be compiled, simulated, traced, and be a part of an Amaranth design.
"""

from pteg.engine.verilog.component import VerilogComponent, compile_verilog

__all__ = ["VerilogComponent", "compile_verilog"]
