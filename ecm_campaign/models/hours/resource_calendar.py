from odoo import api, models

# What says when a calendar is open.
OPENINGS = {"attendance_ids", "leave_ids", "tz", "two_weeks_calendar", "flexible_hours"}


class ResourceCalendar(models.Model):
    """Whoever changes the hours of a campaign, on whatever screen: its contacts that wait for them
    are looked at again.
    """

    _inherit = "resource.calendar"

    def write(self, vals):
        result = super().write(vals)
        if OPENINGS.intersection(vals):
            self.env["ecm.campaign"]._note_changed_calendars(self.ids)
        return result


class ResourceCalendarLeaves(models.Model):
    """Likewise for closed days, of one calendar or of all."""

    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._note_changed_calendars()
        return leaves

    def write(self, vals):
        self._note_changed_calendars()
        result = super().write(vals)
        self._note_changed_calendars()
        return result

    def unlink(self):
        self._note_changed_calendars()
        return super().unlink()

    def _note_changed_calendars(self):
        # The holidays of employees are many, and none of ours.
        general = self.filtered(lambda leave: not leave.resource_id)
        if general:
            ids = general.calendar_id.ids
            if not all(general.mapped("calendar_id.id")):
                ids.append(False)
            self.env["ecm.campaign"]._note_changed_calendars(ids)
