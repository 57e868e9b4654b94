"""Functions of a client that the firmware calls (IEEE 1275 6.3.2.6, 7.4.9; PowerPC binding 8.5)."""

import pytest

from pteg.firmware.asm import assemble

#: Sets its callbacks and asks for the prompt. `handler` answers by the name's first letter.
CLIENT = """
        .org    0x200000
_start: mflr    r31
        mr      r30, r5
        lis     r3, 0x20
        stw     r5, interface@l(r3)
        {environment}
        lis     r3, 0x20
        ori     r3, r3, set@l
        bl      call
        lis     r3, 0x20
        ori     r3, r3, symbols@l
        bl      call
        lis     r3, 0x20
        ori     r3, r3, enter@l
        bl      call
        mtlr    r31
        blr
call:   mtctr   r30
        bctr

handler:
        mflr    r12
        lwz     r4, 0(r3)
        lbz     r4, 0(r4)
        lwz     r5, 4(r3)               # arguments
        slwi    r5, r5, 2
        add     r5, r5, r3              # 12(r5) is the first return
        li      r0, 0
        stw     r0, 12(r5)
        cmpwi   r4, 'a'                 # add: the sum of three
        bne     1f
        lwz     r6, 12(r3)
        lwz     r7, 16(r3)
        lwz     r8, 20(r3)
        slwi    r7, r7, 4
        slwi    r8, r8, 8
        add     r6, r6, r7
        add     r6, r6, r8
        stw     r6, 16(r5)
        li      r0, 2
        stw     r0, 8(r3)
        b       good
1:      cmpwi   r4, 'f'                 # fail: an error
        bne     1f
        li      r0, 77
        stw     r0, 12(r5)
        b       good
1:      cmpwi   r4, 't'                 # translate: 1000 higher
        bne     1f
        lwz     r6, 12(r3)
        addi    r6, r6, 0x1000
        stw     r6, 16(r5)
        li      r0, 0x12
        stw     r0, 20(r5)
        li      r0, 3
        stw     r0, 8(r3)
        b       good
1:      cmpwi   r4, 'm'                 # map, unmap: note what came
        beq     2f
        cmpwi   r4, 'u'
        bne     1f
2:      lis     r6, 0x20
        lwz     r0, 12(r3)
        stw     r0, noted@l(r6)
        lwz     r0, 16(r3)
        stw     r0, noted@l+4(r6)
        lwz     r0, 20(r3)
        stw     r0, noted@l+8(r6)
        lwz     r0, 24(r3)
        stw     r0, noted@l+12(r6)
        li      r0, 1
        stw     r0, 8(r3)
        b       good
1:      cmpwi   r4, 's'                 # sym-to-value, sync
        bne     1f
        lis     r6, 0x20
        lwz     r7, 12(r3)
        lbz     r7, 0(r7)
        cmpwi   r7, 'x'                 # knows names that begin with x
        beq     2f
        li      r0, -1
        stw     r0, 12(r5)
2:      stw     r7, 16(r5)
        b       good
1:      cmpwi   r4, 'v'                 # value-to-sym
        bne     1f
        lis     r6, 0x20
        ori     r6, r6, xname@l
        stw     r6, 16(r5)
        li      r0, 4
        stw     r0, 12(r5)
        b       good
1:      cmpwi   r4, 'n'                 # nested: calls the firmware
        bne     1f
        stwu    r1, -32(r1)
        stw     r12, 20(r1)
        stw     r3, 16(r1)
        lis     r6, 0x20
        lwz     r0, interface@l(r6)
        mtctr   r0
        ori     r3, r6, time@l
        bctrl
        lwz     r12, 20(r1)
        lwz     r3, 16(r1)
        addi    r1, r1, 32
        li      r0, 1
        stw     r0, 8(r3)
        b       good
1:      cmpwi   r4, 'w'                 # wild: a fault
        bne     1f
        lis     r6, 0xdead
        lwz     r6, 0(r6)
1:      li      r3, -1
        mtlr    r12
        blr
good:   li      r3, 0
        mtlr    r12
        blr
        .balign 4
set:    .long   set_name, 1, 1, handler, 0
symbols: .long  symbols_name, 2, 0, {symbols}
enter:  .long   enter_name, 0, 0
time:   .long   time_name, 0, 1, 0
noted:  .long   0, 0, 0, 0
interface: .long 0
set_name: .asciz "set-callback"
symbols_name: .asciz "set-symbol-lookup"
enter_name: .asciz "enter"
time_name: .asciz "milliseconds"
xname:  .asciz  "xlabel"
"""
#: In real mode: blocks and segments of its own, which must be there again after each call.
OWN_ENVIRONMENT = """
        li      r4, 0x1FFE              # 256 MB at 0
        li      r5, 2
        mtibatl 0, r5
        mtibatu 0, r4
        mtdbatl 1, r5
        mtdbatu 1, r4
        lis     r6, 0x4321
        mtsr    3, r6
        lis     r6, 0x0010
        mtsdr1  r6
        isync
"""


