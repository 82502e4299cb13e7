from datetime import datetime, timedelta
from typing import NamedTuple

from markupsafe import Markup, escape

from odoo import fields, models
from odoo.tools import SQL

from ..tools.note import describe_duration, fill
from odoo.addons.ecm_campaign.formatting import format_moment

# Values that a note says of a result.
QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_activity_quick_update": True,
}


class Told(NamedTuple):
    """A result, as notes tell it."""

    attempt_id: int
    company_id: int
    campaign_id: int
    outcome_id: int | None
    business_outcome_id: int | None
    wrap_up: str | None
    agent: str | None
    number: str | None
    called_at: datetime
    duration_seconds: int | None
    first_name: str | None
    last_name: str | None
    place: int


class EcmWritebackApply(models.AbstractModel):
    """How a rule writes many results at once (requirement R2): messages and activities in one call
    each, what is the same for all records in one write.
    """

    _name = "ecm.writeback.apply.mixin"
    _description = "Writing Results Back"

    def _needs_no_record(self):
        """Whether the rule does something without a lead or customer."""
        return bool(self.phone_quality)

    def _apply(self, pairs):
        """Write results on their records.

        :param pairs: list of ``(attempt id, record id or None)``; each record once
        :raise Exception: whatever an app says of a record
        """
        self.ensure_one()
        results = self._read_results([attempt_id for attempt_id, _record_id in pairs])
        self._note_quality(results.values())
        model = self.env[self._get_target_model()].with_company(self.company_id)
        told = {record: results[attempt] for attempt, record in pairs if attempt in results}
        # A record may be gone, or of another company, which rules never reach.
        records = model.with_context(active_test=False, **QUIET).browse(filter(None, told)).exists()
        records = records.filtered(lambda one: one.company_id <= self.company_id)
        if not records:
            return
        words = {record.id: self._get_words(told[record.id]) for record in records}
        changes = self._write_values(records)
        self._post_notes(records, words, changes)
        self._plan_activities(records, told, words)
        self._send_templates(records)
        self._run_action(records)

    def _read_results(self, attempt_ids):
        """:return: ``{attempt id: Told}``"""
        query = SQL(
            """SELECT a.id, a.company_id, a.campaign_id, a.outcome_id, a.business_outcome_id,
                      a.wrap_up, a.agent, a.number, COALESCE(a.called_at, a.claimed_at),
                      a.duration_seconds, c.first_name, c.last_name,
                      (SELECT count(*) FROM ecm_attempt e
                        WHERE e.contact_id = a.contact_id AND e.id <= a.id)
                 FROM ecm_attempt a JOIN ecm_contact c ON c.id = a.contact_id
                WHERE a.id = ANY(%s)""",
            list(attempt_ids),
        )
        rows = [Told(*row) for row in self.env.execute_query(query)]
        return {row.attempt_id: row for row in rows}

    # -- texts ------------------------------------------------------------------------------------

    def _get_words(self, told):
        """What stands for the placeholders, in the company's language.

        :param told: `Told`
        """
        wrap_ups = self.env["ecm.business.outcome"].browse(told.business_outcome_id or ())
        return {
            "campaign": self.env["ecm.campaign"].browse(told.campaign_id).name,
            "outcome": self.env["ecm.outcome"].browse(told.outcome_id or ()).name,
            "wrap_up": wrap_ups.name or told.wrap_up,
            "agent": told.agent,
            "number": told.number,
            "called_at": format_moment(self.env, told.called_at, self._get_zone(told)),
            "duration": describe_duration(told.duration_seconds),
            "attempt": str(told.place),
            "first_name": told.first_name,
            "last_name": told.last_name,
        }

    def _get_zone(self, told):
        return self.env["ecm.campaign"].browse(told.campaign_id).tz or "UTC"

    # -- on the record ----------------------------------------------------------------------------

    def _get_common_values(self):
        """What the rule writes on every record."""
        values = {line._get_field().name: line._read_value() for line in self.value_ids}
        if self.user_id:
            values["user_id"] = self.user_id.id
        if self.target == "partner":
            if self.category_ids:
                values["category_id"] = [(4, category.id) for category in self.category_ids]
            return values
        if self.team_id:
            values["team_id"] = self.team_id.id
        if self.tag_ids:
            values["tag_ids"] = [(4, tag.id) for tag in self.tag_ids]
        return values

    def _write_values(self, records):
        """Write what is the same for all; stages apart, for those that may change.

        :return: ``{record id: (old stage, new stage)}`` for the history
        """
        values = self._get_common_values()
        if values:
            records.write(values)
        if self.target == "partner":
            return {}
        changes = self._write_stage(records) if self.stage_id else {}
        if self.is_lost:
            reason = {"lost_reason_id": self.lost_reason_id.id} if self.lost_reason_id else {}
            open_leads = records.filtered(lambda lead: lead.active and not lead.stage_id.is_won)
            if open_leads:
                open_leads.action_set_lost(**reason)
        return changes

    def _write_stage(self, leads):
        """:return: see `_write_values`"""
        stage = self.stage_id
        moving = leads.filtered(lambda lead: self._may_move(lead.stage_id))
        changes = {lead.id: (lead.stage_id, stage) for lead in moving}
        if moving:
            moving.write({"stage_id": stage.id})
        return changes

    def _may_move(self, stage):
        """Whether a lead may leave a stage for the rule's."""
        if stage == self.stage_id:
            return False
        is_later = (stage.sequence, stage.id) > (self.stage_id.sequence, self.stage_id.id)
        return self.may_go_back or not (stage.is_won or is_later)

    def _note_quality(self, results):
        """:param results: `Told` of whatever records, or of none"""
        if not self.phone_quality:
            return
        numbers = {told.number for told in results}
        quality = self.env["ecm.phone.quality"].sudo()
        quality._note(self.company_id.id, numbers, self.phone_quality)

    # -- history ----------------------------------------------------------------------------------

    def _post_notes(self, records, words, changes):
        """One message for each record: the note, with the stage's change as Odoo tracks it."""
        author = self.env.ref("base.partner_root")
        note_type = self.env.ref("mail.mt_note")
        stage_field = self.env["ir.model.fields"]._get("crm.lead", "stage_id")
        shared = {
            "model": records._name,
            "message_type": "notification",
            "subtype_id": note_type.id,
            "author_id": author.id,
            "email_from": author.email_formatted,
            "reply_to": author.email_formatted,
            "is_internal": True,
        }
        vals_list = []
        for record in records:
            body = self._get_note(words[record.id]) if self.note else ""
            tracked = _get_tracked(stage_field, *changes.get(record.id, (None, None)))
            if not (body or tracked):
                continue
            vals_list.append(
                {**shared, "res_id": record.id, "body": body, "tracking_value_ids": tracked}
            )
        self.env["mail.message"].sudo().create(vals_list)

    def _get_note(self, words):
        """:rtype: Markup"""
        lines = fill(self.note, words).splitlines()
        return Markup("<p>%s</p>") % Markup("<br>").join(escape(line) for line in lines)

    def _plan_activities(self, records, told, words):
        """One call for all of them: Odoo subscribes the assigned, and sends no e-mail for each."""
        if not self.activity_type_id:
            return
        deadline = fields.Date.context_today(self) + timedelta(days=self.activity_days)
        model_id = self.env["ir.model"]._get_id(records._name)
        vals_list = []
        for record in records:
            vals_list.append(
                {
                    "res_model_id": model_id,
                    "res_id": record.id,
                    "activity_type_id": self.activity_type_id.id,
                    "summary": fill(self.activity_summary or "", words[record.id]) or False,
                    "date_deadline": deadline,
                    "user_id": self._get_assignee(record, told[record.id]).id,
                    "automated": True,
                }
            )
        self.env["mail.activity"].sudo().with_context(**QUIET).create(vals_list)

    def _get_assignee(self, record, told):
        """Who gets the activity; where nobody is named, who is responsible for the campaign."""
        if self.activity_assignee == "user":
            return self.activity_user_id
        responsible = self.env["ecm.campaign"].browse(told.campaign_id).user_id
        if self.activity_assignee == "responsible":
            return responsible or record.user_id
        return record.user_id or responsible

    # -- out of the database ----------------------------------------------------------------------

    def _send_templates(self, records):
        """Queued with this transaction, and sent by Odoo's own queues after it: once."""
        if self.mail_template_id:
            self.mail_template_id.sudo().send_mail_batch(records.ids, force_send=False)
        if self.sms_template_id:
            composer = self.env["sms.composer"].sudo().with_company(self.company_id)
            composer.create(
                {
                    "res_model": records._name,
                    "res_ids": str(records.ids),
                    "composition_mode": "mass",
                    "template_id": self.sms_template_id.id,
                    "mass_keep_log": True,
                    "mass_force_send": False,
                }
            ).action_send_sms()

    def _run_action(self, records):
        """A server action runs with all rights on all of them."""
        action = self.sudo().server_action_id
        if action:
            context = {"active_model": records._name, "active_ids": records.ids}
            action.with_context(**context, active_id=records[:1].id).run()


def _get_tracked(field, old, new):
    """A stage's change, as Odoo's history shows it.

    :param field: of ``ir.model.fields``
    :return: commands for ``tracking_value_ids``
    """
    if not new:
        return []
    values = {
        "field_id": field.id,
        "old_value_integer": old.id,
        "old_value_char": old.name or "",
        "new_value_integer": new.id,
        "new_value_char": new.name,
    }
    return [(0, 0, values)]
