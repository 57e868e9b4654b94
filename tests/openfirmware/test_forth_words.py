"""The other word sets: CORE EXT, DOUBLE, STRING, SEARCH, TOOLS, locals, and words of IEEE 1275."""

import re

import pytest

ROWS = {
    "core ext": """
        1 2 <> 1 1 <> -> -1 0
        0 0<> 5 0<> -> 0 -1
        1 0> -1 0> -> -1 0
        1 2 nip -> 2
        1 2 tuck -> 2 1 2
        1 2 3 2 pick -> 1 2 3 1
        1 2 3 2 roll -> 2 3 1
        true false -> -1 0
        1 -1 u> -> 0
        5 1 9 within 9 1 9 within 1 1 9 within -> -1 0 -1
        0 -1 1 within 5 -1 1 within -> -1 0
        : t ?do i loop ; 0 0 t 3 0 t -> 0 1 2
        : t case 1 of 111 endof 2 of 222 endof >r 999 r> endcase ; 1 t 2 t 7 t -> 111 222 999
        : t begin 1+ dup 5 > if exit then again ; 1 t -> 6
        :noname 1234 ; execute -> 1234
        111 value v1 v1 222 to v1 v1 -> 111 222
        : t to v1 ; 5 t v1 -> 5
        defer d1 ' dup is d1 4 d1 action-of d1 ' dup = -> 4 4 -1
        ' + ' d1 defer! 3 4 d1 ' d1 defer@ ' + = -> 7 -1
        8 buffer: b1 5 b1 ! b1 @ -> 5
        : t c" ABC" count ; t nip -> 3
        : t [compile] dup ; 5 t -> 5 5
        : t ['] dup compile, ; immediate : u t ; 5 u -> 5 5
        marker m1 : gone 1 ; m1 s" gone" find-name -> 0
        parse-name abc nip -> 3
        : t [char] , parse ; t ab, nip -> 2
        source-id -> 0
        s\\" a\\nb\\x41\\"q" nip -> 6
        s\\" \\x41\\x42" drop dup c@ swap 1+ c@ -> 65 66
        pad 84 erase pad c@ -> 0
        unused 0> -> -1
        1 [if] 5 [else] 6 [then] 0 [if] 7 [else] 8 [then] -> 5 8
        0 [if] 1 [if] 2 [else] 3 [then] 4 [else] 5 [then] -> 5
        [defined] dup [undefined] dup -> -1 0
        : t ahead 1 then 2 ; t -> 2
        begin-structure s1 field: f1 cfield: f2 field: f3 end-structure s1 0 f3 -> 12 8
        1 2 3 3 n>r nr> -> 1 2 3 3
        synonym twice 2* 4 twice -> 8
    """,
    "double": """
        1. 2. d+ -> 3 0
        -1. 1. d+ -> 0 0
        1. 2. d- -> -1 -1
        4294967295. 1. d+ -> 0 1
        5. dnegate -> -5 -1
        -5. dabs -> 5 0
        1. d2* -> 2 0
        -2. d2/ -> -1 -1
        1. 2. d< 2. 1. d< -1. 1. d< -> -1 0 -1
        1. -1. du< -> -1
        1. 1. d= 1. 2. d= -> -1 0
        0. d0= -1. d0< -> -1 -1
        1. 2. dmin 1. 2. dmax -> 1 0 2 0
        5 s>d d>s -> 5
        10. -3 m+ -> 7 0
        100. 3 7 m*/ -> 42 0
        -100. 3 7 m*/ -> -43 -1
        4294967296. 4 8 m*/ -> -2147483648 0
        1. 2. 3. 2rot -> 2 0 3 0 1 0
        1 2 2constant c2 c2 -> 1 2
        : t [ 1 2 ] 2literal ; t -> 1 2
        2variable v2 3 4 v2 2! v2 2@ -> 3 4
        5 6 2value vv vv 7 8 to vv vv -> 5 6 7 8
    """,
    "string": """
        s" abc  " -trailing nip -> 3
        s" abc" 1 /string nip -> 2
        s" abc" s" abc" compare s" abc" s" abd" compare s" b" s" abc" compare -> 0 -1 1
        s" ab" s" abc" compare s" ABC" s" abc" compare -> -1 -1
        s" hello" s" ell" search nip nip s" hello" s" xyz" search nip nip -> -1 0
        s" hello" s" ell" search drop nip -> 4
        : t [ s" xy" ] sliteral ; t nip -> 2
        pad 5 blank pad 4 + c@ -> 32
    """,
    "search": """
        wordlist constant w1 get-current w1 set-current : hid 5 ; set-current ->
        s" hid" w1 search-wordlist nip -> -1
        s" hid" find-name -> 0
        get-order w1 swap 1+ set-order hid previous -> 5
        get-order nip -> 1
        also previous get-order nip -> 1
        vocabulary v1 also v1 definitions : q 3 ; q previous definitions -> 3
        s" q" find-name -> 0
        only forth definitions get-order nip -> 1
    """,
    "locals": """
        : t { a b -- } a b - ; 5 3 t -> 2
        : t { a b ; c -- d } a b + to c c 2* ; 5 3 t -> 16
        : t {: a b | c -- d :} a b + to c c 2* ; 5 3 t -> 16
        : t locals| a b | a b - ; 5 3 t -> -2
        : t { a -- } 3 0 do a i + loop ; 5 t -> 5 6 7
        : t { n } n 0= if 1 exit then n 1- recurse n * ; 5 t -> 120
        : t { a } a >r a 1+ -> a r> a ; 5 t -> 5 6
        : t { x } ['] throw catch x ; 7 3 t nip nip -> 3
    """,
    "cells and bytes": """
        h# 12345678 lbsplit -> 120 86 52 18
        1 2 3 4 bljoin -> 67305985
        h# 1234 wbsplit -> 52 18
        h# 12345678 lwsplit -> 22136 4660
        h# 1234 wbflip h# 3412 = -> -1
        h# 12345678 lbflip h# 78563412 = h# 12345678 lwflip h# 56781234 = -> -1 -1
        h# 8000 pad w! pad w@ pad <w@ -> 32768 -32768
        5 pad 1+ unaligned-l! pad 1+ unaligned-l@ -> 5
        5 /n* 3 /w* 4 wa1+ 0 3 la+ -> 20 6 6 12
        7 even 8 even -> 8 8
        1 2 bounds -> 3 1
        variable f f on f @ f off f @ -> -1 0
        char a upc char B lcc -> 65 98
        s" a/b/c" ascii / left-parse-string nip nip nip -> 1
        s" abc" ascii / left-parse-string nip nip nip -> 3
        s" abc" s" abc" $= s" abc" s" abd" $= -> -1 0
        s" abc" pad pack count nip -> 3
        s" abc" s" abd" drop swap comp -> -1
        1 2 lshift 1 2 << 16 2 >> -16 2 >>a -> 4 4 4 -4
        5 3 7 between 3 3 7 between 8 3 7 between -> -1 -1 0
        7 2 u/mod -> 1 3
        1 2 3 3dup -> 1 2 3 1 2 3
        5 struct 4 field >a 2 field >b nip 0 >b -> 6 4
        alias newdup dup 4 newdup -> 4 4
        s" 12" $number s" x" $number -> 12 0 -1
        char 7 10 digit char z 10 digit nip -> 7 -1 0
        ascii a control A -> 97 1
        5 >r 6 r> -> 6 5
    """,
    "structures at the prompt": """
        1 if 5 else 6 then -> 5
        0 if 5 then ->
        5 begin dup while 1- dup repeat -> 4 3 2 1 0 0
        3 0 do i loop -> 0 1 2
        2 case 1 of 10 endof 2 of 20 endof 0 swap endcase -> 20
        0 begin 1+ dup 3 = until -> 3
        1 if 2 0 do i 1 = if 7 leave then loop then -> 7
        3 0 do 2 0 do j loop loop -> 0 0 1 1 2 2
        : t 1 if s" 2 0 do i loop" evaluate then ; t -> 0 1
        4 begin dup 1 > while dup 3 = if 99 swap then 1- repeat -> 99 1
    """,
    "heap": """
        100 allocate nip -> 0
        100 allocate drop dup 4 mod swap free -> 0 0
        16 alloc-mem dup 16 free-mem 16 alloc-mem = -> -1
        1000000000 allocate nip -> -59
        5 free -> -60
        100 allocate drop 5 over ! 200 resize swap @ -> 0 5
        64 alloc-mem 64 alloc-mem 2dup 64 free-mem 64 free-mem 136 alloc-mem nip nip 0<> -> -1
    """,
}