@pytest.fixture
def client(prompt):
    """Starts the client; it has asked for the prompt. It ends with the test."""
    def start(environment="", symbols="handler, handler"):
        program = assemble(CLIENT.format(environment=environment, symbols=symbols))
        image = program.elf()
        prompt.machine.memory.write(0x400000, image)
        prompt("hex 200000 100000 release clear")
        prompt(f"{len(image):x} to load-size init-program go")
        assert prompt("entered @ .") == "1  ok\n"
        return program.symbols
    yield start
    prompt("clear go decimal")
    assert prompt("entered @ .") == "0  ok\n"


def test_arguments_and_returns(prompt, client):
    client()
    assert prompt.stack('hex 3 2 1 3 " add" $callback decimal') == [0x321, 1]
    assert prompt.error('0 " fail" $callback') == "$callback, error 77."
    assert prompt.error('0 " other" $callback') == "$callback, not supported."
    assert prompt.error('30 " add" $callback') == "$callback, wrong type of argument."
    assert prompt("callback add some arguments") == " ok\n"
    assert prompt.error("callback fail") == "callback, error 77."
    assert prompt.stack('1 2 0 " nested" $callback') == [1, 2, 0]


def test_a_fault_in_a_callback_is_an_error(prompt, client):
    client()
    assert "invalid memory address at dead0000." in prompt.error('0 " wild" $callback')
    assert prompt.stack('hex 3 2 1 3 " add" $callback decimal') == [0x321, 1]


def test_the_mmu_of_the_client_is_asked(prompt, client):
    at = client()
    assert prompt.stack('hex 5000 " translate" mmu-node-ihandle $call-method decimal'.replace(
        "mmu-node-ihandle", '" /chosen" find-package drop " mmu" rot get-package-property '
        'drop decode-int nip nip')) == [0x6000, 0x12, -1]
    prompt('hex " cpu" open-dev value the-mmu 300000 40000000 1000 12 " map" the-mmu $call-method')
    assert [prompt.machine.memory.read_word(at["noted"] + 4 * i) for i in range(4)] == [
        0x300000, 0x40000000, 0x1000, 0x12]
    prompt('40000000 2000 " unmap" the-mmu $call-method')
    assert [prompt.machine.memory.read_word(at["noted"] + 4 * i) for i in range(2)] == [
        0x40000000, 0x2000]
    prompt("the-mmu close-dev")


def test_the_client_s_symbols(prompt, client):
    client()
    assert prompt.stack("sym xyz") == [ord("x")]
    assert prompt.error("sym abc") == "abc, unknown word."
    assert prompt("hex 12345678 .adr decimal") == "xlabel+4  ok\n"


def test_without_symbols_the_firmware_s_own_are_there(prompt, client):
    client(symbols="0, 0")
    assert prompt("' dup .adr") == "dup  ok\n"
    assert prompt.stack("sym dup ' dup =") == [-1]


def test_a_client_in_real_mode_with_blocks_of_its_own(prompt, client):
    prompt("setenv real-mode? true")
    try:
        client(environment=OWN_ENVIRONMENT)
        assert prompt.stack('hex 3 2 1 3 " add" $callback decimal') == [0x321, 1]
        # Ours are there while the firmware runs, the client's while the client does.
        spr = prompt.machine.cpu.spr
        assert spr["SDR1"] == 0x10000 and spr["IBAT0U"] == 0xFFF0001E and spr["DBAT1U"] == 0
        prompt.machine.console.write(b'0 " nested" $callback drop\r')
        at = prompt.machine.symbols.address("callback_returned")
        assert prompt.machine.run(until=at, instructions=1_000_000) == "address"
        assert spr["SDR1"] == 0x100000 and spr["IBAT0U"] == spr["DBAT1U"] == 0x1FFE
        assert int(prompt.machine.cpu.sr[3]) == 0x43210000
        assert prompt.machine.cpu.msr & 0x30 == 0
        prompt.read()
    finally:
        prompt("set-default real-mode?")


def test_without_a_client_there_is_no_callback(prompt):
    assert prompt.error('0 " add" $callback') == "client has no callback"
    assert prompt.error("sync") == "client has no callback"
