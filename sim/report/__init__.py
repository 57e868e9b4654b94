"""The report: one HTML file of a window of a run, which needs no server and no network.

* `recorder`: what is recorded while the machine runs.
* `signals`: which signals.
* `translations`: what the MMU did in the window.
* `page`: the file. Its viewer is in `viewer/`: sources in `src/`, and the bundle made from them
  (`npm ci && npm run build`), which is what a report contains.
"""

from pteg.report.recorder import record_report

__all__ = ["record_report"]