@pytest.mark.parametrize("group", ROWS)
def test_words(prompt, group):
    for row in ROWS[group].strip().splitlines():
        line, _, items = row.rpartition(" ->")
        assert prompt.stack(line.strip()) == [int(item) for item in items.split()], row


def test_strings_with_quotes_and_bytes(prompt):
    assert prompt('" abc"(41 42)def"n" type') == "abcABdef\n ok\n"
    assert prompt.stack('" a""b" nip') == [3]


def test_text_of_several_lines_is_evaluated(prompt):
    prompt(': lines " 1 2"r3 4"r\\ 5 6"r 7" evaluate ;')
    assert prompt.stack("lines") == [1, 2, 3, 4, 7]


def test_see_shows_the_source(prompt):
    prompt(": both ( a -- ) dup if 5 . else drop then ; immediate")
    text = " ".join(prompt("see both").split())
    assert re.fullmatch(r": both dup if ->\w+ 5 \. else ->\w+ drop ; immediate ok", text)
    assert "is console-emit" in prompt("see (emit)")


def test_see_shows_all_of_a_word_that_leaves_early(prompt):
    prompt(": early dup if exit then drop 5 ;", ": later 6 ;")
    assert re.fullmatch(r": early dup if ->\w+ exit drop 5 ; ok",
                        " ".join(prompt("see early").split()))
    prompt(": maker create , does> @ 1+ ;", "6 maker seven")
    assert " ".join(prompt("see maker").split()) == ": maker create , does> @ 1+ ; ok"
    text = prompt("see digit")          # in the ROM
    assert text.count("exit") == 1 and text.endswith("; ok\n")


