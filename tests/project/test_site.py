"""The documentation as a site: `make docs`."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

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
def test_every_link_inside_of_the_site_has_a_target(site):
    """Pages and headings; links to files of the repository that are no pages are left out."""
    texts = {page: page.read_text() for page in site.rglob("*.html")}
    names = {page: set(re.findall(r'\sid="([^"]+)"', text)) for page, text in texts.items()}
    broken, count = [], 0
    for page, text in texts.items():
        for link in re.findall(r'<a [^>]*href="([^"]+)"', text):
            path, _, anchor = link.partition("#")
            if ":" in path or not path.endswith(".html") and path:
                continue
            count += 1
            target = (page.parent / path).resolve() if path else page
            if target not in texts or anchor and unquote(anchor) not in names[target]:
                broken.append(f"{page.relative_to(site)}: {link}")
    assert not broken, "\n".join(broken)
    assert count > 1000


@pytest.mark.slow
def test_the_reference_is_made_from_docstrings_and_commands(site):
    reference = (site / "api.html").read_text()
    assert 'id="pteg.machine.Machine.regions"' in reference
    assert "Limits, counted from now" in re.sub("<[^>]*>", "", reference)
    commands = re.sub("<[^>]*>", "", (site / "commands.html").read_text())
    assert "pteg sweep" in commands and "--journal" in commands
