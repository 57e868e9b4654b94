"""Building the ROM: kernel, Forth, and what the machine has."""

from dataclasses import replace
from pathlib import Path

from pteg.errors import UserError
from pteg.firmware.asm import Label, Program, Section, SectionFlags, assemble
from pteg.firmware.asm.program import Line
from pteg.firmware.asm.source import Location
from pteg.firmware.openfirmware import dis_table, fcodes, options
from pteg.firmware.openfirmware.board import Board
from pteg.firmware.openfirmware.crosscompiler import CrossCompiler
from pteg.firmware.openfirmware.machine_tree import machine_tree
from pteg.firmware.openfirmware.tree import place

__all__ = ["build", "compile_rom", "FOLDER", "FORTH"]

FOLDER = Path(__file__).parent
#: Forth sources in the order of compilation.
FORTH = ("base", "throwing", "interrupts", "console", "output", "source", "lines", "search",
         "numbers", "compile", "control", "define", "interpret", "environment", "extras", "heap",
         "substitute", "editor", "tools", "registers", "dis", "tree", "paths", "packages",
         "alarms", "callback", "claim", "mmu", "config", "elf", "instance", "fcode", "scripts",
         "volumes")
#: Those that need the nodes' drivers.
FORTH_BEHIND_DRIVERS = ("devices", "program", "breakpoints", "boot", "nvedit",
                        "security", "debug", "diagnostics", "preloaded", "client", "cold")
#: While the prompt executes a line (forth/interrupts.fs).
TICKS_PER_SECOND = 1000
_ROM_END = 0xFFFFFF00


def compile_rom(platform):
    """The ROM's dictionary for a platform, as the compiler that has made it."""
    board = Board(platform)
    kernel = assemble(FOLDER / "kernel" / "kernel.s")
    compiler = CrossCompiler(kernel, _ROM_END)
    compiler.compile(board.constants(), "board.fs")
    compiler.compile(options.forth_table(board), "options.fs")
    compiler.compile(dis_table.forth_table(), "dis_table.fs")
    for name in FORTH:
        compiler.load(FOLDER / "forth" / f"{name}.fs")
    tree = machine_tree(board)
    _compile_tree(compiler, tree)
    compiler.compile(board.console_words(), "board.fs", tree.console.words)
    for name in FORTH_BEHIND_DRIVERS:
        compiler.load(FOLDER / "forth" / f"{name}.fs")
    _finish(compiler, board, tree)
    return compiler, kernel


def _compile_tree(compiler, tree):
    """Place the nodes, and compile the methods of each."""
    place(tree.root, compiler)
    for node in tree.root.walk():
        compiler.current, compiler.order = node.words, [node.words, compiler.forth]
        for name, number in node.constants.items():
            compiler.compile(f"{number} constant {name}", node.path)
        if node.driver:
            compiler.load(FOLDER / "drivers" / f"{node.driver}.fs")
        _place_instance_data(compiler, node)
    compiler.current, compiler.order = compiler.forth, [compiler.forth]


def _place_instance_data(compiler, node):
    """Give the node the initial values of its instances, which stay in the ROM."""
    initial, compiler.instance_data = bytes(compiler.instance_data), bytearray()
    if initial:
        compiler.rom.align()
        node.set_instance_data(compiler.data, compiler.rom.append(initial), len(initial))


def _finish(compiler, board, tree):
    """Give the values that only the finished dictionary has, and those the kernel waits for."""
    last = list(compiler.lists.values())[-1]
    values = {"forth-wordlist": compiler.forth.address, "list-link": last.address,
              "root-node": tree.root.address, "aliases-node": tree.aliases.address,
              "options-node": tree.options.address, "chosen-node": tree.chosen.address,
              "memory-node": tree.memory.address, "cpu-node": tree.cpu.address,
              "packages-node": tree.packages.address, "console-node": tree.console.address}
    for name, number in values.items():
        compiler.data.store(compiler.need(name).operand, number)
    compiler.data.align(32)
    if compiler.data.here > compiler.buffers:
        raise UserError(f"Open Firmware's variables must end below its buffers at "
                        f"{compiler.buffers:#x}, not at {compiler.data.here:#x}")
    compiler.rom.align()
    table = compiler.rom.cells([_fcode(compiler, number)
                                for number in range(fcodes.LAST_OF_STANDARD + 1)])
    compiler.data.store(compiler.need("fcode-table").operand, table)
    compiler.data.store(compiler.need("rom-end").operand, table)
    windows = compiler.rom.cells(board.windows(compiler.symbols))
    image = compiler.rom.append(bytes(compiler.data.data))
    compiler.patch_kernel("windows", windows)
    compiler.patch_kernel("data_image", image, len(compiler.data.data))
    compiler.patch_kernel("message_uart", board.message_uart)
    compiler.patch_kernel("start_word", compiler.xt("cold"))
    compiler.patch_kernel("tick_period", board.timebase_frequency // TICKS_PER_SECOND)
    compiler.patch_kernel("tick_word", compiler.xt("tick"))
    compiler.patch_kernel("debug_word", compiler.xt("debug-stop"))
    compiler.patch_kernel("client_word", compiler.xt("client-service"))


def _fcode(compiler, number):
    """What a token's cell holds: an xt, or 1 more than where its name is, or 0 (forth/fcode.fs)."""
    word = compiler.forth.find(fcodes.TOKENS.get(number, ""))
    if word or number not in fcodes.ABSENT:
        return word.xt if word else 0
    name = fcodes.ABSENT[number].encode()
    place = compiler.rom.append(bytes([len(name)]) + name)
    compiler.rom.align()
    return place + 1


def build(platform):
    """The ROM for a platform as a `Program`, with a symbol for every word."""
    compiler, kernel = compile_rom(platform)
    rom = compiler.symbols["ROM"]
    data = compiler.kernel_bytes
    data += bytes(compiler.rom.base - rom - len(data)) + bytes(compiler.rom.data)
    section = Section(".rom", SectionFlags.ALLOC | SectionFlags.EXECUTE, address=rom,
                      alignment=32, data=bytearray(data))
    primitives = {word.xt for word in compiler.words}
    labels = [replace(label, section=section if label.value >= rom else None)
              for label in kernel.labels if label.section and label.value not in primitives]
    labels += [Label(word.name or f"noname_{word.xt:x}", word.xt, section, False, "function")
               for word in compiler.words]
    labels += [Label(word.name, word.operand, None, False, "object") for word in compiler.words
               if word.operand and compiler.data.base <= word.operand < compiler.data.end]
    lines = [replace(line, section=section, offset=line.section.address + line.offset - rom)
             for line in kernel.lines if line.section.name == ".text"]
    lines += _forth_lines(compiler, section, rom)
    return Program((section,), tuple(labels), tuple(lines), kernel.symbols["reset"])


def _forth_lines(compiler, section, rom):
    """The source line of each instruction that was compiled from a file."""
    texts = {path: path.read_text(encoding="utf-8").split("\n")
             for path in {path for _, _, path, _ in compiler.lines}}
    return [Line(section, address + 4 * n - rom, 4, Location(str(path), line),
                 texts[path][line - 1])
            for address, count, path, line in compiler.lines for n in range(count)]
