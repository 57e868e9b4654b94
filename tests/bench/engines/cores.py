"""Processors of other people, in Verilog: wheels of PyPI have them.

PicoRV32, VexRiscv and mor1kx get random instructions: each word that memory gives is one, whatever
its address. SERV, a bit-serial processor, has its memory in the design, and boots Zephyr.
"""

from functools import partial
from importlib import import_module, util
from pathlib import Path

import numpy as np

from engines.design import Design, Text
from engines.program import Unavailable

__all__ = ["CORES"]

#: Instructions of RV32IM, RISC-V Instruction Set Manual, chapter 24: fixed bits, and bits that may
#: be anything. Register to register; with an immediate; shifts by one; lui, auipc, jal, jalr;
#: loads, stores, branches.
RISCV = [*((fixed | 0x33, 0x01FFFF80) for fixed in (0, 0x02000000)),
         *((fixed | 0x33, 0x01FF8F80) for fixed in (0x40000000, 0x40005000)),
         *((kind << 12 | 0x13, 0xFFFF8F80) for kind in (0, 2, 3, 4, 6, 7)),
         *((fixed | 0x13, 0x01FF8F80) for fixed in (0x1000, 0x5000, 0x40005000)),
         *((opcode, 0xFFFFFF80) for opcode in (0x37, 0x17, 0x6F)), (0x67, 0xFFFF8F80),
         *((kind << 12 | 0x03, 0xFFFF8F80) for kind in (0, 1, 2, 4, 5)),
         *((kind << 12 | 0x23, 0xFFFF8F80) for kind in (0, 1, 2)),
         *((kind << 12 | 0x63, 0xFFFF8F80) for kind in (0, 1, 4, 5, 6, 7))]
#: The same of OpenRISC 1000, Architecture Manual, chapter 5. Jumps and branches; movhi; loads and
#: arithmetic with an immediate; comparisons; stores; register to register: add, sub, and, or, xor,
#: sll, srl, mul.
OPENRISC = [*((opcode << 26, 0x03FFFFFF) for opcode in (0x00, 0x01, 0x03, 0x04)),
            (0x06 << 26, 0x03E0FFFF),
            *((opcode << 26, 0x03FFFFFF)
              for opcode in (0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x29, 0x2A, 0x2B)),
            *((0x2F << 26 | kind << 21, 0x001FFFFF) for kind in (0, 1, 2, 5, 10, 13)),
            *((opcode << 26, 0x03FFFFFF) for opcode in (0x35, 0x36, 0x37)),
            *((0x38 << 26 | kind, 0x03FFF800)
              for kind in (0, 2, 3, 4, 5, 0x008, 0x048, 0x306))]


def instructions(formats):
    """Return a function that makes random instructions."""
    fixed, free = (np.array(column, np.uint64) for column in zip(*formats, strict=True))

    def words(rng, count):
        kind = rng.integers(len(formats), size=count)
        return rng.integers(1 << 32, size=count, dtype=np.uint64) & free[kind] | fixed[kind]

    return words


def often(chance):
    """Return a function that makes bits that are 1 with some probability."""
    return lambda rng, count: rng.random(count) < chance


def recorded(values, reset, ports, cycles, active=1):
    """Yield the recording: some inputs have values, the others are 0."""
    rng = np.random.default_rng(1)
    rows = np.zeros((cycles, ports.count), np.uint64)
    for path, make in values.items():
        rows[:, ports.columns[path]] = make(rng, cycles)
    rows[:, ports.columns[reset]] = (np.arange(cycles) < 10) == active
    yield "Zephyr" if not values else "random instructions", rows


def folder_of(package):
    """Return the folder of the Verilog in a wheel."""
    if util.find_spec(package) is None:
        raise Unavailable(f"there is no Python package {package}")
    return Path(import_module(package).data_location)


def picorv32():
    """PicoRV32 with multiplication and division."""
    text = Text([folder_of("pythondata_cpu_picorv32") / "picorv32.v"], "picorv32",
                {"ENABLE_MUL": 1, "ENABLE_DIV": 1, "CATCH_MISALIGN": 0})
    values = {"mem_ready": often(0.9), "mem_rdata": instructions(RISCV)}
    return Design("PicoRV32", None, partial(recorded, values, "resetn", active=0), text)


def vexriscv():
    """VexRiscv with caches and MMU."""
    text = Text([folder_of("pythondata_cpu_vexriscv") / "VexRiscv_Linux.v"], "VexRiscv")
    values = {f"{bus}Wishbone_{name}": make for bus in ("iBus", "dBus")
              for name, make in (("ACK", often(0.9)), ("DAT_MISO", instructions(RISCV)))}
    return Design("VexRiscv", None, partial(recorded, values, "reset"), text)


def mor1kx():
    """OpenRISC mor1kx with caches, MMUs and a floating-point unit."""
    folder = folder_of("pythondata_cpu_mor1kx") / "rtl" / "verilog"
    text = Text([*sorted(folder.glob("*.v")), *sorted((folder / "pfpu32").glob("*.v"))], "mor1kx",
                {f"FEATURE_{name}": "ENABLED"
                 for name in ("INSTRUCTIONCACHE", "DATACACHE", "IMMU", "DMMU", "FPU")})
    values = {f"{bus}_{name}": make for bus in ("iwbm", "dwbm")
              for name, make in (("ack_i", often(0.9)), ("dat_i", instructions(OPENRISC)))}
    return Design("mor1kx", None, partial(recorded, values, "rst"), text)


def serv():
    """SERV in its system on a chip."""
    folder = folder_of("pythondata_cpu_serv")
    names = ["servant", "servant_ram", "servant_timer", "servant_gpio", "servant_mux",
             "servant_arbiter"]
    files = [path for path in sorted((folder / "rtl").glob("*.v")) if "wrapper" not in path.name]
    files += sorted((folder / "servile").glob("*.v"))
    files += [folder / "servant" / f"{name}.v" for name in names]
    text = Text(files, "servant", {"memfile": "zephyr_hello.hex", "memsize": 32768})
    return Design("SERV", None, partial(recorded, {}, "wb_rst"), text,
                  [folder / "sw" / "zephyr_hello.hex"], clock="wb_clk")


CORES = {"picorv32": picorv32, "vexriscv": vexriscv, "mor1kx": mor1kx, "serv": serv}
