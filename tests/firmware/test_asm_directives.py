"""Directives, macros and operand forms against GNU as: random sources must give the same bytes."""

import math
import random
import shutil
import subprocess
from fractions import Fraction

import pytest

from pteg.firmware.asm import AssemblyError, assemble, assemble_word

GNU = "powerpc-linux-gnu-"

pytestmark = pytest.mark.skipif(not shutil.which(f"{GNU}as"),
                                reason="needs GNU binutils for PowerPC")


def gnu(source, folder):
    """Bytes of .text as GNU as makes it at address 0, or None if it refuses the source."""
    (folder / "gnu.s").write_text(source)
    result = subprocess.run([f"{GNU}as", "-mppc", "-many", "-mregnames", "-a32", "-o",
                             folder / "gnu.o", folder / "gnu.s"], capture_output=True, text=True)
    if result.returncode:
        print(result.stderr)
        return None
    subprocess.run([f"{GNU}ld", "-Ttext=0", "-Tdata=0x10000", "-Tbss=0x20000", "-e", "0",
                    "--no-warn-rwx-segments", "-o", folder / "gnu.elf", folder / "gnu.o"],
                   check=True)
    subprocess.run([f"{GNU}objcopy", "-O", "binary", "-j", ".text", folder / "gnu.elf",
                    folder / "gnu.bin"], check=True)
    return (folder / "gnu.bin").read_bytes()


def ours(source):
    program = assemble(source, sections={".text": 0, ".data": 0x10000, ".bss": 0x20000})
    return next((bytes(s.data) for s in program.sections if s.name == ".text"), b"")


def agree(source, folder):
    expected = gnu(source, folder)
    assert expected is not None, f"GNU as refuses\n{source}"
    # GNU as fills the section up to its alignment.
    result = ours(source)
    assert expected[:len(result)] == result, source
    assert not expected[len(result):].strip(b"\0\x60"), source


def is_half_way(value):
    """Whether what is written, as short as it can be, is half-way between two doubles."""
    written = Fraction(repr(value))
    return any(2 * written == Fraction(value) + Fraction(math.nextafter(value, end))
               for end in (-math.inf, math.inf))


