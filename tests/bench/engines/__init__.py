"""Engines that simulate one design, and what compares them.

Every engine is a program that replays a recording of the inputs, a row per cycle, and folds every
output of every cycle into a checksum. The checksums must agree.

| file | |
|---|---|
| `design.py` | what is simulated: the component, its ports, its Verilog |
| `machines.py`, `cores.py` | the designs: our machine, processors of other people |
| `program.py` | runs a program of an engine, measures it |
| `ours.py`, `verilated.py`, `cxxrtl.py`, `interpreted.py` | the engines |
| `replay.py` | the C++ program of Verilator and cxxrtl |
| `compare.py`, `output.py` | runs by turns; table, JSON and plot |
"""
