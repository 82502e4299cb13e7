from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import states
from .ecm_contact import MAKES_CALLBACKS
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.turn import Turn

# So many are handed over, or looked after, in one transaction.
BATCH = 200
# One that was missed so often is given up.
MOST_MISSES = 3
# Before whom else waits in the campaign.
PRIORITY = 100


class EcmCallbackSchedule(models.AbstractModel):
    """*Callbacks*, each minute (requirement B3): what is due becomes a contact of the callback
    campaign, in one transaction with its state, so that a crash loses none and makes none twice. The
    feeder does the rest, first come first: callbacks have campaigns of their own.
    """

    _name = "ecm.callback.schedule.mixin"
    _description = "Scheduler of Callbacks"

    @api.model
    def _cron_schedule(self):
        """Follow the contacts, hand over what is due, look after what was missed."""
        if not self.env["ecm.database.identity"]._may_call():
            return
        # A batch a transaction; what was settled is not found again.
        turn = Turn()
        while self._atomically(self._follow) and turn.goes_on():
            reach("callback.followed")
        turn = Turn()
        while self._atomically(self._look_after_missed) and turn.goes_on():
            reach("callback.settled")
        turn = Turn()
        while self._atomically(self._hand_over_due) and turn.goes_on():
            reach("callback.handed_over")
        self.env["ecm.contact"].invalidate_model()

    # -- due --------------------------------------------------------------------------------------

    @api.model
    def _hand_over_due(self):
        """A batch of those that are due: each has a contact afterwards, or another time.

        :return: how many were looked at
        """
        now = fields.Datetime.now()
        due = self._lock_due(now)
        by_agent_away = due.filtered(lambda callback: callback._is_agent_away(now))
        for callback in by_agent_away:
            callback._replace_agent(now)
        self._make_contacts(due.filtered(lambda callback: callback._is_due(now)), now)
        return len(due)

    def _lock_due(self, now):
        """:return: callbacks, earliest first; those that another server looks at are left out"""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """SELECT id FROM ecm_callback
                    WHERE state = 'scheduled' AND contact_id IS NULL AND hand_over_at <= %s
                 ORDER BY hand_over_at, id LIMIT %s
                      FOR UPDATE SKIP LOCKED""",
                now,
                BATCH,
            )
        )
        due = self.sudo().browse([id_ for (id_,) in self.env.cr.fetchall()])
        due.invalidate_recordset()
        return due

    def _is_due(self, now):
        return self.state == states.SCHEDULED and self.hand_over_at <= now

    def _is_agent_away(self, now):
        """Whether the agent of a personal callback has leave when it is due."""
        if self.kind != "personal" or not self.agent_id:
            return False
        return not self.agent_id._get_hours(now).opening(max(self.due_at, now)).is_open

    def _replace_agent(self, now):
        """The skill takes what its agent cannot, or it waits for the agent (requirement B5)."""
        if self.skill_id.away_policy == "wait" and self._postpone(now):
            return
        self._note({"kind": "normal"})
        self._end_activities()
        self._log_change(
            self.env._("%s is away: any agent of the skill calls.", self.agent_id.name)
        )

    def _make_contacts(self, due, now):
        """The contacts that the feeder sends; callback and contact are written together."""
        if not due:
            return
        values = [callback._prepare_contact(now) for callback in due]
        makes = self.env["ecm.contact"].sudo().with_context(**{MAKES_CALLBACKS: True})
        contacts = makes.create(values)
        for callback, contact in zip(due, contacts, strict=True):
            callback._note(
                {
                    "state": states.follow(callback.state, "queue"),
                    "contact_id": contact.id,
                    "contact_state": contact.state,
                    "next_attempt_at": contact.next_attempt_at,
                }
            )

    def _prepare_contact(self, now):
        """:return: values of an ``ecm.contact``: a callback by the engine's own words"""
        origin = self.origin_contact_id.exists()
        agent = self.agent if self.kind == "personal" else False
        return {
            "campaign_id": self.campaign_id.id,
            "phone_1": self.number,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "account_number": self.account_number,
            "email": self.email,
            "tz": self.tz,
            "region": origin.region,
            "zip": origin.zip,
            "consent_on": origin.consent_on,
            "consent_source": origin.consent_source,
            "priority": PRIORITY,
            "business_parameters": self._get_parameters(origin),
            "callback": "personal" if agent else "normal",
            "callback_agent": agent,
            "callback_since": self.asked_at,
            "callback_due": self.due_at,
            "due_at": self.hand_over_at,
        }

    def _get_parameters(self, origin):
        """Business parameters that both campaigns have, as the customer's contact has them."""
        if not origin:
            return {}
        known = {item["name"] for item in self.campaign_id.parameters_definition or ()}
        given = origin.business_parameters or {}
        return {name: value for name, value in dict(given).items() if name in known}

    @api.model
    def _get_queued_campaigns(self):
        """Campaigns in which due callbacks wait for the dialer.

        :rtype: ecm.campaign
        """
        self.env.flush_all()
        self.env.cr.execute("SELECT DISTINCT campaign_id FROM ecm_callback WHERE state = 'queued'")
        return self.env["ecm.campaign"].browse([id_ for (id_,) in self.env.cr.fetchall() if id_])

    # -- missed -----------------------------------------------------------------------------------

    @api.model
    def _look_after_missed(self):
        """What was not called in its window gets another time, or is given up (requirement B5).

        :return: how many were settled
        """
        now = fields.Datetime.now()
        missed = self._lock_missed(now)
        settled = 0
        for callback in missed:
            settled += bool(callback._settle_missed(now))
        return settled

    def _lock_missed(self, now):
        """:return: callbacks that nobody has called, whose skills do not call all the same"""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """SELECT b.id FROM ecm_callback b JOIN ecm_callback_skill s ON s.id = b.skill_id
                    WHERE b.state IN ('scheduled', 'queued') AND b.called_at IS NULL
                      AND COALESCE(b.attempt_count, 0) = 0 AND s.missed_policy <> 'call'
                      AND b.promised_at <= %(now)s
                      AND b.due_at <= %(now)s - make_interval(mins => s.missed_minutes)
                 ORDER BY b.due_at LIMIT %(limit)s
                      FOR UPDATE OF b SKIP LOCKED""",
                now=now,
                limit=BATCH,
            )
        )
        missed = self.sudo().browse([id_ for (id_,) in self.env.cr.fetchall()])
        missed.invalidate_recordset()
        return missed

    def _settle_missed(self, now):
        """:return: whether something was done; what is at the dialer by now is left alone"""
        self._lock()
        if self.state not in (states.SCHEDULED, states.QUEUED) or self.attempt_count:
            return False
        self._note({"miss_count": self.miss_count + 1})
        is_last = self.skill_id.missed_policy == "give_up" or self.miss_count >= MOST_MISSES
        if not is_last and self._postpone(now):
            return True
        self._give_up()
        return True

    def _give_up(self):
        """Nobody calls any more, and somebody is told."""
        reason = self.env._("Callback missed")
        self.contact_id.filtered("is_open").action_withdraw(reason)
        self._close("miss")
        user = self.user_id or self.campaign_id.user_id or self.create_uid
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Missed callback: %s", self.display_title),
            user_id=user.id,
        )

    def _postpone(self, now):
        """The next free slot; what the customer was told stays known.

        :return: whether there is one
        """
        promise = self._make_promise({"due_at": now})
        terms = self._get_terms(promise, now)
        slots = [slot for slot in self._offer_slots(promise, terms) if slot > now]
        if not slots:
            return False
        self._note({"due_at": slots[0], "seat": False, "agent_seat": False})
        self._note({"state": states.follow(self.state, "move")})
        self._take_seats(0, 0, 0)
        self._move_contact(now)
        self._plan_activity()
        return True

    def _log_change(self, text):
        self.message_post(body=text)
