"""`pteg mol`: scenarios of the hypervisor, and what is told about them."""

import json as json_format
from typing import Literal

from cyclopts import App

from pteg.cli.exits import ExitCode
from pteg.cli.groups import LEARN
from pteg.cli.outputs import check_outputs
from pteg.errors import UserError
from pteg.outputs import write_file

__all__ = ["mol", "summary"]

mol = App(name="mol", group=LEARN,
          help="Mac-on-Linux, re-created: scenarios (docs/mol/run.md).")
#: Kinds of exits that a report lists.
MOST = 12


@mol.command(name="list")
def list_scenarios():
    """List the scenarios: name, point of the e-mail, what happens."""
    from pteg.mol.scenarios import SCENARIOS

    for scenario in SCENARIOS.values():
        print(f"{scenario.name:22}{scenario.point:6}{scenario.title}")
    return ExitCode.DONE


@mol.command(name="run")
def run_scenarios(scenario: str, /, *, cpu: Literal["functional", "pipeline"] = "functional",
                  vcd: str | None = None, report: str | None = None, json: str | None = None,
                  svg: str | None = None, kvm: bool = False):
    """Run a scenario, and tell what each exit from the guest has cost.

    Parameters
    ----------
    scenario
        A name that `pteg mol list` shows, or `all`.
    cpu
        `pipeline` knows cycles.
    vcd
        Waveform (VCD or FST) from the first entry into the guest on; of one scenario.
    report
        HTML file of the first 50,000 cycles from there on (docs/report.md); of one scenario.
    json
        File for all that was counted.
    svg
        Picture of exits by phases, of the hash table by owner, and of counters; of one scenario.
    kvm
        With KVM-PR's policies (docs/mol/policies.md), on the bare host; of one scenario.
    """
    from pteg.firmware.installed import NotInstalled
    from pteg.mol.measure import run
    from pteg.mol.picture import draw
    from pteg.mol.scenarios import SCENARIOS

    every = scenario == "all"
    if every and (vcd or report or svg):
        raise UserError("a waveform, a report or a picture is of one scenario, not of all")
    if every and kvm:
        raise UserError("KVM-PR's policies are for one scenario, not for all: some have a host")
    check_outputs({"vcd": vcd, "report": report, "json": json, "svg": svg})
    results = []
    for name in SCENARIOS if every else [scenario]:
        try:
            results.append(run(name, cpu, vcd=vcd, report=report, kvm=kvm))
        except NotInstalled as error:
            if not every:
                raise
            print(f"{name}: not run: {error}", flush=True)
            continue
        print(summary(results[-1]), flush=True)
    if svg:
        write_file(svg, draw(results[0]).encode())
    if json:
        text = json_format.dumps(results if every else results[0], indent=1)
        write_file(json, text.encode() + b"\n")
    return ExitCode.DONE


@mol.command(name="compare")
def compare_ways(*, cpu: Literal["functional", "pipeline"] = "pipeline", json: str | None = None):
    """Print what each point of the e-mail costs on HostL, as planned, as ported, and with KVM-PR's
    policies.

    Parameters
    ----------
    cpu
        `pipeline` counts cycles, `functional` instructions.
    json
        File for all that was counted.
    """
    from pteg.mol.ways import WAYS, measure, table

    check_outputs({"json": json})
    found = {name: measure(name, cpu) for name in WAYS}
    print(table(found, cycles=cpu == "pipeline"), end="")
    if json:
        write_file(json, json_format.dumps(found, indent=1).encode() + b"\n")
    return ExitCode.DONE


