from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.fields import Domain

from ..const import BEAT_SECONDS, CHANNEL, Taker
from odoo.addons.ecm_campaign.formatting import say_moment

# So many of an agent's own callbacks stand at the desk.
CALLBACKS_SHOWN = 20


class EcmCardDesk(models.AbstractModel):
    """The agent's desk: the card in hand, own callbacks, own numbers of today (requirement R7)."""

    _name = "ecm.card.desk.mixin"
    _description = "Desk of an Agent"

    @api.model
    def get_desk(self):
        """All that an agent's desk shows.

        :return: ``{"card": dict or False, "callbacks": list, "today": dict, "teams": list of names,
            "skip_reasons": list, "beat_seconds": int, "notice": str}``
        """
        self.check_access("read")
        user = self.env.user
        card = self._get_in_hand(user)
        # Whoever looks is there.
        if card:
            card.keep()
        reasons = self.env["ecm.skip.reason"].search([])
        return {
            "card": card._get_contents() if card else False,
            "callbacks": self._get_callbacks(user),
            "today": self._get_today(user),
            "teams": self._get_teams(user).mapped("name"),
            "skip_reasons": [{"id": each.id, "name": each.name} for each in reasons],
            "beat_seconds": BEAT_SECONDS,
            "notice": "",
        }

    @api.model
    def request_card(self):
        """Take the next card; who has one in hand keeps it.

        :return: as `get_desk`, with a notice that says why where there is no card
        """
        self.check_access("read")
        user = self.env.user
        engine = self.env["ecm.engine"].sudo()
        self.env["ecm.database.identity"].sudo()._check()
        with engine._exclusively(user) as is_ours:
            # Two windows of one agent ask once.
            if is_ours:
                engine._commit()
                if not self._get_in_hand(user):
                    self._get_teams(user)._take_card(self._make_taker(user))
        desk = self.get_desk()
        return desk if desk["card"] else {**desk, "notice": self._get_empty_text(user)}

    @api.model
    def _make_taker(self, user):
        """:rtype: Taker"""
        return Taker(user.id, user.sudo()._get_agent_name())

    @api.model
    def _get_in_hand(self, user):
        """The card that an agent has in hand, as the agent sees it."""
        return self.env["ecm.card"].search(
            [("user_id", "=", user.id), ("is_in_hand", "=", True)], limit=1
        )

    @api.model
    def _get_teams(self, user):
        """Teams of an agent that have cards, with all rights.

        :return: ``ecm.team`` records
        """
        companies = [*self.env.companies.ids, False]
        domain = [
            ("user_ids", "in", user.ids),
            ("agent_campaign_ids", "!=", False),
            ("company_id", "in", companies),
        ]
        return self.env["ecm.team"].sudo().search(domain)

    # -- own callbacks ----------------------------------------------------------------------------

    @api.model
    def _get_callbacks(self, user):
        """What an agent has promised, the next in front.

        :return: list of ``{"id", "name", "number", "campaign", "at", "is_due"}``
        """
        now, found = fields.Datetime.now(), []
        domain = Domain("callback_agent", "=", user.sudo()._get_agent_name())
        domain &= Domain("callback", "=", "personal") & Domain("state", "=", "pending")
        domain &= Domain("channel", "=", CHANNEL)
        domain &= Domain("campaign_id.agent_team_id", "in", self._get_teams(user).ids)
        contacts = self.env["ecm.contact"].sudo()
        for contact in contacts.search(domain, order="next_attempt_at", limit=CALLBACKS_SHOWN):
            at = contact.next_attempt_at or contact.callback_due
            name = " ".join(filter(None, (contact.first_name, contact.last_name)))
            found.append(
                {
                    "id": contact.id,
                    "name": name or contact.number_to_call,
                    "number": contact.number_to_call,
                    "campaign": contact.campaign_id.name,
                    "at": at and fields.Datetime.to_string(at),
                    "is_due": bool(at and at <= now),
                }
            )
        return found

    # -- own numbers ------------------------------------------------------------------------------

    @api.model
    def _get_today(self, user):
        """How many calls an agent has made since midnight on the agent's clock, and what came of
        them (index ``_ended``).

        :return: ``{"calls", "reached", "success", "skipped", "seconds"}``
        """
        zone = ZoneInfo(user.tz or "UTC")
        midnight = datetime.combine(datetime.now(zone).date(), time(), zone)
        since = midnight.astimezone(UTC).replace(tzinfo=None)
        cards = self.env["ecm.card"].sudo()
        own = Domain("user_id", "=", user.id) & Domain("ended_at", ">=", since)
        done = own & Domain("state", "=", "done")
        [[calls, seconds]] = cards._read_group(done, [], ["__count", "duration_seconds:sum"])
        reached = done & Domain("outcome_id.is_live_voice", "=", True)
        success = done & Domain("business_outcome_id.kind", "=", "success")
        return {
            "calls": calls,
            "reached": cards.search_count(reached),
            "success": cards.search_count(success),
            "skipped": cards.search_count(own & Domain("state", "=", "skipped")),
            "seconds": seconds or 0,
        }

    # -- nothing to do ----------------------------------------------------------------------------

    @api.model
    def _get_empty_text(self, user):
        """Why there is no card, as a sentence."""
        teams = self._get_teams(user)
        if not teams:
            return self.env._(
                "You are in no team that has cards. Ask your supervisor to add you to one."
            )
        campaigns = teams.agent_campaign_ids.filtered("is_running")
        if not campaigns:
            return self.env._("No campaign of your team is running.")
        now = fields.Datetime.now()
        contacts = self.env["ecm.contact"].sudo()
        waiting = [
            ("campaign_id", "in", campaigns.ids),
            ("state", "=", "pending"),
            ("channel", "=", CHANNEL),
            ("is_ready", "=", False),
            ("next_attempt_at", ">", now),
        ]
        if first := contacts.search(waiting, order="next_attempt_at", limit=1):
            moment = say_moment(self.env, first.next_attempt_at)
            return self.env._("No card is due now. The next one may be called on %s.", moment)
        return self.env._("There are no more cards.")
