"""Pipeline logs: the Kanata file is read back, and held against what the machine did."""

import io
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest

from pteg import Machine, UserError, workloads
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0
from pteg.waveforms import growing
from pteg.waveforms.pipeline import Fate, KanataLog, Passage, PipelineTable, Stage


@dataclass
class Read:
    """An instruction of a Kanata file."""

    label: str = ""
    stages: list = field(default_factory=list)      # (name, begin, end)
    fate: str = ""
    retired: tuple | None = None                    # (cycle, number)
    flushed: int | None = None                      # cycle


def read_kanata(path):
    """A strict reader: whatever the format does not allow fails."""
    lines = path.read_text().split("\n")
    assert lines[0] == "Kanata\t0004" and lines[-1] == ""
    cycle, found, open_stages = None, [], {}
    for line in lines[1:-1]:
        command, *rest = line.split("\t")
        if command == "C=":
            assert cycle is None
            cycle = int(rest[0])
        elif command == "C":
            assert int(rest[0]) > 0
            cycle += int(rest[0])
        elif command == "I":
            assert rest == [str(len(found)), str(len(found)), "0"]
            found.append(Read())
        else:
            number = int(rest[0])
            this = found[number]
            assert this.retired is None and this.flushed is None
            if command == "L":
                if rest[1] == "0":
                    this.label = rest[2]
                else:
                    this.fate = rest[2].split(", ")[-1]
            elif command == "S":
                assert number not in open_stages
                open_stages[number] = (rest[2], cycle)
            elif command == "E":
                name, begin = open_stages.pop(number)
                assert name == rest[2]
                this.stages.append((name, begin, cycle))
            else:
                assert command == "R" and number not in open_stages
                if rest[2] == "0":
                    this.retired = cycle, int(rest[1])
                else:
                    this.flushed = cycle
    numbers = [this.retired[1] for this in found if this.retired]
    assert numbers == list(range(len(numbers)))
    return found


def address(read):
    return int(read.label.split()[0], 16)


# The formats ------------------------------------------------------------------------------------

A, B = Stage("Alpha", "a"), Stage("Beta", "b")
PASSAGES = [Passage("one", [(10, A), (12, B)], 15, Fate.RETIRED),
            Passage("two", [(11, A), (13, B)], 14, Fate.FLUSHED),
            Passage("three", [(11, A), (11, B)], 13, Fate.EXCEPTION),
            Passage("four", [(40, A)], 41, Fate.FOLDED),
            Passage("five", [(40, A), (41, B)], 43, Fate.IN_FLIGHT)]


def test_a_kanata_log_is_in_order_of_time():
    file = io.StringIO()
    log = KanataLog(file)
    for passage in PASSAGES:
        log.write(passage)
    log.close()
    text = file.getvalue().replace("\t", " ").split("\n")
    assert text[:6] == ["Kanata 0004", "C= 10", "I 0 0 0", "L 0 0 one",
                        "L 0 1 Alpha 10 to 11, Beta 12 to 14, retired", "S 0 0 Alpha"]
    assert text[6] == "C 1" and "S 2 0 Alpha" not in text   # a stage that took no time
    ends = [line for line in text if line.startswith("R")]
    assert ends == ["R 2 1 1", "R 1 1 1", "R 0 0 0", "R 3 1 0"]
    assert "E 4 0 Alpha" in text and "E 4 0 Beta" not in text


def test_a_table_has_a_row_for_each_instruction_and_a_column_for_each_cycle():
    file = io.StringIO()
    table = PipelineTable(file, (A, B), width=8)
    for passage in PASSAGES:
        table.write(passage)
    table.write(Passage("six", [(41, A), (42, B)], 60, Fate.RETIRED))
    table.close()
    assert file.getvalue() == """\
# a Alpha  b Beta  x flushed  ! exception

|.......  from cycle 10
aabbb     one
 aabx     two
 bb!      three

|.......  from cycle 40
a         four
abb       five
 abbbbb>  six
"""


# What the machine did ---------------------------------------------------------------------------

