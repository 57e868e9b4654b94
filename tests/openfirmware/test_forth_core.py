"""ANS Forth's CORE word set at the prompt, by the text of the standard (6.1)."""

import pytest

MIN, MAX = -(1 << 31), (1 << 31) - 1

#: Lines and the items that they leave, in decimal. `\n` separates lines.
ROWS = {
    "stack": """
        1 2 drop -> 1
        1 dup -> 1 1
        0 ?dup -> 0
        5 ?dup -> 5 5
        1 2 swap -> 2 1
        1 2 over -> 1 2 1
        1 2 3 rot -> 2 3 1
        1 2 2drop ->
        1 2 2dup -> 1 2 1 2
        1 2 3 4 2swap -> 3 4 1 2
        1 2 3 4 2over -> 1 2 3 4 1 2
        7 8 depth -> 7 8 2
        : t >r r@ r> ; 5 t -> 5 5
        : t 2 >r >r r> r> ; 1 t -> 1 2
    """,
    "arithmetic": """
        3 4 + -> 7
        2147483647 1 + -> -2147483648
        3 4 - -> -1
        -3 4 * -> -12
        7 2 / -> 3
        -7 2 / -> -4
        7 -2 / -> -4
        -7 2 mod -> 1
        7 -2 mod -> -1
        -7 -2 /mod -> -1 3
        7 2 /mod -> 1 3
        -7 2 /mod -> 1 -4
        5 1+ -> 6
        -1 1+ -> 0
        0 1- -> -1
        5 negate -> -5
        -2147483648 negate -> -2147483648
        -5 abs -> 5
        5 abs -> 5
        -2147483648 2* -> 0
        -1 2* -> -2
        -1 2/ -> -1
        -4 2/ -> -2
        7 2/ -> 3
        3 -4 min -> -4
        3 -4 max -> 3
        7 3 2 */ -> 10
        -7 3 2 */ -> -11
        2147483647 2 4 */ -> 1073741823
        7 3 2 */mod -> 1 10
        -7 3 2 */mod -> 1 -11
        10 s>d 7 fm/mod -> 3 1
        -10 s>d 7 fm/mod -> 4 -2
        10 s>d -7 fm/mod -> -4 -2
        -10 s>d -7 fm/mod -> -3 1
        -10 s>d 7 sm/rem -> -3 -1
        10 s>d -7 sm/rem -> 3 -1
        -10 s>d -7 sm/rem -> -3 1
        3 4 m* -> 12 0
        -3 4 m* -> -12 -1
        -1 -1 um* -> 1 -2
        1 1 2 um/mod -> 1 -2147483648
        5 0 3 um/mod -> 2 1
        -3 s>d -> -3 -1
        3 s>d -> 3 0
    """,
    "logic and comparison": """
        12 10 and -> 8
        12 10 or -> 14
        12 10 xor -> 6
        0 invert -> -1
        1 4 lshift -> 16
        1 31 lshift -> -2147483648
        -1 1 rshift -> 2147483647
        0 0= -> -1
        1 0= -> 0
        -1 0< -> -1
        0 0< -> 0
        -2147483648 0< -> -1
        1 2 < -> -1
        -1 1 < -> -1
        1 1 < -> 0
        -2147483648 2147483647 < -> -1
        2147483647 -2147483648 < -> 0
        1 2 > -> 0
        2 1 > -> -1
        2 2 = -> -1
        2 3 = -> 0
        1 -1 u< -> -1
        -1 1 u< -> 0
    """,
    "memory": """
        here 1 , here swap - -> 4
        here 5 , @ -> 5
        create t1 1 , 2 , t1 2@ -> 2 1
        create t2 8 allot 3 4 t2 2! t2 2@ t2 @ -> 3 4 4
        variable t3 7 t3 ! 3 t3 +! t3 @ -> 10
        create t4 1 c, 255 c, t4 c@ t4 char+ c@ -> 1 255
        t4 256 over c! c@ -> 0
        here 1 allot align here aligned here = nip -> -1
        5 aligned -> 8
        8 aligned -> 8
        0 cell+ -> 4
        3 cells -> 12
        3 chars -> 3
        pad 3 65 fill pad c@ pad 2 + c@ -> 65 65
        pad 10 0 fill 1 pad c! pad pad 1+ 3 move pad 1+ c@ pad 2 + c@ -> 1 0
        1 pad c! 2 pad 1+ c! pad pad 1+ 2 move pad 1+ c@ pad 2 + c@ -> 1 2
        1 pad 1+ c! 2 pad 2 + c! pad 1+ pad 2 move pad c@ pad 1+ c@ -> 1 2
        here 0 allot here = -> -1
        here 4 allot -4 allot here = -> -1
    """,
    "control": """
        : t if 1 else 2 then ; 0 t 5 t -> 2 1
        : t if 1 then ; 0 t 5 t -> 1
        : t begin dup 5 < while dup 1+ repeat ; 3 t 9 t -> 3 4 5 9
        : t begin dup 1+ dup 4 > until ; 3 t -> 3 4 5
        : t begin dup 2 > while dup 5 > while dup 1+ repeat 123 else 345 then ; 1 t -> 1 345
        : t dup if dup >r 1- recurse r> then ; 4 t -> 0 1 2 3 4
        : t do i loop ; 4 1 t -> 1 2 3
        2 -1 t -> -1 0 1
        -2147483648 2147483647 t -> 2147483647
        : t do i -1 +loop ; 1 4 t -> 4 3 2 1
        -1 2 t -> 2 1 0 -1
        : t do i j 10 * + loop ; : u do 2 0 do j i loop loop ; 2 0 u -> 0 0 0 1 1 0 1 1
        : t 123 swap 0 do i 4 > if drop 234 leave then loop ; 5 t 6 t -> 123 234
        : t 0 swap 0 do i 1+ 0 do 1+ loop loop ; 3 t -> 6
        : t 3 0 do i unloop exit loop 99 ; t -> 0
        : t exit 5 ; t ->
        : t 2 0 do 6 0 do i 3 = if leave then i loop loop ; t -> 0 1 2 0 1 2
        : t 4 0 do i 2 +loop ; t -> 0 2
        : t 100 swap do i dup +loop ; 30 t -> 30 60
        : t -1 do i -2 +loop ; -7 t -> -1 -3 -5 -7
    """,
    "defining": """
        123 constant c123 c123 -> 123
        : equ constant ; 55 equ y1 y1 -> 55
        variable v1 123 v1 ! v1 @ -> 123
        : nop : postpone ; ; nop nop1 nop1 ->
        : does1 does> @ 1 + ; : does2 does> @ 2 + ; create cr1 1 , cr1 @ does1 cr1 -> 1 2
        does2 cr1 -> 3
        : weird: create does> 1 + does> 2 + ; weird: w1 ' w1 >body w1 - -> -1
        create cr2 ' cr2 >body here = -> -1
        : t ['] dup ; 5 t execute -> 5 5
        : t 5 ; : u ['] t ; u execute -> 5
        ' t execute -> 5
        : t [ 2 3 + ] literal ; t -> 5
        : gt4 postpone dup ; immediate : gt5 gt4 ; 7 gt5 -> 7 7
        : gt8 state @ ; immediate gt8 -> 0
        : gt9 gt8 literal ; gt9 0= -> 0
        : t 1 ; immediate : u postpone t ; u -> 1
        : t [char] A char ; bl t BC -> 32 65 66
    """,
    "text": """
        char A -> 65
        : t s" AB" ; t swap c@ -> 2 65
        s" ABC" nip -> 3
        : t source >in @ nip nip 0> ; t -> -1
        : t s" 1 2 +" evaluate ; t -> 3
        s" : evt 7 ;" evaluate evt -> 7
        : t >in @ ; t 0> -> -1
        bl word abc count swap c@ -> 3 97
        char " word GHI" count nip -> 3
        bl -> 32
        c" XYZ" find nip -> 0
    """,
    "numbers": """
        0 0 s" 123" >number nip rot rot -> 0 123 0
        0 0 s" 12x" >number swap c@ -> 12 0 1 120
        2 base ! 0 0 s" 101" >number decimal nip nip -> 5 0
        16 base ! ff decimal -> 255
        hex a decimal -> 10
        -5 -> -5
        123. -> 123 0
        -1. -> -1 -1
        $ff #10 %101 -> 255 10 5
        'A' -> 65
        0x1F -> 31
        h# 1.0000 -> 65536
        100,000 -> 100000
        d# 10 o# 17 b# 11 -> 10 15 3
    """,
}


