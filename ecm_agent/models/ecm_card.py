from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..const import CHANNEL, LEASE_SECONDS, UNFINISHED_MINUTES
from .ecm_contact import SKIPPED
from odoo.addons.ecm_campaign.const import SUPERVISOR
from odoo.addons.ecm_campaign.models.contact.ecm_attempt import Addressee
from odoo.addons.ecm_campaign.tools.gates import Wait
from odoo.addons.ecm_campaign.tools.region_rules import Place
from odoo.addons.ecm_campaign.tools.results import Result
from odoo.addons.ecm_campaign.tools.strategy import Close, attempt_from, decide, spent_budget

# An agent has these in hand; nobody else gets their contacts.
PREVIEW = ("offered", "accepted")
IN_HAND = (*PREVIEW, "calling", "unfinished")
NO_WRAP_UP = "no_wrap_up"
# A call that nobody wrapped up is made again after so long, where the strategy does not say.
AGAIN_AFTER = timedelta(minutes=30)
BATCH = 500


class EcmCard(models.Model):
    """A contact in an agent's hand (requirement R7), and what became of it.

    *offered* → *accepted* → *calling* → *done*. It is leased: the agent's browser says that it is
    there. When that is not heard of, a card that was not called goes back to the queue (*expired*),
    and no trace of a try stays. One that was called cannot go back as if nothing had been: it
    waits for its agent's wrap-up (*unfinished*), and ends without one after a while (*lost*).

    A contact is in one hand at most, and a hand has one card: the database sees to it.
    """

    _name = "ecm.card"
    _description = "Card of an Agent"
    _inherit = ["ecm.card.choices.mixin", "ecm.card.contents.mixin", "ecm.card.desk.mixin"]
    _order = "id desc"
    _rec_name = "number"

    state = fields.Selection(
        [
            ("offered", "Offered"),
            ("accepted", "Accepted"),
            ("calling", "On the phone"),
            ("unfinished", "No wrap-up yet"),
            ("done", "Wrapped up"),
            ("skipped", "Skipped"),
            ("expired", "Browser gone"),
            ("barred", "Not allowed any more"),
            ("taken_back", "Taken back"),
            ("lost", "Without wrap-up"),
        ],
        required=True,
        readonly=True,
        default="offered",
    )
    is_in_hand = fields.Boolean(
        "In hand", compute="_compute_is_in_hand", search="_search_is_in_hand"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    team_id = fields.Many2one(
        "ecm.team", required=True, readonly=True, ondelete="restrict", index=True
    )
    campaign_id = fields.Many2one("ecm.campaign", required=True, readonly=True, ondelete="cascade")
    contact_id = fields.Many2one(
        "ecm.contact", required=True, readonly=True, ondelete="cascade", index=True
    )
    attempt_id = fields.Many2one(
        "ecm.attempt", readonly=True, ondelete="set null", index="btree_not_null"
    )
    key = fields.Char("Key of the attempt", readonly=True)
    number = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", "Agent", required=True, readonly=True)
    offered_at = fields.Datetime("Taken on", readonly=True)
    called_at = fields.Datetime("Called on", readonly=True)
    lease_until = fields.Datetime("Kept until", readonly=True)
    ended_at = fields.Datetime("Ended on", readonly=True)
    duration_seconds = fields.Integer("Talk time (s)", readonly=True, aggregator="sum")
    outcome_id = fields.Many2one("ecm.outcome", readonly=True)
    business_outcome_id = fields.Many2one("ecm.business.outcome", "Wrap-up", readonly=True)
    skip_reason_id = fields.Many2one("ecm.skip.reason", "Skipped because", readonly=True)
    note = fields.Text(readonly=True)

    _one_hand = models.UniqueIndex(
        "(contact_id) WHERE state IN ('offered', 'accepted', 'calling', 'unfinished')"
    )
    _one_card = models.UniqueIndex(
        "(user_id) WHERE state IN ('offered', 'accepted', 'calling', 'unfinished')"
    )
    # What the turns look for; few rows, however many cards are stored.
    _in_hand = models.Index(
        "(team_id, lease_until) WHERE state IN ('offered', 'accepted', 'calling', 'unfinished')"
    )
    # An agent's numbers of today.
    _ended = models.Index("(user_id, ended_at)")

    @api.depends("state")
    def _compute_is_in_hand(self):
        for card in self:
            card.is_in_hand = card.state in IN_HAND

    def _search_is_in_hand(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = []
        for state in self._fields["state"].get_values(self.env):
            if (state in IN_HAND) in value:
                states.append(state)
        return [("state", "in", states)]

    @api.depends("contact_id", "number")
    def _compute_display_name(self):
        for card in self:
            contact = card.contact_id
            name = " ".join(filter(None, (contact.first_name, contact.last_name)))
            card.display_name = ", ".join(filter(None, (name, card.number)))

    # -- given out --------------------------------------------------------------------------------

    @api.model
    def _give_out(self, team, taker, batch):
        """Cards of claimed contacts, in the transaction of the claim.

        :param taker: `Taker`
        :param batch: list of ``tools.channel.Outgoing``
        """
        now, vals_list = fields.Datetime.now(), []
        for outgoing in batch:
            contact = self.env["ecm.contact"].browse(outgoing.contact_id)
            vals_list.append(
                {
                    "company_id": contact.company_id.id,
                    "team_id": team.id,
                    "campaign_id": contact.campaign_id.id,
                    "contact_id": contact.id,
                    "attempt_id": outgoing.attempt_id,
                    "key": outgoing.key,
                    "number": outgoing.number,
                    "user_id": taker.user_id,
                    "offered_at": now,
                    "lease_until": now + timedelta(seconds=LEASE_SECONDS),
                }
            )
        self.create(vals_list)
        self.env.flush_all()

    @api.model
    def _lock(self, where):
        """Cards in hand, locked until the commit; those that another has are passed over.

        :param SQL where: condition on the card ``k``
        :return: cards
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT k.id FROM ecm_card k WHERE k.state = ANY(%s) AND %s"
                " ORDER BY k.id LIMIT %s FOR UPDATE SKIP LOCKED",
                list(IN_HAND),
                where,
                BATCH,
            )
        )
        cards = self.browse([card_id for (card_id,) in self.env.cr.fetchall()])
        cards.invalidate_recordset()
        return cards

    def _lock_own(self):
        """This card, locked until the commit: a request waits for whoever is at it, and then begins
        anew.
        """
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(SQL("SELECT id FROM ecm_card WHERE id = %s FOR UPDATE", self.id))
        self.invalidate_recordset()

    # -- gone -------------------------------------------------------------------------------------

    @api.model
    def _return_expired(self, team):
        """Cards of agents whose browsers were not heard of: back to the queue, or, once they were
        called, waiting for the wrap-up.

        :return: how many
        """
        now = fields.Datetime.now()
        where = SQL(
            "k.team_id = %s AND k.lease_until < %s AND k.state <> 'unfinished'", team.id, now
        )
        cards = self.sudo()._lock(where)
        uncalled = cards.filtered(lambda card: card.state in PREVIEW)
        uncalled._return_to_queue("expired")
        until = now + timedelta(minutes=UNFINISHED_MINUTES)
        (cards - uncalled).write({"state": "unfinished", "lease_until": until})
        return len(cards)

    @api.model
    def _end_unfinished(self, team):
        """Calls whose agent did not come back: somebody was called, and the strategy goes on.

        :return: how many
        """
        now = fields.Datetime.now()
        where = SQL(
            "k.team_id = %s AND k.lease_until < %s AND k.state = 'unfinished'", team.id, now
        )
        cards = self.sudo()._lock(where)
        cards._end_without_wrap_up("lost")
        return len(cards)

    @api.model
    def _return_shut(self, team):
        """Cards that nobody has called and that may not be called any more: their hours are over,
        their campaign was stopped, the number was listed (requirements C3, N2, N3).

        :return: how many
        """
        where = SQL("k.team_id = %s AND k.state = ANY(%s)", team.id, list(PREVIEW))
        cards = self.sudo()._lock(where)
        now = fields.Datetime.now()
        shut = cards.filtered(lambda card: card._find_bar(now))
        shut._return_to_queue("barred")
        return len(shut)

    def _return_to_queue(self, state):
        """Contacts that were not called are ready again; no trace of a try stays. Those that were
        called end without a wrap-up.

        :param str state: of the cards, from now on
        """
        called = self.filtered(lambda card: card.state not in PREVIEW)
        called._end_without_wrap_up(state)
        uncalled = self - called
        if not uncalled:
            return
        attempt_ids = uncalled.attempt_id.ids
        now = fields.Datetime.now()
        uncalled.write({"state": state, "ended_at": now, "attempt_id": False})
        self.env.flush_all()
        self.env["ecm.contact"].sudo()._release(attempt_ids)
        self.env["ecm.attempt"].sudo()._discard(attempt_ids)
        self.env["ecm.engine"]._drop_cached_rows()

    def _end_without_wrap_up(self, state):
        """Somebody was called, and nobody says what came of it: as the strategy's rule for *No
        wrap-up* says, else once more after half an hour.
        """
        if not self:
            return
        now, results = fields.Datetime.now(), []
        for card in self:
            agent = card.user_id._get_agent_name()
            results.append(Result(card.key, NO_WRAP_UP, agent=agent, called_at=card.called_at))
        engine = self.env["ecm.engine"].sudo()
        engine._apply_results(results, _decide_without_wrap_up)
        outcome = self.env["ecm.outcome"].search([("code", "=", NO_WRAP_UP)], limit=1)
        self.write({"state": state, "ended_at": now, "outcome_id": outcome.id})

    def _find_bar(self, now):
        """Why a card may not be called any more, as a sentence, or False.

        :param datetime now: naive UTC
        """
        self.ensure_one()
        contact, campaign = self.contact_id, self.campaign_id
        if contact.current_attempt_id != self.attempt_id:
            return self.env._("The contact was withdrawn meanwhile.")
        if not campaign.is_running:
            return self.env._("The campaign %s was stopped.", campaign.name)
        # As right before a batch leaves for a dialer.
        leaving = Addressee(
            attempt_id=self.attempt_id.id,
            key=self.key,
            claimed_at=self.offered_at,
            campaign_id=campaign.id,
            number=self.number,
            account_number=contact.account_number or None,
            callback=contact.callback or None,
        )
        if self.team_id._find_barred([leaving]):
            return self.env._("The customer must not be called: a do-not-contact list says so.")
        if not self._get_opening(now).is_open:
            return self.env._("The customer may not be called at this time.")
        return False

    def _get_opening(self, at):
        """Whether the contact may be called at a moment, by the hours of its campaign and the law,
        and when next.

        :param datetime at: naive UTC
        :rtype: tools.calling_hours.Opening
        """
        contact, campaign = self.contact_id, self.campaign_id.sudo()
        hours = campaign._get_campaign_hours(at)[campaign.id].without_drain()
        whole = hours.for_campaign(CHANNEL).opening(at)
        if not whole.is_open:
            return whole
        place = Place(contact.region, contact.zip, contact.has_agreed)
        phones = contact._get_phones()
        return hours.for_contact(contact.tz, self.number, CHANNEL, phones, place).opening(at)

    # -- what its agent does ----------------------------------------------------------------------

    def _check_own(self):
        """:return: the card with all rights
        :raise AccessError: it is another's
        """
        self.ensure_one()
        self.check_access("read")
        card = self.sudo()
        if card.user_id != self.env.user:
            # A supervisor sees it, and takes it back; nobody speaks for another.
            raise AccessError(self.env._("This card is %s's.", card.user_id.name))
        return card

    def keep(self):
        """The agent's browser is there: the card stays in hand (about every 30 seconds).

        :return: ``{"state", "notice"}``; the notice says what has become of a card that is not in
            hand any more
        """
        card = self._check_own()
        card._lock_own()
        if not card.is_in_hand:
            return {"state": card.state, "notice": card._get_gone_text()}
        until = fields.Datetime.now() + timedelta(seconds=LEASE_SECONDS)
        # Its agent is back in time.
        state = "calling" if card.state == "unfinished" else card.state
        card.write({"lease_until": until, "state": state})
        is_current = card.contact_id.current_attempt_id == card.attempt_id
        notice = "" if is_current else self.env._("The contact was withdrawn: end the call.")
        return {"state": state, "notice": notice}

    def accept(self):
        """The agent will call: from now on a skip is a skip of somebody who was looked at."""
        card = self._check_own()
        card._lock_own()
        card._check_in_hand()
        if card.state == "offered":
            card.state = "accepted"
        return self.get_desk()

    def call(self):
        """The agent calls now. What has changed since the card was taken counts.

        :return: as `get_desk`; without the card and with a notice where the customer may not be
            called any more
        """
        card = self._check_own()
        card._lock_own()
        card._check_in_hand()
        if card.state not in PREVIEW:
            return self.get_desk()
        now = fields.Datetime.now()
        if sentence := card._find_bar(now):
            card._return_to_queue("barred")
            return {**self.get_desk(), "notice": sentence}
        card.write({"state": "calling", "called_at": now})
        return self.get_desk()

    def skip(self, reason_id, note=""):
        """Pass the card on: its contact comes back when the reason says.

        :param int reason_id: of an ``ecm.skip.reason``
        :param str note: for whoever gets it then
        """
        card = self._check_own()
        card._lock_own()
        card._check_in_hand()
        if card.state not in PREVIEW:
            raise UserError(self.env._("The customer was called: wrap the call up instead."))
        reason = self.env["ecm.skip.reason"].browse(reason_id).exists()
        if not reason:
            raise UserError(self.env._("Choose why you skip this card."))
        contact = card.contact_id
        card._return_to_queue("skipped")
        until = fields.Datetime.now() + timedelta(minutes=reason.delay_minutes)
        wait = Wait(until, SKIPPED, reason.name)
        self.env["ecm.contact"].sudo()._apply_verdicts({contact.id: wait})
        self.env["ecm.engine"]._drop_cached_rows()
        card.write({"skip_reason_id": reason.id, "note": _shorten(note)})
        return self.get_desk()

    def take_back(self):
        """A supervisor takes cards out of agents' hands: contacts that were not called are ready
        again, those that were go on as the strategy says.
        """
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group(SUPERVISOR)):
            raise AccessError(self.env._("Supervisors take cards back. Skip it, if it is yours."))
        for card in self.sudo():
            card._lock_own()
            if card.is_in_hand:
                card._return_to_queue("taken_back")
        return True

    def _check_in_hand(self):
        if not self.is_in_hand:
            raise UserError(self._get_gone_text())

    def _get_gone_text(self):
        """What became of a card that is not in hand any more, as a sentence."""
        texts = {
            "expired": self.env._(
                "Your browser was not heard of for two minutes: the card went back to the queue. "
                "Take the next one."
            ),
            "taken_back": self.env._("A supervisor took this card back. Take the next one."),
            "barred": self.env._("This customer may not be called any more. Take the next one."),
            "done": self.env._("This card is wrapped up already."),
            "skipped": self.env._("You skipped this card. Take the next one."),
            "lost": self.env._(
                "This call waited for its wrap-up too long, and was closed without one."
            ),
        }
        return texts[self.state]


def _shorten(text, size=2000):
    return (text or "").strip()[:size]


def _decide_without_wrap_up(plan, phones, position, outcome, counters, now, *others):
    """As the strategy says of *No wrap-up*; where it says nothing, the same again after a while, as
    long as the budget allows.
    """
    choice = decide(plan, phones, position, outcome, counters, now, *others)
    made = plan.get_attempt(position)
    is_told = made is not None and outcome.code in made.rules
    if is_told or not isinstance(choice, Close) or spent_budget(plan, counters):
        return choice
    at = now + AGAIN_AFTER
    return attempt_from(plan, phones, position, at, outcome.code, counters.cycle) or choice