class Sources:
    """Random statements; `text` makes a source of them."""

    def __init__(self, seed):
        print("seed", seed)
        self.random = random.Random(seed)
        self.labels = 0

    def number(self, bits=16):
        value = self.random.choice([self.random.getrandbits(bits), self.random.randrange(4),
                                    -self.random.getrandbits(bits - 1)])
        return self.random.choice([str, hex, lambda n: f"0{n:o}" if n >= 0 else str(n)])(value)

    def integers(self):
        name, bits = self.random.choice([
            (".byte", 8), (".short", 16), (".hword", 16), (".2byte", 16), (".word", 16),
            (".long", 32), (".int", 32), (".4byte", 32), (".quad", 63), (".8byte", 63),
            (".octa", 63), (".dc.b", 8), (".dc.w", 16), (".dc.l", 32)])
        # GNU as zero-extends a negative number of .octa that is not alone.
        numbers = [self.number(bits).lstrip("-" * (name == ".octa"))
                   for _ in range(self.random.randint(1, 4))]
        return f"{name} {self.random.choice([',', ' , '])[:].join(numbers)}"

    def leb(self):
        value = self.random.getrandbits(self.random.randint(1, 60))
        return (f".uleb128 {value},{value % 300}" if self.random.random() < 0.5 else
                f".sleb128 {value - (1 << 30)}, -{value % 200}")

    def distance(self):
        """A number that depends on labels before or behind it."""
        self.labels += 1
        filler = self.random.choice([f".skip {self.random.randrange(300)}", self.string()])
        # Not .sleb128: GNU as makes ten bytes of 272.
        use = self.random.choice([".uleb128 {}", ".short {}", ".skip ({}) & 31"])
        difference = f".Le{self.labels}-.Ls{self.labels}"
        lines = [f".Ls{self.labels}: {filler}", f".Le{self.labels}:"]
        place = self.random.choice([0, 2])
        if "skip" in use:
            place = 2  # GNU as wants a mere difference where it does not know the labels yet
        return "\n".join([*lines[:place], use.format(difference), *lines[place:]])

    def string(self):
        characters = [r"\n", r"\t", r"\"", r"\\", r"\b", r"\f", r"\r", r"\101", r"\0", r"\x41 ",
                      r"\xfffe ", r"\7", "a", "Z", "#", ";", "/*", "//", "'", " ", ",", "(", "@"]
        def text():
            return "".join(self.random.choices(characters, k=self.random.randrange(8)))
        name = self.random.choice([".ascii", ".asciz", ".string", ".string8", ".string16",
                                   ".string32", ".string64"])
        if self.random.random() < 0.2:
            return f'.ascii "{text()}" "{text()}"'
        return f'{name} "{text()}"' + f', "{text()}"' * self.random.randrange(2)

    def align(self):
        choice = self.random.choice
        name = choice([".align", ".p2align", ".balign"])
        value = self.random.randrange(6)
        value = 1 << value if name == ".balign" else value
        fill = choice(["", "", ",", f", {self.number(8)}"])
        longest = choice(["", f",{self.random.randrange(1, 40)}"]) if fill else ""
        return f"{name} {value}{fill}{longest}"

    def room(self):
        count = self.random.randrange(20)
        return self.random.choice([
            f".space {count}", f".skip {count}, {self.number(8)}", f".zero {count}",
            f".fill {count}", f".fill {count},{self.random.randint(1, 9)},{self.number(32)}",
            f".org . + {count}", f".org .+{count}, 0x55"])

    def floats(self):
        generator = self.random
        value = generator.choice([
            generator.uniform(-10, 10), generator.uniform(-1, 1) * 10 ** generator.randint(-30, 30),
            generator.randrange(1 << 24), 0.0, -0.0])
        if is_half_way(value):
            return self.floats()        # GNU as rounds it up
        name = generator.choice([".float", ".single", ".double"])
        return f"{name} {generator.choice(['', '0f', '0r'])}{value!r}".replace("0f-", "-").replace(
            "0r-", "-")

    def code(self):
        return ".balign 4\n" + "\n".join(self.random.choices(
            ["nop", "mr r3,r4", "li 5,-7", "b .", "lwz %r3,8(%r1)", "cmpwi cr1,r3,5", "blr"],
            k=self.random.randint(1, 3)))

    def condition(self, depth=0):
        generator = self.random
        value = generator.choice([-2, -1, 0, 0, 1, 5])
        word = generator.choice(["", "a", "b", "a b", "a,b"])
        texts = f'"{generator.choice("ab")}","{generator.choice("ab")}"'
        test = generator.choice([
            *(f"{name} {value}" for name in (".if", ".ifne", ".ifeq", ".ifgt", ".ifge", ".iflt",
                                             ".ifle")),
            f".ifdef {generator.choice(['known', 'unknown'])}", ".ifndef known",
            ".ifnotdef unknown", f".ifb {word}", f".ifnb {word}",
            f".ifc {word.replace(',', '')},{generator.choice(['a', ' a b', 'b '])}",
            f".ifnc a b,{generator.choice(['a b', 'ab'])}", f".ifeqs {texts}", f".ifnes {texts}"])
        lines = [test, self.statement(depth + 1)]
        if generator.random() < 0.4:
            lines += [f".elseif {generator.choice([0, 1])}", self.statement(depth + 1)]
        if generator.random() < 0.6:
            lines += [".else", self.statement(depth + 1)]
        return "\n".join([*lines, ".endif"])

    def macro(self):
        generator = self.random
        self.labels += 1
        name = f"macro{self.labels}"
        parameters = generator.choice(["a, b", "a b", "a=4, b=\"x y\"", "a:req, b:vararg",
                                       "a, b=7", "a, b:vararg"])
        body = ".ascii \"<\\a|\\b\\()|\\a\\()c>\"\n.ifnb \\b\n.byte 1\n.exitm\n.endif\n.byte 2"
        if "vararg" in parameters:
            body = ".ifnb \\b\n.byte \\b\n.endif\n.byte \\a"
            words = ["1", "2 , 3", "4,5,6", "-7", "(8)"]
            separators = [",", " , "]
        else:
            separators = [" ", ", ", ","]
            words = ["r3", "-4(r1)", "1 + 2", '"s t"', "x@l", "%r5", "a b", "(p q)", "~1", "4*cr1",
                     "b=z", "[r]"]
        call = generator.choice(separators).join(
            generator.choices(words, k=generator.randint(1, 2 if "a b" not in words else 1)))
        if parameters.startswith("a:req") and not call:
            call = "1"
        return f".macro {name} {parameters}\n{body}\n.endm\n{name} {call}\n{name.upper()} 1"

    def repetition(self):
        generator = self.random
        values = generator.choice(["1,2,3", "1 2 3", "1, 2 3", "5", "6,7"])
        return generator.choice([
            f".rept {generator.randrange(4)}\n{self.integers()}\n.endr",
            f".irp x,{values}\n.byte \\x, \\x\\()1\n.endr", f".irp x {values}\n.byte \\x\n.endr",
            ".irpc c,abc9\n.ascii \"\\c\\()\"\n.endr",
            ".rept 2\n.rept 2\n.byte 1\n.endr\n.irp y,3,4\n.byte \\y\n.endr\n.endr"])

    def sections(self):
        other = self.random.choice([".data", ".section .data", ".text 3",
                                    ".pushsection .data", ".pushsection .text,1", ".subsection 4"])
        back = ".popsection" if "push" in other else self.random.choice([".previous", ".text"])
        return f"{other}\n{self.integers()}\n{back}"

    def symbols(self):
        value = self.number(30)
        return self.random.choice([
            f".set v, {value}\n.long v", f"v = {value}\n.equ w, v + 1\n.long w, v - 1",
            ".long 1f - 0f\n0: .byte 1\n1:", "0: .skip 3\n.byte . - 0b", ".long known * 2, .",
            f".long ({value}) & 0xff | 3 << 2",
            '.equ "odd name", 5\n.long "odd name"'])

    def statement(self, depth=0):
        kinds = [self.integers, self.leb, self.string, self.align, self.room, self.floats,
                 self.code, self.symbols, self.repetition]
        if depth == 0:
            kinds += [self.distance, self.macro, self.sections, self.condition]
        elif depth < 3:
            kinds += [lambda: self.condition(depth)]
        return self.random.choice(kinds)()


