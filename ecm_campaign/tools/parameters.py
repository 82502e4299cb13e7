"""Business parameters between campaigns that name them differently (requirement C9)."""

from __future__ import annotations

from collections.abc import Mapping


def map_parameters(
    source: Mapping[str, str], target: Mapping[str, str], unnamed: Mapping[str, str]
) -> dict[str, str]:
    """Which parameter of another campaign takes the value of each of ours.

    The label says what a value means: it goes where the same label stands. A label that the other
    campaign does not know keeps its place where nobody has named that yet.

    :param source: labels by name; ``target``: likewise, those of the other campaign
    :param unnamed: labels that parameters have before somebody names them
    :return: ``{our name: the other's name}``; what has no place is missing
    """
    places: dict[str, str] = {}
    for name, label in target.items():
        places.setdefault(_fold(label), name)
    mapped: dict[str, str] = {}
    for name, label in source.items():
        place = places.get(_fold(label))
        if place is None and target.get(name) == unnamed.get(name):
            place = name
        if place and place not in mapped.values():
            mapped[name] = place
    return mapped


def _fold(label: str) -> str:
    """Labels differ in capitals and blanks."""
    return " ".join(label.split()).casefold()
