import logging
import random
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import CHANNEL, SENT_STATE, TAKES
from odoo.addons.ecm_campaign.tools.channel import Receipt

_logger = logging.getLogger(__name__)

# All that one look finds may be blocked: so many looks for one card.
LOOKS = 10


class Nobody:
    """The sender of a channel where people come for what is to be sent."""

    holds_records = True

    def send(self, batch):
        """Nothing is ever claimed for it."""
        return Receipt(frozenset(outgoing.key for outgoing in batch))


class EcmTeam(models.Model):
    """Agents who call by hand (requirement R7): the other side of the channel *manual*.

    Nothing is pushed to people: one asks for a card, which is a claim of one contact, through the
    same gates, orders and limits as every claim. It is *sent* from then on. The team's turn brings
    back what nobody holds any more.
    """

    _name = "ecm.team"
    _inherit = ["ecm.team", "ecm.engine.fields.mixin", "ecm.feed.target", "ecm.feed.owner"]
    _attempt_field = "agent_team_id"
    _channel = CHANNEL
    _sent_state = SENT_STATE
    _owner_module = "ecm_agent"

    # Nobody sets up how a team is fed: there is no wire that could fail.
    cron_id = fields.Many2one(groups="")
    failures_to_open = fields.Integer(readonly=True)
    longest_pause = fields.Integer(readonly=True)

    agent_campaign_ids = fields.One2many(
        "ecm.campaign",
        "agent_team_id",
        "Campaigns with cards",
        readonly=True,
        help="Their contacts are called by hand: members of the team take a card each.",
    )
    card_ids = fields.One2many("ecm.card", "team_id", "Cards", readonly=True)
    in_hand_count = fields.Integer("Cards in hand", compute="_compute_in_hand_count")

    def _compute_in_hand_count(self):
        domain = [("team_id", "in", self.ids), ("is_in_hand", "=", True)]
        counts = dict(self.env["ecm.card"]._read_group(domain, ["team_id"], ["__count"]))
        for team in self:
            team.in_hand_count = counts.get(team, 0)

    def action_view_cards(self):
        """Which agent of this team has which card."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecm_agent.ecm_card_action_in_hand")
        return {**action, "domain": [("team_id", "=", self.id), ("is_in_hand", "=", True)]}

    # -- the port ---------------------------------------------------------------------------------

    def _get_channel_label(self):
        return self.env._("Call by an agent")

    def _get_place_label(self):
        return self.env._("Team")

    def _get_awaiting_text(self, since, number):
        return self.env._(
            "An agent has the card of attempt %(number)s since %(since)s.",
            since=since,
            number=number,
        )

    def _get_wish_text(self):
        return self.env._("Told an agent")

    def _get_room(self):
        """One for whoever asks for a card, none for the feeder."""
        return 1 if TAKES in self.env.context else 0

    def _get_sender(self):
        return Nobody()

    def _get_off_reason(self):
        if not self.active:
            return self.env._("The team %s is archived.", self.name)
        return False

    def _note_claimed(self, batch, candidates):
        """The card is the agent's in the transaction of its claim."""
        taker = self.env.context[TAKES]
        self.env["ecm.card"].sudo()._give_out(self, taker, batch)
        # People are told nothing over a wire that may break: there is no doubt to settle.
        self.env["ecm.attempt"]._mark_accepted([outgoing.attempt_id for outgoing in batch])

    # -- turns ------------------------------------------------------------------------------------

    def _is_on(self):
        """A team that has no cards needs no turns."""
        return self.active and bool(self.sudo().agent_campaign_ids)

    def _work(self):
        """Bring back what nobody holds any more, then look after the queue."""
        self._keep_cards()
        super()._work()

    def _keep_cards(self):
        """What became of cards whose agents are gone, whose hours are over or whose campaign was
        stopped; each kind in a transaction of its own.
        """
        engine, cards = self.env["ecm.engine"], self.env["ecm.card"]
        engine._atomically(partial(cards._return_expired, self))
        engine._atomically(partial(cards._end_unfinished, self))
        engine._atomically(partial(cards._return_shut, self))
        contacts, now = self.env["ecm.contact"], fields.Datetime.now()
        engine._atomically(partial(contacts._open_personal, self._get_running_campaigns(), now))

    # -- a card -----------------------------------------------------------------------------------

    def _take_card(self, taker):
        """Claim one contact for an agent, from whichever of these teams has one: the agent's own
        callbacks first.

        :param taker: `Taker`
        :return: whether there was one
        """
        now, contacts = fields.Datetime.now(), self.env["ecm.contact"]
        teams = self.sorted(lambda _team: random.random())
        # Who is gone keeps nobody waiting for the next turn.
        engine, cards = self.env["ecm.engine"], self.env["ecm.card"]
        for team in teams:
            engine._atomically(partial(cards._return_expired, team))
        campaigns = self.env["ecm.campaign"].union(
            *(team._get_running_campaigns() for team in teams)
        )
        if own := contacts._find_own_callbacks(taker.agent, campaigns, now):
            self.env["ecm.engine"]._atomically(partial(contacts._make_ready, own, now))
            promised = taker._replace(only=tuple(own))
            if any(team._claim_card(promised) for team in teams):
                return True
        return any(team._claim_card(taker) for team in teams)

    def _claim_card(self, taker):
        """One claim of the engine, for one agent.

        :return: whether a card was given out
        """
        self.ensure_one()
        taking = {TAKES: taker}
        engine = self.env["ecm.engine"].with_context(**taking)
        target = self.with_context(**taking)
        campaigns = engine._get_open_campaigns(target)
        for _look in range(LOOKS):
            claimed = engine._claim_next(target, campaigns)
            if claimed is None:
                return False
            if claimed:
                _logger.info("%s: a card for %s", self._get_log_name(), taker.agent)
                return True
        return False

    @api.private
    def action_try_now(self):
        return super().action_try_now()

    # -- guards -----------------------------------------------------------------------------------

    def write(self, vals):
        if vals.get("active") is False:
            running = self.sudo().agent_campaign_ids.filtered("is_running")
            if running:
                raise UserError(
                    self.env._(
                        "Agents of this team call for running campaigns (%s). Stop them first.",
                        ", ".join(running.mapped("name")),
                    )
                )
        return super().write(vals)
