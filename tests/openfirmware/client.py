"""A client program that makes a list of calls, and a Python side that reads what came back."""

import struct

from pteg.firmware.asm import assemble

BASE, IMAGE = 0x200000, 0x400000
_SOURCE = """
        .org    {base:#x}
_start: mflr    r31
        mr      r30, r5                 # the client interface
        lis     r29, calls@h
        ori     r29, r29, calls@l
        mfcr    r28
        mr      r27, r1
1:      lwz     r3, 0(r29)
        cmpwi   r3, 0
        beq     2f
        mtlr    r30
        blrl
        stw     r3, 4(r29)
        addi    r29, r29, 8
        b       1b
2:      cmpw    r27, r1                 # the stack pointer must be as it was
        bne     3f
        mtlr    r31
        blr
3:      trap
        .balign 8
calls:
{calls}
        .long   0
{arrays}
"""


class Text(str):
    """A string argument."""


class Buffer(int):
    """An argument that is the address of so many bytes of room."""


class Client:
    """Makes calls of the client interface.

    Parameters
    ----------
    prompt : Prompt
    """

    def __init__(self, prompt):
        self.prompt, self.machine = prompt, prompt.machine

    def __call__(self, *calls, word="go"):
        """Results of `(service, returns, *arguments)`; each is (r3, returns, buffers)."""
        arrays, table = [], []
        for i, (service, returns, *arguments) in enumerate(calls):
            cells, data = [], []
            for j, argument in enumerate(arguments):
                name = f"data_{i}_{j}"
                if isinstance(argument, Buffer):
                    data.append(f"{name}: .space {int(argument)}, 0xEE\n .balign 4")
                elif isinstance(argument, str):
                    text = argument.encode() + b"\0"
                    data.append(f"{name}: .byte {','.join(map(str, text))}\n .balign 4")
                else:
                    name = str(argument)
                cells.append(name)
            name = ",".join(map(str, service.encode() + b"\0"))
            arrays.append(f"array_{i}: .long service_{i}, {len(arguments)}, {returns}"
                          + "".join(f", {cell}" for cell in cells)
                          + f"\n .space {4 * returns}, 0xEE\n .long 0x5AFE5AFE"
                          + f"\nservice_{i}: .byte {name}\n .balign 4\n" + "\n".join(data))
            table.append(f" .long array_{i}, 0x12345678")
        program = assemble(_SOURCE.format(base=BASE, calls="\n".join(table),
                                          arrays="\n".join(arrays)))
        image = program.elf()
        self.machine.memory.write(IMAGE, image)
        self.prompt("hex")
        # What the client prints may come before the prompt's own text.
        self.output = self.prompt(f"{len(image):x} to load-size init-program {word}")
        self.prompt("200000 100000 release decimal")
        return [self._result(program, i, call) for i, call in enumerate(calls)]

    def _result(self, program, i, call):
        _, returns, *arguments = call
        read, symbols = self.machine.memory.read, program.symbols
        status, = struct.unpack(">i", read(symbols["calls"] + 8 * i + 4, 4))
        at = symbols[f"array_{i}"] + 12 + 4 * len(arguments)
        values = struct.unpack(f">{returns + 1}i", read(at, 4 * returns + 4))
        assert values[-1] == 0x5AFE5AFE, "the word behind the returns was written"
        buffers = [read(symbols[f"data_{i}_{j}"], int(argument))
                   for j, argument in enumerate(arguments) if isinstance(argument, Buffer)]
        return status, list(values[:-1]), buffers
