"""The loop of long tests that are started by hand, also in pieces.

Each piece has a seed. A line a minute tells how far the run is and the seed of the next piece, with
which another run continues. Ctrl-C ends with the piece that runs. After a failure the exit code
is 1.
"""

import signal
import sys
import time

__all__ = ["Soak", "count"]


class Soak:
    """A run.

    Parameters
    ----------
    options : argparse.Namespace
        With the options of `add_options`.
    enough : int
        End with the piece that has reached so much.
    unit : str
        Of what is done: instructions.
    """

    def __init__(self, options, enough, unit):
        self.seed, self._seconds = options.first_seed, options.seconds
        self._enough, self._unit = enough, unit
        self.done = self.failures = 0
        self._start = self._said = time.monotonic()
        self._stopped = False

    @staticmethod
    def add_options(parser):
        parser.add_argument("--first-seed", type=int, default=1, help="of the first piece")
        parser.add_argument("--seconds", type=float, help="end with the piece that runs then")

    def run(self, piece):
        """Run `piece(seed)`, which returns how much it has done, with one seed after the other."""
        signal.signal(signal.SIGINT, self._stop)
        while self.done < self._enough and not self._stopped:
            try:
                self.done += piece(self.seed)
            except AssertionError as error:
                self.failures += 1
                self._say(f"seed {self.seed}: {error}")
            self.seed += 1
            now = time.monotonic()
            self._stopped |= self._seconds is not None and now - self._start > self._seconds
            if now - self._said > 60:
                self._said = now
                self._progress()
        self._progress()

    def end(self):
        sys.exit(self.failures > 0)

    def _stop(self, *_):
        self._stopped = True

    def _progress(self):
        rate = self.done / (time.monotonic() - self._start)
        self._say(f"{self.done:,} {self._unit}, {rate:,.0f} a second, {self.failures} failures, "
                  f"next seed {self.seed}")

    def _say(self, text):
        print(f"{time.monotonic() - self._start:7.0f} s {text}", flush=True)


def count(text):
    """A number, or with M, millions: 30M."""
    return int(text[:-1]) * 10**6 if text.endswith("M") else int(text)