@mol.command(name="exits")
def cost_of_exits(*, kvm: str | None = None, dtb: str | None = None, repeat: int = 200,
                  policies: bool = False, json: str | None = None):
    """Print what each kind of exit costs in cycles, beside KVM-PR.

    Parameters
    ----------
    kvm
        A Linux kernel with KVM-PR whose /init is a monitor with a guest (docs/mol/exits.md): it is
        measured now. Otherwise its costs are those that were recorded.
    dtb
        Its device tree.
    repeat
        Turns of each loop of KVM-PR's guest, an even number.
    policies
        MOL has KVM-PR's policies (docs/mol/policies.md).
    json
        File for both tables of costs.
    """
    from pteg.mol import exits
    from pteg.mol.hostb import KVM_POLICIES
    from pteg.mol.kvm import measure

    if (kvm is None) != (dtb is None):
        raise UserError("--kvm and --dtb are given together: a kernel and its device tree")
    if repeat < 2 or repeat % 2:
        raise UserError(f"repeat must be an even number from 2 on, not {repeat}")
    check_outputs({"json": json})
    theirs = exits.KVM if kvm is None or dtb is None else {
        kind: cycles for kind, (_, _, cycles) in measure(kvm, dtb, repeat).items()}
    options = KVM_POLICIES if policies else {}
    own = exits.measure(options=options)
    own |= {kind: cost for kind, cost in exits.measure(tick=2000, options=options).items()
            if kind.startswith("host's")}
    print(exits.table(own, theirs), end="")
    if json:
        found = {"mol": {kind: cycles for kind, (_, _, cycles) in own.items()}, "kvm": theirs}
        write_file(json, json_format.dumps(found, indent=1).encode() + b"\n")
    return ExitCode.DONE


@mol.command(name="slowdown")
def slowdown_of_guests():
    """Print how much slower three guests are than on the bare machine."""
    from pteg.mol.numbers import GUESTS, slowdown, table

    print(table({name: slowdown(name) for name in GUESTS}), end="")
    return ExitCode.DONE


@mol.command(name="linux")
def boot_of_linux(kernel: str, /, *, dtb: str, kvm: str | None = None):
    """Boot Linux as a guest, and print who has had the processor, beside KVM-PR.

    Parameters
    ----------
    kernel
        vmlinux for a board like g3; its /init prints `INIT: done`.
    dtb
        Its device tree, which is KVM-PR's host's too.
    kvm
        A Linux kernel with KVM-PR whose /init runs that kernel as a guest: it is measured now.
        Otherwise its share is that which was recorded.
    """
    from pteg.files import read_file
    from pteg.mol import share

    own = share.mol(read_file(kernel), read_file(dtb))
    print(share.table(own, share.KVM if kvm is None else share.kvm(kvm, dtb)), end="")
    return ExitCode.DONE


def summary(result):
    """A result in words and tables."""
    lines = [f"{result['scenario']}: {result['title']}", f"  {_end(result)}", "  exits:"]
    phases = [] if result["cpu"] == "functional" else sorted(
        {phase for row in result["exits"].values() for phase in row["phases"]},
        key=_order)
    lines.append("    " + f"{'count':>6} {'instr.':>7} {'cycles':>7}  "
                 + "".join(f"{phase.lower()[:8]:>9}" for phase in phases))
    for kind, row in list(result["exits"].items())[:MOST]:
        cycles = "-" if row["cycles"] is None else row["cycles"]
        parts = "".join(f"{(row['phases'] or {}).get(phase, '-'):>9}" for phase in phases)
        lines.append(f"    {row['count']:>6} {row['instructions']:>7} {cycles:>7}  {parts}  {kind}")
    if len(result["exits"]) > MOST:
        lines.append(f"    and {len(result['exits']) - MOST} more kinds (--json)")
    lines.append("  worlds: " + ", ".join(
        f"{world} {_amount(row)}" for world, row in result["worlds"].items()))
    lines.append("  counters: " + ", ".join(
        f"{name} {value}" for name, value in result["counters"].items() if value))
    if rate := result["throughput"]:
        lines.append(f"  throughput: {100 * rate['drop']:.0f} % less than {rate['against']}: "
                     f"{rate['took']:,} {rate['unit']}, not {rate['baseline']:,}")
    if result["occupancy"]:
        last = result["occupancy"][-1]
        owners = [f"{name} {last[name]}" for name in last
                  if name not in ("instructions", "cycles", "slots")]
        lines.append(f"  hash table at the end: {', '.join(owners)} of {last['slots']}")
    return "\n".join(lines)


def _order(phase):
    from pteg.mol.phases import Phase

    return Phase[phase]


def _end(result):
    if result["differences"] is None:
        bare = "not compared with the bare machine"
    elif result["differences"]:
        bare = f"differs from the bare machine: {'; '.join(result['differences'][:3])}"
    else:
        bare = "as on the bare machine"
    time = "" if result["cycles"] is None else f"{result['cycles']:,} cycles, "
    return f"{time}{result['instructions']:,} instructions; {bare}"


def _amount(row):
    cycles = row["cycles"]
    return f"{row['instructions']:,}" if cycles is None else f"{cycles:,} cycles"
