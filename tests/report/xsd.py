"""Enough of XML Schema to hold a document against tests/cases/report/junit-10.xsd: sequences, attributes, three types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from pathlib import Path

XS = "{http://www.w3.org/2001/XMLSchema}"
TYPES = {"xs:string": r"(?s).*", "xs:decimal": r"[+-]?\d+(\.\d+)?", "xs:nonNegativeInteger": r"\d+"}


def problems(document: str, schema: Path) -> list[str]:
    """Return what is wrong with a document; raises ParseError when it is no XML."""
    elements = {str(item.get("name")): item for item in ET.parse(schema).getroot().findall(f"{XS}element")}
    return list(_element(ET.fromstring(document), elements))


def _element(node: ET.Element, elements: dict[str, ET.Element]) -> list[str]:
    if node.tag not in elements:
        return [f"unknown element {node.tag}"]
    shape = elements[node.tag][0]
    found = _attributes(node, shape) + _children(node, shape)
    if shape.get("mixed") != "true" and (node.text or "").strip():
        found.append(f"{node.tag} holds text")
    return found + [line for child in node for line in _element(child, elements)]


def _attributes(node: ET.Element, shape: ET.Element) -> list[str]:
    known = {str(item.get("name")): item for item in shape.findall(f"{XS}attribute")}
    found = [f"{node.tag} has an attribute {name}" for name in node.attrib if name not in known]
    for name, item in known.items():
        value = node.get(name)
        if value is None and item.get("use") == "required":
            found.append(f"{node.tag} lacks {name}")
        if value is not None and not re.fullmatch(TYPES[str(item.get("type"))], value):
            found.append(f"{node.tag} {name} is {value!r}")
    return found


def _children(node: ET.Element, shape: ET.Element) -> list[str]:
    """A sequence is a regular expression over the names of the children."""
    order = shape.find(f"{XS}sequence")
    pattern = "".join(
        f"(?:{item.get('ref')},){{{item.get('minOccurs')},{str(item.get('maxOccurs')).replace('unbounded', '')}}}"
        for item in (order if order is not None else [])
    )
    names = "".join(f"{child.tag}," for child in node)
    return [] if re.fullmatch(pattern, names) else [f"{node.tag} holds {names or 'nothing'}"]
