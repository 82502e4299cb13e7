"""Texts that come from outside and go into columns."""


def shorten(text: str, size: int) -> str:
    """:return: the beginning, without what PostgreSQL cannot store"""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:size]
