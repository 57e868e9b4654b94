"""L0, first boot: what a machine has done after some instructions."""

from functools import cache

from pteg import ledger
from pteg.labs.answers import Question, answer_lab
from pteg.labs.kit import choices
from pteg.machine import Machine

__all__ = ["LAB"]


@cache
def _questions(seed: int) -> dict[str, Question]:
    count = choices("L0", seed).randrange(25_000, 41_000)
    machine = Machine("g3", cpu="functional", rom="first")
    events = ledger.Ledger()
    machine.model.ledger(events.add)
    machine.run(instructions=count)
    records, kind = events.records, ledger.Kind
    walks = records[records["kind"] == kind.WALK]
    run = f"pteg run --cpu functional --rom first --instructions {count}"
    script = (f'machine = pteg.Machine("g3", cpu="functional", rom="first"); '
              f"machine.run(instructions={count})")
    first = records[records["kind"] == kind.TLB_MISS][0]

    def number(value: int) -> str:
        return f"{int(value)}"

    def hexadecimal(value: int) -> str:
        return f"{int(value):08x}"

    def asked(text: str, key: dict[str, str], tool: str) -> Question:
        return Question(f"{text}\n({run})", key, f"look at {tool} after {count} instructions")

    return {
        "registers": asked("Which are PC and MSR?",
                           {"pc": hexadecimal(machine.cpu.pc), "msr": hexadecimal(machine.cpu.msr)},
                           f"`machine.cpu` in Python: {script}"),
        "place": asked("In which function is PC? (The symbol, without +offset.)",
                       {"symbol": (machine.symbols.name(machine.cpu.pc) or "none").split("+")[0]},
                       "the report at the end of `pteg run`"),
        "searches": asked("How many table searches were there, and how many PTEs were examined?",
                          {"searches": number(len(walks)), "ptes": number(walks["value"].sum())},
                          "the statistics at the end of `pteg run`, or the WALK records"),
        "first-miss": asked("Which address missed a TLB first, and which instruction caused it "
                            "(pc)?",
                            {"ea": hexadecimal(first["ea"]), "pc": hexadecimal(first["pc"])},
                            "the first TLB_MISS record of `--ledger events.jsonl`"),
        "updates": asked("How often was R set in a PTE, and how often C?",
                         {name: number(sum(records["cause"][records["kind"] == kind.PTE_UPDATE]
                                           == bit)) for name, bit in
                          (("r", ledger.PteBits.R), ("c", ledger.PteBits.C))},
                         "the PTE_UPDATE records of `--ledger events.jsonl`"),
        "exceptions": asked("How many exceptions were taken?", {"exceptions": number(
            sum(records["kind"] == kind.EXCEPTION))}, "the EXCEPTION records of the ledger"),
        "table": asked("Where does the page table begin, and how many of its entries are valid?",
                       {"address": hexadecimal(machine.mmu.hash_table().base),
                        "valid": number(len(machine.mmu.hash_table().entries()))},
                       "`machine.mmu.hash_table()` in Python")}


LAB = answer_lab("L0", "First boot", _questions)
