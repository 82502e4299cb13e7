from odoo import models
from odoo.exceptions import ValidationError

from ...tools.day_windows import parse_windows, write_windows


class EcmDayWindowsMixin(models.AbstractModel):
    """Hours of days as texts that people write: ``09:00–13:00, 14:00–20:00`` (requirement C4).

    The models name the fields of their days, and may have one for several days.
    """

    _name = "ecm.day.windows.mixin"
    _description = "Hours of Days as Texts"

    def _show_windows(self, days):
        """Show what was understood; for onchange methods.

        :param days: names of fields
        """
        for day in days:
            try:
                self[day] = write_windows(parse_windows(self[day]))
            except ValueError:
                # Said when it is saved: a text half written is no error yet.
                continue

    def _store_windows(self, vals, days):
        """Write texts into the values of a create or write as they are shown."""
        for day in set(days).intersection(vals):
            vals[day] = write_windows(self._parse_windows(vals[day])) or False

    def _get_week(self, days):
        """:param days: the field of each day, Monday first
        :return: ``(weekday, from, to)`` as ``WeeklyHours.of`` takes them
        :raise ValidationError: a text that is no hours, with how to write it
        """
        self.ensure_one()
        windows = []
        for weekday, day in enumerate(days):
            for start, end in self._parse_windows(self[day]):
                windows.append((weekday, start, end))
        return windows

    def _parse_windows(self, text):
        try:
            return parse_windows(text)
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "“%s” is not from one time to another. Write 09:00–20:00, or several with "
                    "commas: 09:00–13:00, 14:00–20:00. Empty: closed.",
                    error,
                )
            ) from error
