"""Directives of compilers for debuggers: `.file` and `.loc`. They make the section .debug_line."""

import re
from collections.abc import Callable

from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.linetable import File
from pteg.firmware.asm.operands import adder
from pteg.firmware.asm.source import NAME, STRING, parse_string

__all__ = ["DEBUG_DIRECTIVES"]

DEBUG_DIRECTIVES: dict[str, Callable] = {}

_directive = adder(DEBUG_DIRECTIVES)

_FILE = re.compile(rf"(\d+)\s+({STRING})(?:\s+({STRING}))?(?:\s+md5\s+(0x[0-9a-fA-F]+))?")
_WORD = re.compile(rf"-?[\w.$]+|{STRING}")
_FLAGS = ("basic_block", "prologue_end", "epilogue_begin")
_NUMBERS = ("is_stmt", "isa", "discriminator")


@_directive(".file")
def _file(assembler, text):
    """`.file number "folder" "name" md5 sum`; without a number, the name of the source."""
    if text.startswith('"'):
        return
    match = _FILE.match(text)
    if not match:
        raise Problem(f".file must be followed by a name, or a number and names, not {text!r}")
    number, first, second, md5 = match.groups()
    folder, name = (first, second) if second else ('""', first)
    assembler.lines.files[int(number)] = File(
        parse_string(folder), parse_string(name),
        bytes.fromhex(md5[2:].zfill(32)) if md5 else None)


@_directive(".loc")
def _loc(assembler, text):
    """`.loc file line [column] [options]`: the source line of the instruction that follows."""
    words = _WORD.findall(text)
    numbers = []
    while words and re.fullmatch(r"\d\w*", words[0]) and len(numbers) < 3:
        numbers.append(assembler.number(words.pop(0)))
    if len(numbers) < 2:
        raise Problem(f".loc must be followed by the numbers of a file and a line, not {text!r}")
    options = {}
    while words:
        option = words.pop(0)
        if option in _FLAGS:
            options[option] = True
        elif option in _NUMBERS and words:
            options[option] = assembler.number(words.pop(0))
        elif option == "view" and words and re.fullmatch(rf"-?0|{NAME}", words[0]):
            options["view"] = words.pop(0)
        else:
            raise Problem(f".loc has no option {option!r}, or it lacks its value")
    assembler.lines.loc(*numbers[:2], numbers[2] if len(numbers) > 2 else 0, options,
                        assembler.section)