@pytest.mark.parametrize("kind", [
    "integers", "leb", "distance", "string", "align", "room", "floats", "code", "condition",
    "macro", "repetition", "sections", "symbols", "statement"])
def test_random_directives_give_the_bytes_of_gnu_as(kind, tmp_path):
    sources = Sources(random.randrange(1 << 32))
    for _ in range(12):
        statements = [getattr(sources, kind)() for _ in range(15)]
        agree("known = 7\n" + "\n".join(statements) + "\n.byte 9\n", tmp_path)


#: Forms of operands that compilers, people and disassemblers write, all of them known to GNU as.
FORMS = """
li R3,4|li %r3,4|li 3,4|li r.3,0x4|li r3,-0x10|li r3,0xfffffff0|li r3,'a|li r3,~5|li r3,0b101
lis r3,0x8000|lis r3,-32768|lis r3,0xffff8000|lis r3,65535|addis r3,r4,0xffff|addis 3,4,-1
addi r3,SP,8|addi r3,rtoc,-8|addi r.3,r.sp,1|addi 3,r.toc,2|subi r3,r4,-5|subis r3,r4,1
subic r3,r4,1|subic. r3,r4,-1|sub r3,r4,r5|sub. 3,4,5|subo 3,4,5|subc 3,4,5|la r3,8(r4)
lwz r3,-0x7ff8(r1)|lwz 3,0xffff8004(4)|lwz r3,4(0)|lwz r3,4(r0)|lwz r3,(4+4)*2(r1)|lwz r3,-(4)(r1)
stw %r3,0x7fff(%r31)|lmw r28,8(r1)|stwu r1,-16(r1)|lfd f1,8(r1)|lfs F2,-4(SP)|stfd f.1,0(%r1)
lwzx r3,0,r4|lwzx 3,r0,4|dcbz 0,r3|dcbz r0,r3|dcbf 3,4|cmpw r3,r4|cmpw cr0,r3,r4|cmpw cr.7,r3,r4
cmpw 4,3,4|cmpwi cr0,r3,-1|cmpwi 3,0xffff8000|cmplwi r3,65535|cmplwi 3,-1|cmplwi cr6,r3,0xffffffff
cmplw %cr1,%r3,%r4|cmp 0,3,4|cmp 1,0,3,4|cmpi cr1,3,4|cmpi 1,0,3,-4|fcmpu cr1,f1,f2|fcmpo 0,1,2
crclr 4*cr1+eq|crclr CR1*4+EQ|crset 6|crmove lt,gt|crnot eq,un|crclr eq|cror eq,un,so
crand 4*cr7+lt,cr3*4+so,31|mcrf cr1,cr2|mcrf %cr1,%cr2|mcrfs 1,2|mcrxr cr1|beq .+8|beq- cr1,.+8
bne+ cr7,.+8|bge 4*1,.+8|blt cr2,.+8|bgt %cr1,.+8|bdnz .+8|bdnz+ .+8|bdz- .+8|bdnzt lt,.+8
bdnzf 4*cr2+eq,.+8|bdzt eq,.+8|bt eq,.+8|bf+ 4*cr1+gt,.+8|bso .+8|bun cr1,.+8|bnu .+8|bng cr3,.+8
bnl .+8|bc 12,2,.+8|bc 4,4*cr1+eq,.+8|bc 16,0,.+8|bcl 20,31,.+4|bclr 12,0|bclr 12,lt,0|bcctr 12,2
bclr 20,0|blr|blrl|bctr|bctrl|beqlr|beqlr+ cr1|bnectr-|bnectr+ cr2|bgelrl|bdnzlr|bdnztlr eq|bsolr-
bltctrl|b .+8|bl .-0x100|ba 0x100|bla 0x200|b $+8|b .+0x10|1: b 1b|b 1f;1: nop|beql .+8|bdnzl .+8
bta eq,8|mtspr 1008,r3|mtspr lr,r3|mfspr r3,CTR|mtspr xer,%r3|mtlr r3|mfctr 3|mtxer 3|mfdar 3
mtdsisr 3|mtdec 3|mfdec 3|mtsdr1 3|mtsrr0 3|mfsrr1 3|mtsprg 0,r3|mtsprg0 3|mfsprg 3,3|mfsprg2 3
mtear r3|mfear 3|mfpvr 3|mtdbatu 0,3|mfdbatl 3,2|mtibatu 3,3|mfibatl 3,1|mttbl 3|mttbu 3|mftb 3
mftbl 3|mftbu 3|mftb 3,268|mftb r3,269|mtmsr r3|mfmsr r3|mtsr 0,r3|mfsr r3,15|mtsrin r3,r4
mfsrin 3,4|mtcr r3|mtcrf 0xff,3|mtcrf 128,3|mfcr 3|mtfsf 255,f1|mtfsf 1,f2|mtfsfi 7,15|mtfsb0 3
mtfsb1 31|mffs f1|mffs. f2|nop|sync|sync 0|sync 1|lwsync|hwsync|isync|eieio|sc|sc 0|rfi|trap
tweqi r3,5|twlge 3,4|twui 3,4|tw 31,0,0|twi 4,r3,-1|twlnl r3,r4|twgti 3,0x7fff|tlbie r3|tlbsync
icbi 0,3|dcbt 0,3|dcbst r3,r4|clrlwi r3,r4,24|clrrwi. 3,4,8|clrlslwi 3,4,8,4|extlwi 3,4,8,0
extrwi r3,r4,8,16|extrwi. 3,4,1,31|inslwi 3,4,8,16|insrwi r3,r4,4,28|rotlwi 3,4,5|rotrwi 3,4,5
rotlw 3,4,5|slwi r3,r4,2|srwi. 3,4,0|slwi 3,4,31|srwi 3,4,31|rlwinm 3,4,5,0,31
rlwinm. 3,4,0,0xff00|rlwinm 3,4,0,0xff0000ff|rlwimi 3,4,8,0x00ff0000|rlwnm 3,4,5,0xf
rlwinm 3,4,5,~0|rlwimi r3,r4,0,0,0|mr r3,r4|mr. 3,4|not 3,4|not. r3,r4|or. 3,4,5|nor 3,4,5|neg 3,4
nego. 3,4|addo. 3,4,5|adde 3,4,5|addze 3,4|subfic 3,4,-1|subfze. 3,4|mulli 3,4,-5|mulhwu. 3,4,5
divwuo 3,4,5|extsb 3,4|cntlzw. 3,4|ori 3,4,0xffff|oris 3,4,65535|xoris 3,4,1|andi. 3,4,0xf
andis. 3,4,0x8000|xori 0,0,0|srawi 3,4,31|lwarx 3,0,4|lwarx 3,0,4,0|stwcx. 3,0,4|lswi 5,4,8
stswi 3,4,8|lhbrx 3,0,4|stwbrx 3,4,5|fadd f1,f2,f3|fadds. 1,2,3|fmadd f1,f2,f3,f4|fmul F1,%f2,f.3
fsel 1,2,3,4|fctiwz 1,2|fmr. 1,2|fabs f1,f2|fneg 1,2|frsp 1,2|fres 1,2|frsqrte 1,2|stfiwx 1,0,3
lfsux f1,r3,r4|fnmsubs 1,2,3,4|lis r3,(0x12348000)@ha|addi r3,r3,0x12348000@l|ori r3,r3,0x1234@h
li r3,4-8|lwz 3,4*4+1(5)
""".replace("\n", "|").strip("|").split("|")


