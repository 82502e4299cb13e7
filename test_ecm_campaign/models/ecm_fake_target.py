from collections import defaultdict
from dataclasses import dataclass, field

from odoo import fields, models

from odoo.addons.ecm_campaign.exceptions import InDoubt, Rejected, Unavailable
from odoo.addons.ecm_campaign.tools.channel import Receipt


@dataclass
class OtherSide:
    """What stands at the other side of a target, and how it behaves.

    :param sent: what it took, as ``tools.channel.Outgoing``
    :param requests: how many contacts each request held that it looked at
    :param fault: what happens to the next request: ``unavailable``, ``rejected``,
        ``lost_request``, ``lost_answer``; or a function that takes the batch first, and names one
        of these or answers
    :param refused: numbers that it never takes
    :param spoiling: numbers for which it rejects the whole request
    :param is_silent: it cannot be asked what it knows
    """

    sent: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    fault: object = None
    refused: set = field(default_factory=set)
    spoiling: set = field(default_factory=set)
    is_silent: bool = False


# By id of the target: what is sent stays sent, whatever becomes of the transaction.
OTHER_SIDES = defaultdict(OtherSide)


class EcmFakeTarget(models.Model):
    """A dialer that takes everything and calls nobody, unless it is told to fail."""

    _name = "ecm.fake.target"
    _description = "Fake Dialer"
    _inherit = ["ecm.feed.target", "ecm.feed.owner"]
    _attempt_field = "fake_target_id"
    _channel = "voice"
    _sent_state = "sent_to_dialer"
    _action_fields = ("name", "is_enabled")

    name = fields.Char(default="Fake")
    is_enabled = fields.Boolean(default=True)
    batch_size = fields.Integer(default=500)
    capacity = fields.Integer(default=10_000)

    def _is_on(self):
        return super()._is_on() and self.is_enabled

    @property
    def other_side(self):
        """:rtype: OtherSide"""
        return OTHER_SIDES[self.id]

    @property
    def sent(self):
        """What it took, as ``tools.channel.Outgoing``."""
        return self.other_side.sent

    @property
    def fault(self):
        """See `OtherSide`."""
        return self.other_side.fault

    @fault.setter
    def fault(self, fault):
        self.other_side.fault = fault

    def _get_wish_text(self):
        return "Said so on the phone"

    def _get_channel_label(self):
        return self.env._("Voice")

    def _get_awaiting_text(self, since, number):
        return self.env._(
            "It is at the dialer since %(since)s, with attempt %(number)s.",
            since=since,
            number=number,
        )

    def _get_room(self):
        return max(0, self.capacity - self.env["ecm.attempt"]._count_at(self))

    def _get_batch_size(self):
        return self.batch_size

    def _get_sender(self):
        return FakeSender(self.id)


class FakeSender:
    """Keeps what it is sent."""

    def __init__(self, target_id):
        self.target_id = target_id

    @property
    def other_side(self):
        """:rtype: OtherSide"""
        return OTHER_SIDES[self.target_id]

    def send(self, batch):
        """See ``tools.channel.Sender``."""
        fault, self.other_side.fault = self.other_side.fault, None
        if callable(fault):
            fault = fault(batch)
        if isinstance(fault, Receipt):
            return fault
        if fault == "unavailable":
            raise Unavailable("down")
        if fault == "lost_request":
            raise InDoubt("no answer")
        receipt = self._take(batch, fault == "rejected")
        if fault == "lost_answer":
            raise InDoubt("no answer")
        return receipt

    def _take(self, batch, is_rejected):
        side = self.other_side
        side.requests.append(len(batch))
        numbers = {outgoing.number for outgoing in batch}
        if is_rejected or numbers & side.spoiling:
            raise Rejected("bad row")
        accepted, refused = set(), set()
        for outgoing in batch:
            if outgoing.number in side.refused:
                refused.add(outgoing.key)
            else:
                accepted.add(outgoing.key)
                side.sent.append(outgoing)
        return Receipt(frozenset(accepted), frozenset(refused))

    def find(self, keys, sent_at):
        """See ``tools.channel.Sender``."""
        if self.other_side.is_silent:
            raise Unavailable("busy")
        return {outgoing.key for outgoing in self.other_side.sent} & keys


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    fake_target_id = fields.Many2one("ecm.fake.target", readonly=True, index="btree_not_null")


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    fake_target_id = fields.Many2one("ecm.fake.target")
