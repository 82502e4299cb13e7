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
    """An answer that says no: HTTP status and one apiError, in the configured form or another."""

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
    """A 400 for what was understood but cannot be."""
    return Refusal(400, message, data, "InvalidInput")


def read_body(body: bytes, content_type: str) -> tuple[str, Document]:
    """Parse a request; the root name of a JSON body is empty."""
    try:
        if "json" in content_type:
            return "", _object(json.loads(body))
        # A request must not make the simulator open files or connections.
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
        )
        root = etree.fromstring(body, parser)
    except (ValueError, etree.XMLSyntaxError):
        raise malformed() from None
    content = _read_element(root)
    # A root with nothing but text has no content to check.
    return _local_name(root.tag), content if isinstance(content, dict) else {}


def _object(value: Any) -> Document:
    if not isinstance(value, dict):
        raise malformed()
    return value


def _local_name(name: Any) -> str:
    return str(etree.QName(str(name)).localname)


def _read_element(element: etree._Element) -> Any:
    """Text, or a document where there are attributes or children."""
    document: Document = {}
    for name, value in element.attrib.items():
        document[f"@{_local_name(name)}"] = str(value)
    for child in element:
        # The tag of a processing instruction is a function.
        if isinstance(child.tag, str):
            _append(document, _local_name(child.tag), _read_element(child))
    return document or element.text or ""


def _append(document: Document, name: str, value: Any) -> None:
    """Only the second element of a name makes a list of them."""
    if name not in document:
        document[name] = value
        return
    first = document[name]
    if isinstance(first, list):
        first.append(value)
    else:
        document[name] = [first, value]


def write_body(root: str, document: Document, as_json: bool) -> bytes:
    """Serialise a document; JSON bodies have no root name (reference §1.1)."""
    if as_json:
        text = json.dumps(_typed(document))
        return text.encode()
    element = etree.Element(root)
    _write_element(element, document)
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")


def _write_element(element: etree._Element, document: Document) -> None:
    for name, value in document.items():
        if name.startswith("@"):
            element.set(name[1:], str(value))
            continue
        items = value if isinstance(value, list) else [value]
        for item in items:
            child = etree.SubElement(element, name)
            if isinstance(item, dict):
                _write_element(child, item)
            else:
                child.text = str(item)


def _typed(value: Any) -> Any:
    """In JSON booleans are no texts."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(_typed, value))
    if value in ("true", "false"):
        return value == "true"
    return value


def error_body(refusal: Refusal, as_json: bool, form: str) -> bytes:
    """The error as UCCX 12.x sends it (camel) or as it is documented (capital)."""
    if (refusal.form or form) == "capital":
        # The two forms differ in their order, too.
        root, name = "ApiErrors", "ApiError"
        entry = {
            "ErrorType": refusal.type,
            "ErrorData": refusal.data,
            "ErrorMessage": refusal.message,
        }
    else:
        root, name = "apiErrors", "apiError"
        entry = {
            "errorData": refusal.data,
            "errorMessage": refusal.message,
            "errorType": refusal.type,
        }
    # In JSON it is a list even of one.
    document = {name: [entry] if as_json else entry}
    return write_body(root, document, as_json)


def check_sequence(parent: str, names: Iterable[str], sequence: Sequence[str]) -> None:
    """Check element order like an XSD sequence; names with ``?`` are optional, and errors are in
    Xerces' words.
    """
    left = list(sequence)
    for name in names:
        expected = _expected(left)
        if name not in expected:
            raise invalid(
                f"cvc-complex-type.2.4.a: Invalid content was found starting with element '{name}'."
                f" One of '{{{', '.join(expected)}}}' is expected."
            )
        # What was passed over cannot come any more: an XSD sequence has one order.
        del left[: expected.index(name) + 1]

    expected = _expected(left)
    # Optional ones stand there with a question mark.
    if expected and expected[-1] in left:
        raise invalid(
            f"cvc-complex-type.2.4.b: The content of element '{parent}' is not complete."
            f" One of '{{{', '.join(expected)}}}' is expected."
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
    names = [item.rstrip("?") for item in sequence]

    def place(member: tuple[str, Any]) -> int:
        name, _value = member
        return names.index(name) if name in names else len(names)

    return dict(sorted(document.items(), key=place))
