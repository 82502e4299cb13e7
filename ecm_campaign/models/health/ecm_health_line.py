from markupsafe import Markup, escape

from odoo import api, fields, models

from ...actions import notify, open_form, open_window
from ...const import ADMINISTRATOR
from ...tools.health import FAILING, LATE, OFF, OK, ONCE, PROBLEM, STOPPED, WARNING, follow

ACTIVITY = "mail.mail_activity_data_warning"
MINUTE = 60


class EcmHealthLine(models.Model):
    """One thing that has to work, as it was at the last look (requirement R9)."""

    _name = "ecm.health.line"
    _description = "Health"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "rank, kind, name, id"
    # Who sees it may say that it is being looked after.
    _mail_post_access = "read"

    name = fields.Char(readonly=True, required=True)
    kind = fields.Selection(
        lambda self: self.env["ecm.health"]._get_health_kinds(), readonly=True, required=True
    )
    key = fields.Char(readonly=True, required=True)
    res_model = fields.Char("Model of the record", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    state = fields.Selection(
        [(OK, "Works"), (WARNING, "Has failed"), (PROBLEM, "Problem"), (OFF, "Off")],
        "Status",
        readonly=True,
        required=True,
        default=OK,
    )
    reason = fields.Selection(
        [
            (LATE, "It is late"),
            (FAILING, "It fails again and again"),
            (STOPPED, "It was switched off"),
            (ONCE, "It failed"),
        ],
        readonly=True,
    )
    rank = fields.Integer(readonly=True, help="Problems come first.")
    last_success_at = fields.Datetime("Worked last", readonly=True)
    behind_minutes = fields.Integer(
        "Late (min)", readonly=True, help="How long what should have been done waits already."
    )
    backlog = fields.Integer("Waiting", readonly=True, help="What waits for it, up to 10,000.")
    has_backlog = fields.Boolean(readonly=True)
    rate = fields.Integer("Per hour", readonly=True, help="Contacts of the last hour.")
    has_rate = fields.Boolean(readonly=True)
    failures = fields.Integer("Failures in a row", readonly=True)
    last_error = fields.Char("Last problem", readonly=True)
    looked_at = fields.Datetime("Looked at on", readonly=True)
    incident_at = fields.Datetime("Problem since", readonly=True)
    detail = fields.Char("What it means", compute="_compute_detail")
    is_retryable = fields.Boolean(compute="_compute_is_retryable")

    _key_unique = models.UniqueIndex("(key)")

    @api.depends("state", "reason", "behind_minutes", "failures", "last_error")
    def _compute_detail(self):
        for line in self:
            line.detail = line._describe()

    @api.depends("state", "res_id")
    def _compute_is_retryable(self):
        for line in self:
            line.is_retryable = line.state != OFF and bool(line.res_model)

    def _describe(self):
        """Why it is as it is, as a sentence; False while all is well."""
        texts = {
            LATE: self.env._("%(minutes)s minutes late."),
            FAILING: self.env._("Failed %(failures)s times in a row."),
            STOPPED: self.env._(
                "Its scheduled action is switched off. An administrator can switch it on under "
                "Settings, Technical, Scheduled Actions."
            ),
            ONCE: self.env._("Failed %(failures)s times in a row; it is tried again soon."),
        }
        if self.reason not in texts:
            return False
        values = {"minutes": self.behind_minutes, "failures": max(self.failures, 1)}
        following = self.last_error
        # Nothing has failed: what is late was not even tried.
        if self.reason == LATE and not following:
            following = self.env._(
                "Look whether Odoo runs scheduled actions, and enough at a time."
            )
        return " ".join(filter(None, (texts[self.reason] % values, following)))

    # -- looking ----------------------------------------------------------------------------------

    @api.model
    def _note(self, judged):
        """Write down what was seen; what is gone has no line any more.

        :param judged: list of ``(tools.health.Reading, tools.health.Verdict)``
        """
        known = {line.key: line for line in self.search([])}
        new, now = [], fields.Datetime.now()
        for reading, verdict in judged:
            values = self._prepare_values(reading, verdict, now)
            if line := known.pop(reading.key, None):
                line.write(values)
            else:
                new.append(values)
        self.with_context(tracking_disable=True).create(new)
        self.union(*known.values()).unlink()

    def _prepare_values(self, reading, verdict, now):
        return {
            "key": reading.key,
            "name": reading.name,
            "kind": reading.kind,
            "res_model": reading.model,
            "res_id": reading.res_id,
            "company_id": reading.company_id,
            "state": verdict.state,
            "reason": verdict.reason or False,
            "rank": [PROBLEM, WARNING, OK, OFF].index(verdict.state),
            "last_success_at": reading.last_success_at,
            "behind_minutes": int(reading.behind // MINUTE) if reading.is_on else 0,
            "backlog": reading.backlog or 0,
            "has_backlog": reading.backlog is not None,
            "rate": round(reading.rate or 0),
            "has_rate": reading.rate is not None,
            "failures": reading.failures,
            "last_error": reading.error or False,
            "looked_at": now,
        }

    # -- incidents --------------------------------------------------------------------------------

    @api.model
    def _follow(self, judged):
        """Tell once of each incident that begins, and clear what is over.

        :param judged: see `_note`
        """
        lines = {line.key: line for line in self.search([])}
        for reading, verdict in judged:
            # Somebody may have looked in between, and it was gone then.
            line = lines.get(reading.key)
            if not line:
                continue
            step = follow(bool(line.incident_at), verdict)
            if step.begins:
                line._begin_incident(reading.user_ids)
            elif step.ends:
                line._end_incident()

    def _begin_incident(self, user_ids):
        """:param user_ids: whom it concerns beside the administrators"""
        self.ensure_one()
        self.incident_at = fields.Datetime.now()
        self.message_post(body=self.env._("A problem began: %s", self._describe()))
        for user in self._get_people(user_ids):
            line = self.with_context(lang=user.lang)
            line._mail_to(user)
            if line.with_user(user).has_access("read"):
                line._remind(user)

    def _get_people(self, user_ids):
        """Administrators of the line's company, and those whom it concerns; each once."""
        administrators = self.env.ref(ADMINISTRATOR).all_user_ids
        if company := self.company_id:
            administrators = administrators.filtered(lambda user: company in user.company_ids)
        concerned = self.env["res.users"].browse(user_ids)
        return (administrators | concerned).filtered("active")

    def _remind(self, user):
        # What is assigned is told by our own message.
        quiet = self.with_context(mail_activity_quick_update=True)
        quiet.activity_schedule(
            ACTIVITY,
            user_id=user.id,
            summary=self.env._("%s does not work", self.name),
            note=escape(self._describe() or ""),
        )

    def _mail_to(self, user):
        if not user.email:
            return
        address = f"{self.get_base_url()}/odoo/ecm-health/{self.id}"
        body = Markup('<p>%s</p><p><a href="%s">%s</a></p>') % (
            self._describe() or "",
            address,
            self.env._("Open the page Health"),
        )
        self.env["mail.mail"].create(
            {
                "subject": self.env._("%s does not work", self.name),
                "body_html": body,
                "email_from": self.env.company.email_formatted or user.email_formatted,
                "recipient_ids": [(4, user.partner_id.id)],
                "auto_delete": True,
            }
        )

    def _end_incident(self):
        """All is well: what people were reminded of is done."""
        self.ensure_one()
        minutes = int((fields.Datetime.now() - self.incident_at).total_seconds() // MINUTE)
        text = self.env._("It works again, after %s minutes.", minutes)
        if self.state == OFF:
            text = self.env._("It was switched off, after %s minutes.", minutes)
        self.incident_at = False
        self.message_post(body=text)
        self.activity_feedback([ACTIVITY], feedback=text)

    # -- buttons ----------------------------------------------------------------------------------

    @api.model
    def action_open_page(self):
        """The page, as things are at this moment: also where no scheduled job runs."""
        self.check_access("read")
        self.sudo()._note(self.env["ecm.health"]._judge_all())
        return open_window(self.env, "ecm_campaign.ecm_health_line_action")

    def action_open(self):
        """Open the record that it is about."""
        self.ensure_one()
        if not self.res_id:
            return open_form(self)
        return open_form(self.env[self.res_model].browse(self.res_id))

    def action_retry(self):
        """Have it try again at once, rather than when its pause is over."""
        self.check_access("read")
        for line in self:
            record = self.env[line.res_model].sudo().browse(line.res_id or [])
            self.env["ecm.health"].sudo()._retry_reading(line.kind, record)
        return notify(self.env._("It is tried again within a minute."), "info")
