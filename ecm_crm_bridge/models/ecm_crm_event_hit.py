from odoo import fields, models


class EcmCrmEventHit(models.Model):
    """A record that matches an event's condition: it has happened, and does not happen again while
    it does.
    """

    _name = "ecm.crm.event.hit"
    _description = "Record of a Business Event"
    _log_access = False

    event_id = fields.Many2one("ecm.crm.event", required=True, ondelete="cascade")
    record_id = fields.Integer(required=True)
    matched_at = fields.Datetime(required=True)

    _once = models.UniqueIndex("(event_id, record_id)")
