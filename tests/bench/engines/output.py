"""What was measured, as a table, as JSON and as a plot."""

import json
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from engines.machines import LOOP, NAMES
from engines.verilated import verilator_version

__all__ = ["cost_per_operation", "processor", "table", "to_json", "write"]


def processor():
    """Return the model of this machine's processor."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def table(measured):
    """Yield the lines for a design. `speed` says how many times this engine's rate ours is."""
    yield f"== {measured.design}: {measured.nodes} operations"
    yield (f"{'':28}{'build':>10}{'start':>10}{'load':>10}{'memory':>10}   seconds of processor "
           "time; MB")
    for engine, build in measured.build.items():
        yield (f"{engine:28}{build:>10.2f}{measured.start[engine]:>10.2f}"
               f"{measured.load[engine]:>10.2f}{measured.peak[engine] / 1024:>10.0f}")
    for engine, reason in measured.missing.items():
        yield f"{engine:28} not measured: {reason}"
    for title, rows in measured.rows.items():
        yield f"-- {title}: {rows[0].cycles} cycles"
        for row in rows:
            ratio = f"{rows[0].times(row):>11.2f}x" if row is not rows[0] else ""
            yield f"{row.engine:28}{row.rate / 1e3:>10.1f} kHz{ratio}"


def cost_per_operation(measured):
    """Return how much more an operation costs in a cycle of several processors than of one, by the
    name of the design.

    All have run the same loop.
    """
    costs = {result.design: 1 / (result.rows[LOOP][0].rate * result.nodes)
             for result in measured if result.design in NAMES.values()}
    one = costs.pop(NAMES[1], None)
    return {name: cost / one for name, cost in costs.items()} if one else {}


def to_json(measured):
    """Return everything as JSON."""
    return json.dumps({
        "date": datetime.now(UTC).isoformat(timespec="seconds"), "processor": processor(),
        "system": platform.platform(), "verilator": verilator_version(),
        "cost_per_operation": cost_per_operation(measured),
        "designs": [asdict(result) for result in measured]}, indent=1) + "\n"


def plot(measured):
    """Return the figure: for each recording, how many times the rate of each engine ours is."""
    from matplotlib.figure import Figure

    titles = [(result.design, title, rows) for result in measured
              for title, rows in result.rows.items()]
    engines = dict.fromkeys(row.engine for *_, rows in titles for row in rows[1:])
    figure = Figure(figsize=(8, 1.2 + 0.16 * sum(len(rows) for *_, rows in titles)),
                    layout="constrained")
    axes = figure.subplots()
    for number, engine in enumerate(engines):
        places, values = [], []
        for place, (_, _, rows) in enumerate(titles):
            for row in rows:
                if row.engine == engine:
                    places.append(place + 0.8 * ((number + 0.5) / len(engines) - 0.5))
                    values.append(rows[0].times(row))
        axes.barh(places, values, 0.8 / len(engines), label=engine)
    axes.set_yticks(range(len(titles)), [f"{design}: {title}" for design, title, _ in titles])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel(f"times the rate of the other engine ({processor()})")
    axes.legend(fontsize="small")
    return figure


def write(measured, folder):
    """Write `engine.json` and `engine.svg` to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "engine.json").write_text(to_json(measured))
    plot(measured).savefig(folder / "engine.svg")
