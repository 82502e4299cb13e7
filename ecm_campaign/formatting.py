"""Moments, days and labels in the words and the zone of whoever reads them."""

from odoo.tools import format_date, format_datetime


def format_moment(env, moment, tz=False):
    """A moment in the user's language and zone, for a sentence.

    :param moment: naive UTC
    :param tz: name of another zone than the user's
    """
    return format_datetime(env, moment, tz, "EEE d MMM yyyy, HH:mm")


def format_day(env, moment):
    """The day of a moment or date, for a sentence."""
    return format_date(env, moment)


def get_label(env, model, field, value):
    """What people call a value of a selection field; the value itself where it has no label."""
    labels = dict(env[model]._fields[field]._description_selection(env))
    return labels.get(value, value or "")
