"""Waveforms and pipeline logs of the pipeline model: from its signals to files."""

from collections.abc import Iterable
from os import PathLike

from pteg.pipeline.completing import CompletingTexts
from pteg.pipeline.computed import ComputedTracer, Source
from pteg.pipeline.driver import ChangeTap, Tap
from pteg.pipeline.places import System
from pteg.pipeline.stages import PipelineStages, open_log
from pteg.pipeline.triggers import Functions
from pteg.pipeline.view import view
from pteg.pipeline.worlds import WorldText
from pteg.recording import Recording
from pteg.symbols import Symbols
from pteg.waveforms.trace import Trace, select
from pteg.waveforms.trigger import Condition
from pteg.waveforms.window import Window

__all__ = ["waveform", "pipeline_log"]


def waveform(cpu, path: str | PathLike, patterns: str | Iterable[str], symbols: Symbols, *,
             depth: int | None = None, trigger: str | None = None,
             computed: Iterable[Source] = (), **options) -> Recording:
    """See `pteg.Machine.trace`; `cpu` is the `PipelineCpu`."""
    native, functions = cpu.native, Functions(cpu, symbols)
    condition = Condition(trigger).expanded(functions.callable) if trigger is not None else None
    sources = [*_sources(cpu, symbols), *computed, *functions.sources]
    texts = [text.path for source in sources for text in source.texts]
    everything = [*native.signals, *texts]
    asked = condition.paths & set(everything) if condition else set()
    shown = {*select(everything, patterns, depth), *asked}
    paths = [path for path in native.signals if path in shown]
    sources = [source for source in sources if any(text.path in shown for text in source.texts)]
    tracer = ComputedTracer(native, paths, sources, shown)
    trace = Trace(path, tracer.probes, tracer.offsets, trigger=condition,
                  view=view(System(""), cpu.platform, asked), behind=True, **options)
    return _recorded(cpu, ChangeTap(tracer, tracer.before(trace)), trace)


def pipeline_log(cpu, path: str | PathLike, form: str, symbols: Symbols, *,
                 window: Window | tuple | str | None = None, **options) -> Recording:
    """See `pteg.Machine.pipeline_log`; `cpu` is the `PipelineCpu`."""
    window = Window.of(window)
    stages = PipelineStages(cpu.native, cpu.places, open_log(path, form, **options), window,
                            symbols.instruction)
    return _recorded(cpu, Tap(stages.tracer, stages), stages)


def _sources(cpu, symbols):
    """What makes texts that are no signals."""
    sources = [CompletingTexts(cpu.native, places, symbols.disassembled)
               for places in cpu.processors]
    if cpu.platform.worlds:
        sources += [WorldText(places, cpu.platform.worlds, cpu.guest_msr)
                    for places in cpu.processors]
    return sources


def _recorded(cpu, tap, file):
    cpu.driver.taps.append(tap)

    def close():
        cpu.driver.taps.remove(tap)
        file.close()

    return Recording(close, file)
