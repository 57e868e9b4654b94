"""The device of docs/adding-a-component.md, in both models, against what the page says."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-component.md").read_text()


def run(tmp_path, cpu):
    file, script, *_ = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    (tmp_path / "blinker.py").write_text(file)
    assert 'cpu="functional"' in script
    done = subprocess.run([sys.executable, "-c", script.replace("functional", cpu)], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_example_prints_what_the_page_says(tmp_path):
    assert run(tmp_path, "functional") == re.search(r"This prints `(.*?)`", PAGE)[1]


def test_the_pipeline_model_counts_less_far(tmp_path):
    functional = int(re.search(r"This prints `address (\d+)`", PAGE)[1])
    reason, count = run(tmp_path, "pipeline").split()
    assert reason == "address" and 0 < int(count) < functional
