"""Waveforms that are written in a second thread."""

import threading

import numpy as np
import pytest

from pteg.errors import UserError
from pteg.waveforms import fst
from pteg.waveforms.behind import Behind
from pteg.waveforms.changes import Changes
from pteg.waveforms.signals import Signal
from pteg.waveforms.trace import Trace


def test_work_is_done_in_order_one_piece_at_a_time_and_the_first_at_once():
    done, running, behind = [], threading.Lock(), Behind(True)

    def work(number):
        assert running.acquire(blocking=False)
        done.append((number, threading.current_thread() is threading.main_thread()))
        running.release()

    for number in range(50):
        behind.do(work, number)
    behind.close()
    assert done == [(number, number == 0) for number in range(50)]


def test_an_error_is_raised_by_the_next_call_once():
    behind = Behind(True)
    behind.do(lambda: 1 // 1)
    behind.do(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        behind.close()
    behind.close()


@pytest.mark.parametrize("name", ["a.vcd", "a.fst"])
def test_the_file_is_the_same_with_buffers_in_turn(tmp_path, monkeypatch, name):
    monkeypatch.setattr(fst, "BLOCK_SECONDS", 1e9)
    random, files = np.random.default_rng(1), []
    rows = random.integers(0, 1 << 63, (20_000, 3), np.uint64)
    for behind in (False, True):
        path = tmp_path / f"{behind}{name}"
        buffers = [np.empty((500, 3), np.uint64) for _ in range(2)]
        with Trace(path, [Signal("n", 64), Signal("wide", 100)], behind=behind,
                   window="3:7000,9000:20000") as trace:
            for cycle in range(0, 20_000, 500):
                buffers[0][:] = rows[cycle:cycle + 500]
                trace.write(Changes.of(cycle, buffers[0]))
                buffers.reverse()
        files.append(path.read_bytes())
    assert files[0] == files[1] and len(files[0]) > 100_000


def test_a_full_disk_at_the_end_is_told(tmp_path):
    with pytest.raises(UserError, match="No space left on device"):
        with Trace("/dev/full", [Signal("n", 64)], behind=True) as trace:
            trace.write(Changes.of(0, np.arange(100_000, dtype=np.uint64).reshape(-1, 1)))