#: Loads, stores, long operations, taken and untaken branches, a system call, a data access fault.
PROGRAM = """
_start:
    li      r3,5
    lis     r4,0x10
    mtctr   r3
1:  mullw   r5,r3,r3
    stw     r5,0(r4)
    lwz     r6,0(r4)
    add     r7,r6,r5
    divw    r8,r7,r3
    cmpwi   r8,100
    bgt     2f
    addic.  r9,r8,-1
    bdnz    1b
2:  sc
    lis     r10,0x3000
fault:
    lwz     r11,0(r10)      # nothing is there: machine check
    b       .
"""
HANDLERS = """
    mfsrr0  r12
    addi    r12,r12,4
    mtsrr0  r12
    rfi
"""


CODE = assemble(PROGRAM, sections={".text": 0x1000})


def machine(cpu="pipeline"):
    machine = Machine("g3", cpu=cpu, ratio="2.5:1")  # short waits, which fit into the table
    machine.load(CODE.elf())
    machine.load(assemble(HANDLERS, sections={".text": 0x200}).elf())
    machine.load(assemble("_start: rfi", sections={".text": 0xC00}).elf())
    machine.cpu.msr, machine.cpu.pc = 0x1000, 0x1000
    return machine


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """The program's run: the instructions of its log, the table, and the machine."""
    folder = tmp_path_factory.mktemp("log")
    this = machine()
    begin = this.instructions
    with this.pipeline_log(folder / "run.kanata"), \
            this.pipeline_log(folder / "run.txt", "table"):
        this.run(cycles=900)
        this.run(cycles=1100)
    return read_kanata(folder / "run.kanata"), (folder / "run.txt").read_text(), \
        this.instructions - begin


def test_what_retires_is_what_the_functional_model_executes(logged):
    instructions, _, completed = logged
    retired = [address(read) for read in instructions if read.retired]
    assert len(retired) == completed > 50
    reference = machine("functional")
    expected = []
    while len(expected) < completed:
        pc = reference.cpu.pc
        reference.step()    # of the load that fails: to the end of the handler's first instruction
        expected.append(0x200 if pc == CODE.symbols["fault"] else pc)
    assert retired == expected


def test_stages_follow_each_other_without_gaps(logged):
    order = ["F", "Q", "D", "W", "IU1", "IU2", "SRU", "LSU", "FPU", "C"]
    for read in logged[0]:
        names = [name for name, _, _ in read.stages]
        assert names == sorted(names, key=order.index) and names[0] == "F"
        assert len(names) == len(set(names))
        for (_, _, end), (_, begin, _) in zip(read.stages, read.stages[1:], strict=False):
            assert begin == end
        last = read.retired[0] if read.retired else read.flushed
        assert last is None or read.stages[-1][2] == last


def test_no_more_instructions_are_in_a_place_than_it_holds(logged):
    """Instruction queue and completion queue have six entries, units one instruction."""
    places = defaultdict(Counter)
    for read in logged[0]:
        for name, begin, end in read.stages:
            for cycle in range(begin, end):
                place = {"W": "CQ", "C": "CQ"}.get(name, name)
                places[place][cycle] += 1
                if name in ("IU1", "IU2", "SRU", "LSU"):
                    places["CQ"][cycle] += 1
    most = {place: max(counts.values()) for place, counts in places.items()}
    assert most["Q"] <= 6 and 2 <= most["CQ"] <= 6
    for unit in ("IU1", "IU2", "SRU"):
        assert most[unit] == 1


def test_instructions_retire_in_program_order(logged):
    """At most two in a cycle. A folded branch has left when it is executed."""
    retired = [read.retired for read in logged[0] if read.fate == "retired"]
    assert retired == sorted(retired)
    assert max(Counter(cycle for cycle, _ in retired).values()) == 2
    folded = [read for read in logged[0] if read.fate == "folded"]
    assert folded and all(read.stages[-1][0] == "D" for read in folded)


def test_exceptions_and_flushed_instructions_are_marked(logged):
    instructions, table, _ = logged
    rows = [row for row in table.split("\n") if "  00001" in row]
    faults = [row for row in rows if "!" in row]
    assert faults and all("lwz     r11,0(r10)" in row for row in faults)
    assert any("x " in row and "  b  " in row for row in rows)
    dropped = [read for read in instructions if read.flushed]
    assert len(dropped) > len(faults)
    for read in dropped:
        assert read.stages[-1][2] == read.flushed


