from odoo import api, models
from odoo.tools import SQL

from odoo.addons.ecm_campaign.actions import open_form, open_window

# The context in which a callback's contact is made: its number may be known already.
MAKES_CALLBACKS = "ecm_makes_callbacks"


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    @api.model
    def _refuse_known(self, vals_list):
        """Who was called before may be called back: the requests know their duplicates."""
        if self.env.su and self.env.context.get(MAKES_CALLBACKS):
            return
        super()._refuse_known(vals_list)

    def unlink(self):
        """Callbacks are left without their contact: those that are open are closed."""
        ids = self.ids
        result = super().unlink()
        self.env["ecm.callback"].sudo()._forget_contacts(ids)
        return result

    @api.model
    def _erase_linked(self, contact_ids):
        """With a contact go its callbacks, and what it has asked for (N6)."""
        counts = super()._erase_linked(contact_ids)
        callbacks = self.env["ecm.callback"].sudo()
        domain = ["|", ("contact_id", "in", contact_ids), ("origin_contact_id", "in", contact_ids)]
        found = callbacks.search(domain)
        return counts | found._erase_ids(found.ids)

    def action_ecm_callback(self):
        """Ask for a callback of this customer (requirement B1)."""
        self.ensure_one()
        context = {
            "default_origin_contact_id": self.id,
            "default_number": self.number_to_call or self.phone_1,
            "default_first_name": self.first_name,
            "default_last_name": self.last_name,
            "default_account_number": self.account_number,
            "default_email": self.email,
            "default_tz": self.tz,
            "default_skill_id": self.campaign_id.sudo().callback_skill_id.id,
        }
        return open_form(self.env["ecm.callback"], context=context)

    def action_view_callbacks(self):
        """The callbacks of this customer."""
        self.ensure_one()
        domain = ["|", ("contact_id", "=", self.id), ("origin_contact_id", "=", self.id)]
        return open_window(self.env, "ecm_callback.ecm_callback_action", domain=domain, context={})

    def _move_callback(self, at, hand_over_at, now, agent):
        """Have a pending contact called at another time, or by another agent: it begins anew
        (requirement B7).

        One that a feeder claims at the same moment fails here with a serialization error, and the
        request is tried again, as every one of Odoo's.

        :param at: when the customer wants the call, naive UTC
        :param hand_over_at: when the dialer gets it, likewise
        :param agent: whose personal callback it is; None for anybody's
        :return: whether it was still pending
        """
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET callback = %(kind)s, callback_agent = %(agent)s,
                          callback_since = %(now)s, callback_due = %(at)s,
                          due_at = %(hand_over_at)s, next_position = 1, cycle = 1,
                          attempt_count = 0, uncounted_count = 0,
                          is_ready = %(hand_over_at)s <= %(now)s
                                     AND block_reason IS DISTINCT FROM 'list_stopped',
                          next_attempt_at = CASE WHEN block_reason = 'list_stopped' THEN NULL
                                                 ELSE %(hand_over_at)s END,
                          resume_at = CASE WHEN block_reason = 'list_stopped' THEN %(hand_over_at)s
                                           ELSE resume_at END,
                          block_detail = CASE WHEN block_reason = 'list_stopped' THEN block_detail
                                         END,
                          block_reason = CASE WHEN block_reason = 'list_stopped' THEN block_reason
                                         END
                    WHERE id = %(id)s AND state = 'pending'""",
                id=self.id,
                kind="personal" if agent else "normal",
                agent=agent,
                at=at,
                hand_over_at=hand_over_at,
                now=now,
            )
        )
        is_moved = bool(self.env.cr.rowcount)
        self.invalidate_recordset()
        self.campaign_id.filtered("is_running")._trigger_feed()
        return is_moved
