"""A code that somebody reads from one screen and types into another."""

from __future__ import annotations

# Without those that look alike: 0 and O, 1, I and L.
CHARACTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 10


def show(code: str) -> str:
    """In two parts, which are easier to read.

    >>> show("ABCDE23456")
    'ABCDE-23456'
    """
    half = LENGTH // 2
    return f"{code[:half]}-{code[half:]}"


def clean(typed: str) -> str:
    """As it was made, however it was typed.

    >>> clean(" abcde 23456")
    'ABCDE23456'
    """
    return "".join(sign for sign in typed.upper() if sign.isalnum())
