"""Waveforms and pipeline logs of the pipeline model: from its signals to files."""

from pteg.pipeline.completing import CompletingTexts
from pteg.pipeline.driver import Tap
from pteg.pipeline.places import System
from pteg.pipeline.stages import PipelineStages, open_log
from pteg.pipeline.view import view
from pteg.recording import Recording
from pteg.waveforms.capture import Trigger, Window
from pteg.waveforms.trace import Trace, select

__all__ = ["waveform", "pipeline_log"]


def waveform(cpu, path, patterns, symbols, *, trigger=None, **options):
    """See `pteg.Machine.trace`; `cpu` is the `PipelineCpu`."""
    native, places = cpu.native, cpu.places
    about = Trigger.paths(trigger) & set(native.signals) if trigger is not None else set()
    texts = CompletingTexts.paths(places)
    shown = {*select([*native.signals, *texts], patterns), *about}
    tracer = CompletingTexts(native, places, [path for path in native.signals if path in shown],
                             symbols.disassembled)
    rows = [(signal, offset) for signal, offset in zip(
        tracer.signals, tracer.offsets, strict=True) if signal.path in shown]
    trace = Trace(path, *zip(*rows, strict=True), trigger=trigger,
                  view=view(System(""), cpu.platform, about), **options)
    tracer.sink = trace
    return _recorded(cpu, Tap(tracer, tracer), trace)


def pipeline_log(cpu, path, form, symbols, *, window=None, **options):
    """See `pteg.Machine.pipeline_log`; `cpu` is the `PipelineCpu`."""
    window = Window.of(window)
    stages = PipelineStages(cpu.native, cpu.places, open_log(path, form, **options), window,
                            symbols.instruction)
    return _recorded(cpu, Tap(stages.tracer, stages), stages)


def _recorded(cpu, tap, file):
    cpu.driver.taps.append(tap)

    def close():
        cpu.driver.taps.remove(tap)
        file.close()

    return Recording(close, file)
