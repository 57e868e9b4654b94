"""Every word that IEEE 1275 lists is there, or it is said why not."""

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

from pteg.firmware.openfirmware.build import compile_rom
from pteg.presets import g3, mac99

#: Words of the main list that are defined again on purpose: the new one does more.
_AGAIN = {"variable", "value", "defer", "buffer:", "order"}


def _load():
    path = Path(__file__).with_name("standard_words.py")
    spec = importlib.util.spec_from_file_location("standard_words", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LISTS = _load()


@pytest.fixture(scope="module", params=[g3, mac99], ids=["g3", "mac99"])
def dictionary(request):
    compiler, _ = compile_rom(request.param())
    return compiler


@pytest.mark.parametrize("section", LISTS.WORDS)
def test_the_words_of_a_section_are_there(dictionary, section):
    missing = {word for word in LISTS.WORDS[section].split() if not dictionary.forth.find(word)}
    assert missing == {word for word in LISTS.WORDS[section].split() if word in LISTS.ABSENT}


def test_no_word_is_missing_without_being_in_the_standard():
    listed = {word for words in LISTS.WORDS.values() for word in words.split()}
    assert set(LISTS.ABSENT) <= listed and all(LISTS.ABSENT.values())


def test_no_word_of_the_standard_is_hidden_by_another(dictionary):
    """A helper of the same name, defined later, would be found in its place."""
    listed = {word for words in LISTS.WORDS.values() for word in words.split()}
    threads = Counter()
    for word in dictionary.words:
        if word.name and dictionary.forth.find(word.name) and word.name.lower() in listed:
            found = dictionary.forth.find(word.name)
            threads[word.name.lower()] += word.xt != found.xt and word.source != found.source
    in_lists = {name.lower() for words in dictionary.lists.values() if words is not dictionary.forth
                for name in words.words}
    assert {name for name, count in threads.items() if count} - in_lists == _AGAIN
