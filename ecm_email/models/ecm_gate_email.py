from dataclasses import dataclass, field, replace

from odoo import models
from odoo.tools import SQL, email_normalize

from .ecm_strategy_attempt import CHANNEL
from odoo.addons.ecm_campaign.tools.strategy import DNC_LISTED, Close

# Outcomes of an e-mail that is not sent, and reasons why a contact closes without one.
NO_ADDRESS, OPTED_OUT, LATE = "email_no_address", "email_opt_out", "email_late"
# How a contact closes where no rule says what follows.
CLOSING = {NO_ADDRESS: "not_connected", OPTED_OUT: DNC_LISTED, LATE: "expired"}


@dataclass(frozen=True, slots=True)
class EmailRule:
    """Who has no address, or wants no e-mails, gets none, and what is too late is not sent: what
    follows says the strategy's rule for that outcome; without one the contact closes.

    :param good_for: how long an e-mail is good for after it was due, by ``Candidate.step``; steps
        whose e-mails are always good are missing
    :param plans: ``tools.gates.CampaignPlan`` of campaigns with e-mails, by id
    :param outcomes: ``(tools.strategy.Outcome, its id)`` by code
    :param addresses: of the contacts, normalised, by id; who has none is missing
    :param unwanted: addresses of Odoo's blacklist
    """

    good_for: dict
    plans: dict
    outcomes: dict
    addresses: dict = field(default_factory=dict)
    unwanted: frozenset = frozenset()

    @property
    def is_idle(self):
        """See ``tools.gates.is_idle``: no campaign sends e-mails."""
        return not self.plans

    def judge(self, candidate, at):
        """See ``tools.gates.Rule``."""
        if candidate.attempt is None or candidate.attempt.channel != CHANNEL:
            return candidate
        code = self.find_reason(candidate, at)
        if not code:
            return candidate
        return self.follow(code, candidate, at) or Close(CLOSING[code], code)

    def find_reason(self, candidate, at):
        """Why the e-mail that is due is not sent, None where nothing is in its way."""
        address = self.addresses.get(candidate.contact_id)
        if not address:
            return NO_ADDRESS
        if address in self.unwanted:
            return OPTED_OUT
        good_for = self.good_for.get(candidate.step)
        due_at = candidate.due_at or candidate.added_at
        return LATE if good_for and due_at and due_at + good_for < at else None

    def follow(self, code, candidate, at):
        """What the strategy says follows.

        :param at: naive UTC
        :rtype: tools.gates.Skip, or None: nothing
        """
        campaign = self.plans.get(candidate.campaign_id)
        outcome, outcome_id = self.outcomes.get(code, (None, None))
        if not campaign or not outcome:
            return None
        return campaign.skip(candidate, code, outcome, outcome_id, at)


class EcmGateEmail(models.AbstractModel):
    """An e-mail needs an address, whose owner has not opted out, and comes in time (requirement
    M7).
    """

    _name = "ecm.gate.email"
    _inherit = ["ecm.gate"]
    _description = "Gate: E-mail"
    # The step must be named; whether it is the hour does not matter to what is never sent.
    _sequence = 56

    def _get_label(self):
        return self.env._("E-mail address")

    def _get_block_reasons(self):
        return self._get_reasons()

    def _get_close_reasons(self):
        return self._get_reasons()

    def _get_reasons(self):
        return [
            (NO_ADDRESS, self.env._("No e-mail address")),
            (OPTED_OUT, self.env._("Opted out of e-mail")),
            (LATE, self.env._("E-mail too late")),
        ]

    def _get_rule(self, campaigns, at, channel=None):
        if channel not in (None, CHANNEL):
            return EmailRule({}, {}, {})
        sending = campaigns.filtered(lambda campaign: CHANNEL in campaign._get_channels())
        good_for = sending._get_good_for(CHANNEL, "email_good_hours")
        outcomes = self._get_outcomes() if sending else {}
        return EmailRule(good_for, sending._get_campaign_plans() if sending else {}, outcomes)

    def _get_outcomes(self):
        """Those that somebody has archived are missing."""
        found = self.env["ecm.outcome"].sudo().search([("code", "in", list(CLOSING))])
        return {outcome.code: (outcome._get_decision_outcome(), outcome.id) for outcome in found}

    def _read_candidates(self, rule, candidates, at):
        ids = [
            candidate.contact_id
            for candidate in candidates
            if candidate.attempt and candidate.attempt.channel == CHANNEL
        ]
        if not ids:
            return rule
        addresses = self._read_addresses(ids)
        return replace(rule, addresses=addresses, unwanted=self._find_unwanted(addresses.values()))

    def _read_addresses(self, contact_ids):
        """Addresses as they are compared, by contact id; without those that are none."""
        self.env["ecm.contact"].flush_model(["email"])
        query = SQL(
            "SELECT id, email FROM ecm_contact WHERE id = ANY(%s) AND email IS NOT NULL",
            contact_ids,
        )
        rows = self.env.execute_query(query)
        found = {contact_id: email_normalize(email) for contact_id, email in rows}
        return {contact_id: address for contact_id, address in found.items() if address}

    def _find_unwanted(self, addresses):
        """Those of Odoo's blacklist."""
        self.env["mail.blacklist"].flush_model()
        query = SQL(
            "SELECT email FROM mail_blacklist WHERE active AND email = ANY(%s)",
            list(set(addresses)),
        )
        return frozenset(address for (address,) in self.env.execute_query(query))
