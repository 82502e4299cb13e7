from dataclasses import replace

from odoo import models

from ....tools.gates import Candidate, DncRule, get_phones


class EcmGateDnc(models.AbstractModel):
    """The scrub at feed time (requirement N2): what was listed after the import is not called
    either.

    Listed numbers are hidden from the strategy, on the channels that their lists are for. A contact
    that the gate *number* then has nothing for closes as *DNC Listed*.
    """

    _name = "ecm.gate.dnc"
    _inherit = ["ecm.gate"]
    _description = "Gate: Do Not Contact"
    _sequence = 40

    def _get_label(self):
        return self.env._("Do not contact")

    def _get_close_reasons(self):
        return [("suppressed", self.env._("Do not contact"))]

    def _get_rule(self, campaigns, at, channel=None):
        channels = {}
        for campaign in campaigns:
            channels[campaign.id] = campaign._get_channels()
        lists = self.env["ecm.dnc.list"]._get_applying(campaigns)
        return DncRule(channels, lists, {}, {})

    def _read_candidates(self, rule, candidates, at):
        numbers, keys = set(), set()
        for candidate in candidates:
            numbers.update(candidate.get_numbers())
            if candidate.account_number:
                keys.add(candidate.account_number)
        # One look-up for all, whatever campaigns they are in.
        found = self.env["ecm.dnc.list"]._find_entries(rule.lists.values(), numbers, keys)
        return replace(rule, numbers=found.numbers, keys=found.keys)

    def _explain(self, campaign, before, judged, rule, at):
        is_free = isinstance(judged, Candidate)
        if is_free and not judged.is_listed:
            return self.env._("None of its numbers is on a do-not-contact list.")
        hidden = _get_hidden(before, judged, rule.channels[campaign.id])
        keys = [before.account_number] if before.account_number else []
        sentences = self.env["ecm.dnc.list"]._explain_listed(campaign, hidden, keys)

        # What is left: other numbers, or the same ones in another way.
        left = judged.get_numbers() if is_free else []
        if hidden.issuperset(left):
            sentences += self._describe_other_channels(judged) if left else []
        else:
            sentences.append(self.env._("Other numbers may be called."))
        return " ".join(sentences)

    def _describe_other_channels(self, candidate):
        """Which channels are left for numbers that must not be contacted on all of them."""
        labels = dict(self.env["ecm.engine"]._get_channels())
        left = []
        for channel, phones in candidate.phones.by_channel.items():
            if any(phones):
                left.append(labels[channel])
        return [self.env._("It may be contacted on: %s.", ", ".join(left))]


def _get_hidden(before, judged, channels):
    """Numbers that must not be contacted on some of a campaign's channels.

    :param before: the candidate as it came
    :param judged: the verdict, or the candidate that passed on
    """
    hidden = set()
    for channel in channels:
        numbers = get_phones(before.phones, channel)
        left = get_phones(judged.phones, channel) if isinstance(judged, Candidate) else ()
        hidden.update(filter(None, set(numbers).difference(left)))
    return hidden
