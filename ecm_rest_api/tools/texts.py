"""Texts that come from outside and go into columns."""


def shorten(text, size):
    """:return: the beginning, without what PostgreSQL cannot store"""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:size]
