"""Symbols of components: every port is there, on its side."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

import pteg
from pteg.hw.mmu.walker import Walker
from pteg.pipeline.system import make_system
from pteg.symbol_svg import components, page, ports, symbol


class Bundle(wiring.Signature):
    def __init__(self):
        super().__init__({"request": Out(1), "answer": In(32)})


class Example(wiring.Component):
    """Something with ports."""

    enable: In(1)
    value: Out(12)
    asks: Out(Bundle())
    serves: In(Bundle())
    several: Out(3).array(4)

    def elaborate(self, platform):
        return Module()


def test_ports_are_on_the_side_of_their_direction():
    assert ports(Example()) == [
        ("enable", False, "", 1), ("value", True, "", 12), ("asks", True, "Bundle", None),
        ("serves", False, "Bundle", None), ("several[4]", True, "", 3)]


def test_a_symbol_shows_each_port_where_it_is():
    tree = ElementTree.fromstring(symbol(Example()))
    texts = {node.text: node for node in tree.findall(".//{*}text")}
    assert {"Example", "enable", "value", "asks: Bundle", "serves: Bundle", "several[4]", "12",
            "3"} == set(texts)
    assert {name for name, node in texts.items() if node.get("class") == "in"} == {
        "enable", "serves: Bundle"}
    assert len(tree.findall(".//{*}path[@class='interface']")) == 2


@pytest.fixture(scope="module")
def design():
    return make_system(pteg.Machine("g3", rom="none").platform)


def test_the_page_has_every_class_of_component_once(design):
    found = list(components(design))
    assert Walker in {type(component) for component in found} and len(found) > 50
    names = re.findall("^### (.*)$", page(design), re.M)
    assert sorted(names) == sorted(type(component).__name__ for component in found
                                   if type(component).__module__.startswith("pteg.hw"))
    assert dict((name, out) for name, out, *_ in ports(Walker()))["fetch"] is False
