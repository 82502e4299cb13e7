from dataclasses import replace
from datetime import UTC, timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.moments import from_clock
from odoo.addons.ecm_campaign.formatting import format_moment
from odoo.addons.ecm_campaign.tools.campaign_hours import find_zones
from odoo.addons.ecm_campaign.tools.results import Result
from odoo.addons.ecm_campaign.tools.strategy import NORMAL, PERSONAL, NextAttempt, decide

REACHED = "voice"
# Nobody promises a customer a call in more than a year.
HORIZON = timedelta(days=366)


class EcmCardChoices(models.AbstractModel):
    """How a card is wrapped up: what the agent may say, and what follows (requirements S5, S6)."""

    _name = "ecm.card.choices.mixin"
    _description = "Wrap-up of a Card"

    @api.model
    def _get_choices(self, campaign):
        """What an agent of a campaign may say of a call.

        :return: list of ``{"code", "name", "kind", "asks_callback"}``: wrap-ups first, whose code
            begins with ``wrap_up:``
        """
        choices, wrap_ups = [], campaign.business_outcome_group_id.sudo().outcome_ids.sorted()
        asks_callback = any(wrap_ups.mapped("asks_callback"))
        for wrap_up in wrap_ups:
            choices.append(
                {
                    "code": f"wrap_up:{wrap_up.id}",
                    "name": wrap_up.name,
                    "kind": "refused" if wrap_up.suppresses else wrap_up.kind,
                    "asks_callback": wrap_up.asks_callback,
                }
            )
        offered = [("for_agents", "=", True)]
        for outcome in self.env["ecm.outcome"].sudo().search(offered):
            # Where there are wrap-ups, these say what a conversation came to.
            is_said = wrap_ups and outcome.is_live_voice
            if is_said or (asks_callback and outcome.asks_callback):
                continue
            choices.append(
                {
                    "code": f"outcome:{outcome.id}",
                    "name": outcome.name,
                    "kind": outcome.category,
                    "asks_callback": outcome.asks_callback,
                }
            )
        return choices

    def wrap_up(self, choice, duration_seconds=0, note="", callback_at="", is_personal=True):
        """Say what came of the call: the strategy goes on as it does with results of a dialer.

        A card that went back to the queue because the browser was not heard of counts all the same
        where nobody else has its contact.

        :param str choice: a code of `_get_choices`
        :param int duration_seconds: as the agent's screen has counted
        :param str note: for whoever calls next
        :param str callback_at: ``YYYY-MM-DDTHH:MM`` on the customer's clock, where the customer
            wants to be called back
        :param bool is_personal: the agent wants to make that call
        :return: as ``get_desk``
        :raise UserError: nothing was stored, and why
        """
        card = self._check_own()
        card._lock_own()
        if card.state == "expired":
            card = card._take_again()
        card._check_in_hand()
        said = card._read_choice(choice)
        wish = card._read_wish(callback_at) if said["asks_callback"] else None
        result = card._make_result(said, duration_seconds, wish)
        choose = partial(_decide_at_wish, wish, is_personal)
        self.env["ecm.engine"].sudo()._apply_results([result], choose)
        card._note_done(said, result, note)
        return {**self.get_desk(), "notice": card._get_broken_promise(wish)}

    def _take_again(self):
        """Claim the contact of an expired card once more, through every gate: for its own agent,
        who has called without a word to us.

        :return: the new card
        :raise UserError: somebody else has it, or it may not be called
        """
        contact = self.contact_id
        if contact.state == "pending" and not self._get_in_hand(self.user_id):
            taker = self._make_taker(self.user_id)._replace(only=(contact.id,))
            self.env["ecm.contact"]._make_ready([contact.id], fields.Datetime.now())
            if self.team_id._claim_card(taker):
                return self._get_in_hand(self.user_id)
        raise UserError(
            self.env._(
                "Nothing was stored: your browser was not heard of for two minutes, the card went "
                "back to the queue, and %s is in another hand or may not be called now. Tell your "
                "supervisor what the call came to.",
                self.display_name,
            )
        )

    def _read_choice(self, code):
        """:return: ``{"outcome", "wrap_up", "asks_callback"}``, records
        :raise UserError: it is none of the campaign's
        """
        known = {choice["code"]: choice for choice in self._get_choices(self.campaign_id)}
        if code not in known:
            raise UserError(self.env._("Choose what the call came to."))
        kind, _colon, record_id = code.partition(":")
        outcomes = self.env["ecm.outcome"].sudo()
        wrap_ups = self.env["ecm.business.outcome"].sudo()
        if kind == "wrap_up":
            outcome = outcomes.search([("code", "=", REACHED)], limit=1)
            wrap_up = wrap_ups.browse(int(record_id))
        else:
            outcome, wrap_up = outcomes.browse(int(record_id)), wrap_ups
        asks = known[code]["asks_callback"]
        return {"outcome": outcome, "wrap_up": wrap_up, "asks_callback": asks}

    def _read_wish(self, text):
        """When the customer wants to be called back.

        :param str text: on the customer's clock
        :return: naive UTC
        :raise UserError: not a time at which the customer may be called
        """
        now = fields.Datetime.now()
        try:
            at = from_clock(text or "", self._get_zone())
        except ValueError as error:
            raise UserError(self.env._("Choose the day and the time of the callback.")) from error
        if at < now:
            raise UserError(self.env._("The time of the callback is over. Choose a later one."))
        if at > now + HORIZON:
            raise UserError(self.env._("The callback is more than a year away."))
        opening = self._get_opening(at)
        if not opening.is_open:
            sentence = self.env._("The customer may not be called at that time.")
            if opening.opens_at:
                following = format_moment(self.env, opening.opens_at, self._get_zone())
                sentence = self.env._(
                    "%(reason)s The next time is %(following)s on the customer's clock.",
                    reason=sentence,
                    following=following,
                )
            raise UserError(sentence)
        return at

    def _get_zone(self):
        """The customer's time zone, as far as it is known."""
        campaign = self.campaign_id.sudo()
        return find_zones(self.contact_id.tz, self.number or "", campaign.tz)[0]

    def _make_result(self, said, duration_seconds, wish):
        """:rtype: tools.results.Result"""
        now = fields.Datetime.now()
        called_at = self.called_at or now
        # A screen may count wrongly: nobody has talked longer than since the call.
        longest = int((now - called_at).total_seconds())
        duration = min(max(int(duration_seconds or 0), 0), longest)
        return Result(
            self.key,
            said["outcome"].code,
            called_at=called_at,
            agent=self.user_id._get_agent_name(),
            duration_seconds=duration,
            wrap_up=said["wrap_up"].code or None,
            callback_at=wish,
        )

    def _note_done(self, said, result, note):
        self.write(
            {
                "state": "done",
                "ended_at": fields.Datetime.now(),
                "called_at": result.called_at,
                "duration_seconds": result.duration_seconds,
                "outcome_id": said["outcome"].id,
                "business_outcome_id": said["wrap_up"].id,
                "note": (note or "").strip()[:2000],
            }
        )

    def _get_broken_promise(self, wish):
        """That a callback will not be made although the customer wants it, as a sentence, or empty."""
        if not wish or self.contact_id.state == "pending":
            return ""
        return self.env._(
            "%s is closed: the strategy allows no further call. Tell your supervisor about the "
            "callback.",
            self.display_name,
        )


def _decide_at_wish(wish, is_personal, *values):
    """As the strategy decides; a callback is made when the customer wants it.

    :param wish: naive UTC, or None
    :param is_personal: False: anybody of the team may make it
    """
    choice = decide(*values)
    if wish is None or not isinstance(choice, NextAttempt):
        return choice
    kind = choice.callback
    if kind == PERSONAL and not is_personal:
        kind = NORMAL
    return replace(choice, at=wish.replace(tzinfo=UTC), callback=kind)