@pytest.mark.parametrize("group", ROWS)
def test_core_words(prompt, group):
    for row in ROWS[group].strip().splitlines():
        line, _, items = row.partition("->")
        assert prompt.stack(line.strip()) == [int(item) for item in items.split()], row


def test_find_tells_immediate_words(prompt):
    assert prompt.stack('c" dup" find nip c" if" find nip') == [-1, 1]
    assert prompt.stack('c" dup" find drop \' dup = ') == [-1]


def test_pictured_numbers(prompt):
    assert prompt("decimal 1 0 <# #s #> type") == "1 ok\n"
    assert prompt("-123 dup abs 0 <# #s rot sign #> type") == "-123 ok\n"
    assert prompt("1234 0 <# # # char . hold #s #> type") == "12.34 ok\n"
    assert prompt("hex ffffffff. <# #s #> type decimal") == "FFFFFFFF ok\n"
    assert prompt("binary -1 u. decimal") == "1" * 32 + "  ok\n"


def test_printing(prompt):
    assert prompt("decimal 1 . -1 . -1 u. 5 3 .r 5 3 u.r") == "1 -1 4294967295   5  5 ok\n"
    assert prompt("5 spaces 42 emit space 10 0 d.") == "     * 10  ok\n"
    assert prompt('." text" cr .( more)') == "text\nmore ok\n"


def test_accept_reads_a_line(prompt):
    prompt.machine.console.write(b"create buffer 80 allot buffer 5 accept\rab\x08cdefgh\r")
    prompt.read()
    assert prompt("buffer over type .") == "acdef5  ok\n"


def test_environment_queries(prompt):
    assert prompt.stack('s" ADDRESS-UNIT-BITS" environment? s" unknown" environment?') == [8, -1, 0]


def test_case_of_names_does_not_count(prompt):
    assert prompt.stack("1 DUP Swap : FooBar 5 ; FOOBAR") == [1, 1, 5]


def test_quit_and_abort_come_back(prompt):
    assert prompt("1 2 abort 3") == "\n"
    assert prompt.depth == 0
    assert prompt(": t 5 quit ; t") == "\n"
    assert prompt.depth == 1
    prompt("clear")
