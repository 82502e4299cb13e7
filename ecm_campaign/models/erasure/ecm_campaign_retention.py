from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL, split_every

from ...tools.turn import Turn

# Contacts of one transaction, and of one look at the campaign.
ERASED_AT_ONCE = 5000
FOUND_AT_ONCE = 50_000


class EcmCampaignRetention(models.AbstractModel):
    """How long a campaign keeps what it knows of people (requirement N6).

    First contacts are made anonymous: that somebody was called, when and what came of it stays as
    evidence. Later the evidence goes as well.
    """

    _name = "ecm.campaign.retention.mixin"
    _description = "Retention of a Campaign"
    _inherit = ["ecm.transaction.mixin"]

    erase_days = fields.Integer(
        "Make anonymous after (days)",
        help="So many days after the campaign's end, and after a contact was closed, its numbers, "
        "names and parameters are erased; attempts stay without them. 0: never.",
    )
    delete_days = fields.Integer(
        "Delete after (days)",
        help="So many days after the campaign's end, and after a contact was closed, it is deleted "
        "with its attempts, which are no evidence any more. 0: never.",
    )
    archives_erased = fields.Boolean(
        "Archive it then",
        help="A stopped campaign that has ended is archived when nothing personal is left in it.",
    )
    erased_at = fields.Datetime(
        "Anonymous since", readonly=True, copy=False, help="Nothing personal is left in it."
    )

    _erase_days_positive = models.Constraint(
        "CHECK(erase_days >= 0 AND delete_days >= 0)", "Days of retention are a number, or 0."
    )
    _delete_after_erase = models.Constraint(
        "CHECK(delete_days = 0 OR delete_days >= erase_days)",
        "Contacts are deleted after they were made anonymous, not before.",
    )

    @api.model
    def _cron_keep_retention(self):
        """Erase and delete what is due, a part a transaction; the rest comes in the next turn."""
        turn = Turn()
        due = ["|", ("erase_days", ">", 0), ("delete_days", ">", 0)]
        campaigns = self.sudo().with_context(active_test=False).search(due)
        for campaign in campaigns:
            if not campaign._keep_retention(turn):
                self._trigger_next_run()
                break

    def _keep_retention(self, turn):
        """:return: whether nothing is left to do now"""
        now = fields.Datetime.now()
        steps = (
            (self.erase_days, "AND c.erased_at IS NULL", "retention"),
            (self.delete_days, "", "deletion"),
        )
        for days, left, source in steps:
            limit = now - timedelta(days=days)
            if not days or (self.date_end and self.date_end > limit):
                continue
            while ids := self._find_outdated(limit, SQL(left)):
                for part in split_every(ERASED_AT_ONCE, ids, list):
                    self._atomically(partial(self._end_part, part, source))
                    if not turn.goes_on():
                        return False
        self._atomically(self._note_erased)
        return True

    def _find_outdated(self, limit, left):
        """Contacts that were closed before (index ``_campaign_state``).

        :param SQL left: which of them still say something
        """
        # The statement reads the table, past what the cache holds.
        self.env["ecm.contact"].flush_model()
        closed = [code for code, _label in self.env["ecm.contact"]._get_closing_states()]
        query = SQL(
            """SELECT c.id FROM ecm_contact c
                WHERE c.campaign_id = %s AND c.state = ANY(%s) AND c.closed_at < %s %s LIMIT %s""",
            self.id,
            closed,
            limit,
            left,
            FOUND_AT_ONCE,
        )
        return [contact_id for (contact_id,) in self.env.execute_query(query)]

    def _end_part(self, ids, source):
        """Erase or delete, and write down how many, in one transaction."""
        contacts = self.env["ecm.contact"].sudo()
        counts = contacts._erase_ids(ids)
        if source == "deletion":
            counts = contacts._delete_ids(ids)
        self._add_to_report(source, counts)

    def _add_to_report(self, source, counts):
        """One report a day is enough: a campaign of millions takes many parts."""
        erasures = self.env["ecm.erasure"].sudo()
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        domain = [("campaign_id", "=", self.id), ("source", "=", source)]
        report = erasures.search([*domain, ("erased_at", ">=", today)], limit=1)
        if not report:
            erasures._report(self.company_id, source, counts, campaign=self)
            return
        lines = {line.model: line for line in report.line_ids}
        for model, count in counts.items():
            if model in lines:
                lines[model].count += count
            elif count:
                report.line_ids.create({"erasure_id": report.id, "model": model, "count": count})

    def _note_erased(self):
        """A campaign that is over, and in which nothing personal is left, says so."""
        is_over = not self.is_running and self._is_over(fields.Datetime.now())
        if not self.erase_days or not is_over or self._has_personal_data():
            if self.erased_at:
                self.erased_at = False
            return
        if not self.erased_at:
            self.erased_at = fields.Datetime.now()
        if self.archives_erased and self.active:
            self.action_archive()

    def _has_personal_data(self):
        query = SQL(
            "SELECT 1 FROM ecm_contact WHERE campaign_id = %s AND erased_at IS NULL LIMIT 1",
            self.id,
        )
        return bool(self.env.execute_query(query))