def test_calls_lists_who_calls_a_word(prompt):
    prompt(": called-here ;", ": one-caller called-here ;", ": another called-here called-here ;")
    assert prompt("' called-here .calls").split() == ["one-caller", "another", "another", "ok"]
    assert set(prompt("' nvrun .calls").split()) == {"ok"}       # cold takes its xt
    assert {"load-text", "ok"} == set(prompt("' init-program .calls").split())
    assert prompt.error(".calls") == ".calls, stack underflow."


def test_words_and_sifting_list_names(prompt):
    prompt(": zebra-crossing ;")
    assert "zebra-crossing" in prompt("words")
    assert prompt("sifting zebra-c").split() == ["zebra-crossing", "ok"]


def test_dump(prompt):
    prompt("hex")
    assert prompt('" Hello" here 20 + -10 and dup >r swap move r> 10 dump').count("Hello") == 1
    prompt("decimal")


def test_registers_and_trace_of_a_fault(prompt):
    prompt("hex : inner deadbee0 @ ; : outer inner 1 ; : guilty outer 2 ;")
    prompt.error("guilty")
    assert "dar deadbee0" in prompt(".registers").replace("  ", " ").replace(" -", "-")
    trace = prompt("ctrace decimal")
    assert re.search(r"inner.*outer.*guilty.*interpret", trace, re.S)


def test_peeks_report(prompt):
    assert prompt.stack("h# deadbee0 cpeek h# 100000 lpoke drop 7 h# 100000 cpoke",
                        "h# 100000 cpeek")[-3:] == [-1, 7, -1]


def test_time_passes(prompt):
    prompt("decimal")
    assert prompt.stack("get-msecs 3 ms get-msecs swap -")[0] in (3, 4)


def test_an_empty_vocabulary_does_not_hide_what_leads_out_of_it(make_prompt):
    prompt = make_prompt()
    prompt("only vocabulary empty  empty")
    assert prompt("2 3 + . previous") == "5  ok\n"


KEYS = {
    "12\x08\x083 .": "3  ok",
    "1 . 2\x02\x02\x0b": "1  ok",
    "5 6\x17.": "5  ok",
    "junk\x154 .": "4  ok",
    "9 .\x01\x048": "8  ok",
    "56 .\x1b[D\x1b[D\x1b[D\x1b[D4\x1b[C\x7f": "46  ok",
    "\x1b\x1b7 .": "7  ok",
    "8 .\x1bb\x1bh6 ": "6  ok",
    "2 3\t+\t.": "5  ok",
}


@pytest.mark.parametrize("keys", KEYS)
def test_line_editing(prompt, keys):
    prompt("clear decimal")
    prompt.machine.console.write(keys.encode("latin-1") + b"\r")
    assert prompt.read().splitlines()[-2].strip() == KEYS[keys].strip()


def test_history(prompt):
    prompt("clear decimal")
    prompt("11 .", "22 .")
    for keys, shown in (("\x10", "22"), ("\x10\x10", "11"), ("\x1b[A\x1b[A\x1b[B", "11")):
        prompt.machine.console.write(keys.encode() + b"\r")
        assert prompt.read().splitlines()[-2] == f"{shown}  ok"
