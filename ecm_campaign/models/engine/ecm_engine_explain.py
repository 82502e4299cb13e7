from odoo import models

from ...tools import explain
from ...tools.explain import CLOSES, HELD, NOT_REACHED, PASSES, WAITS, Finding
from ...tools.gates import Candidate, Hold, Queue, Wait


class EcmEngineExplain(models.AbstractModel):
    """What the gates say of one contact (requirement R6): the very rules that the feeder asks."""

    _name = "ecm.engine.explain.mixin"
    _description = "Explain of the Campaign Engine"

    def _get_check_names(self):
        """:return: ``{gate or check: what people call it}``"""
        names = {
            "state": self.env._("State"),
            "running": self.env._("Campaign"),
            "schedule": self.env._("Schedule"),
        }
        # In the order in which Explain asks: the contact, the gates, then what feeds it.
        for gate in self.env["ecm.gate"]._get_gates():
            names[gate._get_code()] = gate._get_label()
        return {
            **names,
            "queue": self.env._("Queue"),
            "database": self.env._("Database"),
            "registry": self.env._("Age of do-not-contact lists"),
            "target": self._get_target_name(),
            "room": self.env._("Room"),
            "group": self.env._("Campaign group"),
            "feeder": self.env._("Sending"),
        }

    def _get_target_name(self):
        """What people call the other side, of whatever channel."""
        labels = [model._get_place_label() for model in self._get_target_models()]
        return ", ".join(dict.fromkeys(labels)) or self.env._("Channel")

    def _explain_gates(self, campaign, candidate, at):
        """Ask every gate, also after one has stopped the contact, as far as it can be judged.

        :param candidate: ``tools.gates.Candidate``
        :param at: naive UTC
        :return: ``(list of tools.explain.Finding, the attempt that is due or None)``
        """
        findings = []
        for gate, known in self._get_rules(campaign, at):
            # The gate *number* named no attempt: those behind it have nothing to look at.
            if gate._looks_at_attempt() and not candidate.attempt:
                missing = self.env._("There is no number to judge.")
                findings.append(Finding(gate._get_code(), NOT_REACHED, missing))
                continue
            rule = gate._read_candidates(known, [candidate], at)
            judged = rule.judge(candidate, at)
            sentence = gate._explain(campaign, candidate, judged, rule, at)
            findings.append(self._get_finding(gate, judged, sentence))

            # Stopped or not, the next gate judges it too, as far as it came.
            if isinstance(judged, Candidate):
                candidate = judged
        return findings, candidate.attempt

    def _get_finding(self, gate, judged, sentence):
        """:rtype: Finding"""
        code = gate._get_code()
        if isinstance(judged, Candidate):
            return Finding(code, PASSES, sentence or self.env._("Nothing stands against it."))
        detail = sentence or gate._describe(judged)
        # Only who waits for a time has a moment to tell.
        if isinstance(judged, Wait):
            return Finding(code, WAITS, detail, judged.until)
        if isinstance(judged, Queue):
            return Finding(code, WAITS, detail)
        verdict = HELD if isinstance(judged, Hold) else CLOSES
        return Finding(code, verdict, detail)

    def _find_next(self, campaign, candidate, at):
        """The earliest moment from ``at`` on that schedule and gates allow; None for never as
        things stand.

        :param at: naive UTC
        """

        def find_legal(moment):
            return self._find_legal(campaign, candidate, moment)

        return explain.earliest_moment(find_legal, at)

    def _find_legal(self, campaign, candidate, at):
        """The next moment from ``at`` on that schedule and gates may allow; None for never."""
        window = campaign._get_windows(at)[campaign.id]
        if not window.is_open:
            return window.opens_at
        rules = self._get_rules(campaign, at)
        # The very gates that a claim asks, at another moment.
        _passed, verdicts = self._judge(rules, [candidate], at)
        verdict = verdicts.get(candidate.contact_id)
        if verdict is None:
            return at
        return verdict.until if isinstance(verdict, Wait) else None