def test_the_table_shows_what_the_log_shows(logged):
    instructions, table, _ = logged
    letters = dict(zip(("F", "Q", "D", "W", "IU1", "IU2", "SRU", "LSU", "FPU", "C"), "FQDw12SLPC",
                       strict=True))
    rows = [row for row in table.split("\n")[2:] if row and "cycle" not in row]
    assert len(rows) == len(instructions)
    for row, read in zip(rows, instructions, strict=True):
        drawn, label = row[:60].strip(), row[62:]
        assert label == read.label
        if read.retired and not drawn.endswith(">"):
            assert drawn == "".join(letters[name] * (end - begin)
                                    for name, begin, end in read.stages)


def test_a_window_shows_the_same_instructions(logged, tmp_path):
    this = machine()
    with this.pipeline_log(tmp_path / "part.kanata", window="300:700"):
        this.run(cycles=2000)
    part = read_kanata(tmp_path / "part.kanata")
    whole = [read for read in logged[0] if read.stages[0][1] >= 300]
    same = [read for read in part if read.stages and read.stages[0][1] > 320 and read.retired]
    assert len(same) > 10
    for read in same:
        assert read.stages in [other.stages for other in whole if other.label == read.label]
    assert all(cycle < 700 for read in part for _, cycle, _ in read.stages)


#: Two rounds of this loop: `bgt` is predicted not taken, wrongly, and folded; what followed it is
#: flushed. `bdnz` changes CTR: it takes a completion queue entry, and its target comes from the
#: branch target cache (one cycle of F).
LOOP = """
_start:
    li      r3,4
    mtctr   r3
    li      r4,0
1:  addi    r5,r4,3
    mullw   r6,r5,r5
    cmpwi   r5,5
    add     r4,r4,r5
    bgt     2f
    ori     r7,r4,1
2:  xor     r8,r6,r7
    bdnz    1b
    sync
    b       .
"""
GOLDEN = """\
# F F  Q Q  D D  w W  1 IU1  2 IU2  S SRU  L LSU  P FPU  C C  x flushed  ! exception

.........|.........|.........|.........|.........|.........|  from cycle 251
FD2                                                           00001024  xor     r8,r6,r7
FDC                                                           00001028  bdnz    0x100c
FQx                                                           0000102c  sync
 Fx                                                           00001030  b       0x1030
 Fx                                                           00001034  .long   0x00000000
 Fx                                                           00001038  .long   0x00000000
 FD2                                                          0000100c  addi    r5,r4,3
  FD11C                                                       00001010  mullw   r6,r5,r5
  FD2CC                                                       00001014  cmpwi   r5,5
  FQD2CC                                                      00001018  add     r4,r4,r5
  FQD                                                         0000101c  bgt     0x1024
   FQQx                                                       00001020  ori     r7,r4,1
   FQQx                                                       00001024  xor     r8,r6,r7
    FQx                                                       00001028  bdnz    0x100c
    FQx                                                       0000102c  sync
     Fx                                                       00001030  b       0x1030
     Fx                                                       00001034  .long   0x00000000
      FD2                                                     00001024  xor     r8,r6,r7
      FDC                                                     00001028  bdnz    0x100c
      FQx                                                     0000102c  sync
       Fx                                                     00001030  b       0x1030
       Fx                                                     00001034  .long   0x00000000
       Fx                                                     00001038  .long   0x00000000
       FD2                                                    0000100c  addi    r5,r4,3
        FD11C                                                 00001010  mullw   r6,r5,r5
        FD2CC                                                 00001014  cmpwi   r5,5
        FQD2C                                                 00001018  add     r4,r4,r5
        FD                                                    0000101c  bgt     0x1024
         Fx                                                   00001020  ori     r7,r4,1
         Fx                                                   00001024  xor     r8,r6,r7
          FD2                                                 00001024  xor     r8,r6,r7
          FDC                                                 00001028  bdnz    0x100c
          FQD                                                 0000102c  sync
           FD                                                 00001030  b       0x1030
           FQx                                                00001034  .long   0x00000000
           FQx                                                00001038  .long   0x00000000
            Fx                                                0000103c  .long   0x00000000
"""


