"""How long grading takes: each lab's solution, starter, and a program that never ends.

CPU time of a process of its own, with its start; the first time also compiles the processor. It
must stay below two minutes, or the benchmark fails.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from pteg.labs.catalogue import LABS
from pteg.labs.kit import seed_of

MOST = 120
#: Programs that do not end, for the labs that have programs.
ENDLESS = {
    "L2": {"enable.s": "enable_mmu: b enable_mmu\n"},
    "L4": {"insert.s": "htab_insert: b htab_insert\npage_fault: b page_fault\n"},
    "L6": {"refill.s": "linear: b linear\ntree: b tree\n"},
    "L7": {"pager.s": "page_fault: b page_fault\n"},
    "L8": {"update.s": "pte_install: b pte_install\npte_remove: b pte_remove\n",
           "vsid.s": "vsid_new: b vsid_new\nvsid_free: b vsid_free\n", "test.s": "test: b test\n"},
}


def seconds(lab, files, folder):
    """Grade files as a student does."""
    folder.mkdir()
    (folder / "lab.toml").write_text(f'lab = "{lab.name}"\nseed = {seed_of("ada")}\n')
    for name, text in files.items():
        (folder / name).write_text(text)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "pteg", "lab", "grade", folder],
                          capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 1), done.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    most = 0.0
    print(f"{'':6}{'solution':>10}{'starter':>10}{'endless':>10}   seconds")
    with tempfile.TemporaryDirectory(prefix="pteg-bench-") as temporary:
        for lab in LABS.values():
            seed, root = seed_of("ada"), Path(temporary) / lab.name
            root.mkdir()
            solution = lab.solution(seed)
            seconds(lab, solution, root / "first")
            times = [seconds(lab, solution, root / "solution"),
                     seconds(lab, lab.files(seed), root / "starter")]
            if lab.name in ENDLESS:
                times.append(seconds(lab, solution | ENDLESS[lab.name], root / "endless"))
            most = max(most, *times)
            print(f"{lab.name:6}" + "".join(f"{value:10.1f}" for value in times), flush=True)
    return most > MOST


if __name__ == "__main__":
    sys.exit(main())
