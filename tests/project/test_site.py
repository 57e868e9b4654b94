"""The documentation as a site: `make docs`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="needs the extra `docs`")
for name in ("furo", "numpydoc", "myst_parser"):
    pytest.importorskip(name, reason="needs the extra `docs`")

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html",
                           "-d", folder / "doctrees", DOCS, folder / "html"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return folder / "html"


@pytest.mark.slow
def test_the_site_has_every_page_and_can_be_searched(site):
    pages = {page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")}
    assert not [page for page in pages if not (site / page).exists()]
    assert (site / "search.html").exists() and "hash" in (site / "searchindex.js").read_text()


@pytest.mark.slow
def test_the_reference_is_made_from_docstrings_and_commands(site):
    reference = (site / "api.html").read_text()
    assert 'id="pteg.machine.Machine.regions"' in reference
    assert "Limits, counted from now" in re.sub("<[^>]*>", "", reference)
    commands = re.sub("<[^>]*>", "", (site / "commands.html").read_text())
    assert "pteg sweep" in commands and "--journal" in commands