def test_operand_forms_give_the_words_of_gnu_as(tmp_path):
    # In GNU as a mere number is a distance, not a target, so branches are to `.+8`.
    source = "".join(f"{form}\n.balign 16,0\n" for form in FORMS)
    expected, result = gnu(source, tmp_path), ours(source)
    assert expected is not None
    wrong = [(form, expected[16 * i:16 * i + 8].hex(), result[16 * i:16 * i + 8].hex())
             for i, form in enumerate(FORMS)
             if expected[16 * i:16 * i + 16] != result[16 * i:16 * i + 16]]
    assert wrong == [] and len(FORMS) > 250


@pytest.mark.parametrize("form, same", [
    ("crclr cr1eq", "crclr 6"), ("cror cr7_so,LT,cr0gt", "cror 31,0,1"), ("bt cr1eq,8", "bt 6,8"),
    ("mtspr HID0,r3", "mtspr 1008,3"), ("mfspr r3,dbat0u", "mfspr 3,536"), ("mtdbat0u r3", None),
    ("mtsr sr5,r3", "mtsr 5,3"), ("mftb r3,TBU", "mftb 3,269"), ("lwz r3,8(RSP)", "lwz 3,8(1)"),
    ("b *+8", "b .+8"), ("mthid0 r3", "mtspr 1008,3"), ("mfspr r3,TBL", "mfspr 3,284"),
    ("stwu RSP,-16(rsp)", "stwu 1,-16(1)"), ("tlbie r3,0", "tlbie r3"),
])
def test_forms_of_other_disassemblers_are_understood(form, same):
    assert assemble_word(form) == assemble_word(same or "mtspr 536,r3")


@pytest.mark.parametrize("form, message", [
    ("lwz r3,0x8000(r4)", "d must be -32768 to 32767, not 32768"),
    ("andi. r3,r3,-1", "UIMM must be 0 to 65535, not -1"),
    ("rlwinm r3,r4,5,0xf0f", "mask must be one run of ones, not 0x00000f0f"),
    ("lwz r3,x@got(r30)", "@got needs a linker that makes a global offset table"),
    ("addi r3,r2,x@tprel@l", "@tprel@l needs a linker that makes thread-local storage"),
    ("li r3,x@higher", "relocation @higher must be one of @l, @h, @ha"),
    (".long 5@sda21", "@sda21 must be an immediate or a displacement"),
    ("li r3,5@sda21", None), ("lwz r3,5@sda21(r4)", "@sda21 must name a place in .sdata"),
    ("psq_l f1,0(r3),0,0", "unknown instruction 'psq_l'"),
])
def test_what_is_refused_is_named(form, message):
    if message is None:
        assert assemble_word(form) == assemble_word("li r3,5")
        return
    with pytest.raises(AssemblyError) as caught:
        assemble(form)
    assert message in str(caught.value)