def test_the_table_of_a_loop(tmp_path):
    this, program = Machine("g3"), assemble(LOOP, sections={".text": 0x1000})
    this.load(program.image(), at=0x1000)
    with this.cpu.changed() as state:
        state["pc"], state["msr"], state["hid0"] = 0x1000, 0, Hid0.ICE | Hid0.BHT | Hid0.BTIC
    with this.pipeline_log(tmp_path / "loop.txt", "table", window=(251, 264)):
        this.run(cycles=300)
    assert (tmp_path / "loop.txt").read_text() == GOLDEN


@pytest.mark.parametrize("form", ["table", "kanata"])
def test_symbols_stand_behind_the_instruction(tmp_path, form):
    this = Machine("g3")
    this.cpu.pc = this.load(assemble(LOOP, sections={".text": 0x1000}).elf())
    this.cpu.msr = 0
    with this.pipeline_log(tmp_path / "log", form):
        this.run(until=0x1008)
    lines = [" ".join(line.split()) for line in (tmp_path / "log").read_text().splitlines()]
    assert any(line.endswith("00001000 li r3,4 <_start>") for line in lines)
    assert any(line.endswith("00001004 mtctr r3 <_start+0x4>") for line in lines)


@pytest.mark.parametrize("name", ["machine", "sort", "string"])
def test_wrong_predictions_do_not_show_as_executed(name, tmp_path):
    """Workloads full of branches that are folded, predicted, and predicted wrongly."""
    size, translated = 20, False
    this, reference = (Machine("g3", cpu=cpu) for cpu in ("pipeline", "functional"))
    workloads.prepare(this, name, size, translated=translated)
    workloads.prepare(reference, name, size, translated=translated)
    with this.pipeline_log(tmp_path / "run.kanata"):
        this.run(until=workloads.STOP)
    found = read_kanata(tmp_path / "run.kanata")
    shown = [address(read) for read in found if read.retired]
    expected = []
    while reference.cpu.pc != workloads.STOP:
        expected.append(reference.cpu.pc)
        reference.step()
    assert shown == expected
    fates = Counter(read.fate for read in found)
    assert fates["folded"] > 20 and fates["flushed"] > 20


def test_a_run_with_a_log_is_the_same_run(tmp_path):
    plain, logged = machine(), machine()
    with logged.pipeline_log(tmp_path / "run.kanata"):
        logged.run(cycles=1000)
    plain.run(cycles=1000)
    assert logged.stats() == plain.stats() and logged.cpu.pc == plain.cpu.pc


def test_bad_requests_are_refused(tmp_path):
    with pytest.raises(UserError, match="^a pipeline log needs cpu='pipeline'"):
        machine("functional").pipeline_log(tmp_path / "a")
    with pytest.raises(UserError, match="^form must be kanata or table, not 'o3'$"):
        machine().pipeline_log(tmp_path / "a", "o3")
    with pytest.raises(UserError, match="^a window must be A:B"):
        machine().pipeline_log(tmp_path / "a", window="9:1")
    with pytest.raises(UserError, match="^cannot write "):
        machine().pipeline_log(tmp_path / "no" / "a")
    assert not list(tmp_path.iterdir())


def test_a_window_that_was_not_reached_is_said(tmp_path):
    this = Machine("g3", rom="first")
    with (this.pipeline_log(tmp_path / "a", window="300:700") as late,
          this.pipeline_log(tmp_path / "b", window="99:700") as begun):
        this.run(cycles=100)
    assert late.unreached == "window 300:700 was never reached" and begun.unreached is None


def test_a_log_that_viewers_cannot_open_is_said_once(tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "LARGE", 10_000)
    said, this = [], Machine("g3", rom="first")
    with this.pipeline_log(tmp_path / "a", warn=said.append):
        this.run(cycles=4000)
    assert (tmp_path / "a").stat().st_size > 20_000
    assert len(said) == 1 and said[0].startswith(f"{tmp_path / 'a'} is larger than 0 MB, and ")
