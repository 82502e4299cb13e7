"""Moments, days and labels in the words and the zone of whoever reads them."""

from babel import dates

from odoo.tools import babel_locale_parse, format_date, format_datetime, get_lang


def format_moment(env, moment, tz=False):
    """A moment in the user's language and zone, for a sentence.

    :param moment: naive UTC
    :param tz: name of another zone than the user's
    """
    return format_datetime(env, moment, tz, "EEE d MMM yyyy, HH:mm")


def say_moment(env, moment):
    """A moment on the user's clock, which is named: other times on the screen may be of other
    clocks (U16).

    :param moment: naive UTC
    """
    zone = env.user.tz or "UTC"
    return f"{format_moment(env, moment, zone)} ({zone})"


def format_day(env, moment):
    """The day of a moment or date, for a sentence."""
    return format_date(env, moment)


def get_day_names(env):
    """Short names of the days of the week in the user's language, Monday first."""
    locale = babel_locale_parse(get_lang(env).code)
    names = dates.get_day_names("abbreviated", "stand-alone", locale)
    return [names[weekday] for weekday in range(7)]


def get_label(env, model, field, value):
    """What people call a value of a selection field; the value itself where it has no label."""
    labels = dict(env[model]._fields[field]._description_selection(env))
    return labels.get(value, value or "")
