"""XML and JSON of the configuration API (reference §1): trees, sequence checks with Xerces' words,
error bodies.

A document is a dict in element order; keys with ``@`` are attributes, lists are repeated elements,
values are text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

Document = dict[str, Any]


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that says no: HTTP status and one apiError, in the configured form or another one."""

    status: int
    message: str = ""
    data: str = ""
    type: str = ""
    form: str = ""


@dataclass(frozen=True)
class Reply:
    """What goes back: a document under its root name, or bare text."""

    root: str = ""
    document: Document = field(default_factory=dict)
    status: int = 200
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def malformed() -> Refusal:
    """Real UCCX 12.x wording for a body that cannot be parsed (reference §1.3)."""
    message = "The request could not be understood by the server due to malformed syntax"
    return Refusal(400, message, "Bad Request", "400")


def invalid(message: str, data: str = "") -> Refusal:
    return Refusal(400, message, data, "InvalidInput")


def read_body(body: bytes, content_type: str) -> tuple[str, Document]:
    """Parse a request; the root name of a JSON body is empty."""
    try:
        if "json" in content_type:
            document = json.loads(body)
            if isinstance(document, dict):
                return "", document
            raise malformed()
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
        )
        root = etree.fromstring(body, parser)
    except (ValueError, etree.XMLSyntaxError):
        raise malformed() from None
    content = _read_element(root)
    return str(etree.QName(root).localname), content if isinstance(content, dict) else {}


def _read_element(element: etree._Element) -> Any:
    attributes = {
        f"@{etree.QName(str(name)).localname}": str(value) for name, value in element.attrib.items()
    }
    children = [child for child in element if isinstance(child.tag, str)]
    if not children and not attributes:
        return element.text or ""
    document: Document = dict(attributes)
    for child in children:
        _append(document, str(etree.QName(child).localname), _read_element(child))
    return document


def _append(document: Document, name: str, value: Any) -> None:
    if name not in document:
        document[name] = value
    elif isinstance(document[name], list):
        document[name].append(value)
    else:
        document[name] = [document[name], value]


def write_body(root: str, document: Document, as_json: bool) -> bytes:
    """Serialise a document; JSON bodies have no root name (reference §1.1)."""
    if as_json:
        return json.dumps(_typed(document)).encode()
    element = etree.Element(root)
    _write_element(element, document)
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")


def _write_element(element: etree._Element, document: Document) -> None:
    for name, value in document.items():
        if name.startswith("@"):
            element.set(name[1:], str(value))
            continue
        for item in value if isinstance(value, list) else [value]:
            child = etree.SubElement(element, name)
            if isinstance(item, dict):
                _write_element(child, item)
            else:
                child.text = str(item)


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def error_body(refusal: Refusal, as_json: bool, form: str) -> bytes:
    """The error as UCCX 12.x sends it (camel) or as it is documented (capital)."""
    form = refusal.form or form
    parts = {"errorData": refusal.data, "errorMessage": refusal.message, "errorType": refusal.type}
    if form == "capital":
        parts = {
            name[0].upper() + name[1:]: parts[name]
            for name in ("errorType", "errorData", "errorMessage")
        }
        return write_body("ApiErrors", {"ApiError": [parts] if as_json else parts}, as_json)
    return write_body("apiErrors", {"apiError": [parts] if as_json else parts}, as_json)


def check_sequence(parent: str, names: Iterable[str], sequence: Sequence[str]) -> None:
    """Check element order like an XSD sequence; names with ``?`` are optional, and errors are in
    Xerces' words.
    """
    position = 0
    for name in names:
        expected = _expected(sequence[position:])
        if name not in expected:
            raise invalid(
                f"cvc-complex-type.2.4.a: Invalid content was found starting with element '{name}'."
                f" One of '{{{', '.join(expected)}}}' is expected."
            )
        position = [item.rstrip("?") for item in sequence].index(name) + 1
    missing = [item for item in sequence[position:] if not item.endswith("?")]
    if missing:
        raise invalid(
            f"cvc-complex-type.2.4.b: The content of element '{parent}' is not complete."
            f" One of '{{{', '.join(_expected(sequence[position:]))}}}' is expected."
        )


def _expected(sequence: Sequence[str]) -> list[str]:
    """Optional elements up to and including the first required one."""
    expected = []
    for item in sequence:
        expected.append(item.rstrip("?"))
        if not item.endswith("?"):
            break
    return expected


def element_names(document: Document) -> list[str]:
    return [name for name in document if not name.startswith("@")]


def in_order(document: Document, sequence: Sequence[str]) -> Document:
    """A JSON object's members in the order of the sequence; unknown ones last, where the check
    finds them.
    """
    order = {item.rstrip("?"): index for index, item in enumerate(sequence)}
    return dict(sorted(document.items(), key=lambda member: order.get(member[0], len(order))))
