from odoo import models

from ....formatting import get_label
from ....tools.gates import Hold, Queue, Wait


class EcmGate(models.AbstractModel):
    """What a ready contact must pass before it is claimed (requirements N2 to N4, S4, R6).

    A gate is a model of its own that inherits this one: its name begins with ``ecm.gate.``, its
    place is its ``_sequence``. It reads what it must know of campaigns and contacts, and returns it
    as a rule of values (``tools.gates.Rule``), which the feeder, Explain and the dry run ask alike.
    It says what it is called and which reasons it gives. It writes nothing.
    """

    _name = "ecm.gate"
    _description = "Gate"

    # Place among the gates. Those after the gate *number* judge the attempt, which it names.
    _sequence = 0

    def _get_gates(self):
        """Every gate, in their order.

        :return: list of models
        """
        names = self.env.registry["ecm.gate"]._inherit_children
        gates = [self.env[name] for name in names]
        gates.sort(key=lambda gate: (gate._sequence, gate._name))
        return gates

    def _get_code(self):
        """What identifies the gate in Explain's answers."""
        return self._name.removeprefix("ecm.gate.")

    def _looks_at_contact(self):
        """Whether it judges the contact alone: it stands before the gate *number*."""
        return self._sequence < self.env["ecm.gate.number"]._sequence

    def _looks_at_attempt(self):
        """Whether it judges the attempt: it stands behind the gate *number*."""
        return self._sequence > self.env["ecm.gate.number"]._sequence

    def _get_label(self):
        """What people call it."""
        raise NotImplementedError

    def _get_block_reasons(self):
        """Why a contact that was due is not sent now, as this gate says it.

        :return: list of ``(code, label)`` for ``ecm.contact.block_reason``
        """
        return []

    def _get_close_reasons(self):
        """Why a contact closes, as this gate says it.

        :return: list of ``(code, label)`` for ``ecm.contact.close_reason``
        """
        return []

    def _get_rule(self, campaigns, at, channel=None):
        """Read what must be known of campaigns, once for many contacts of theirs.

        :param campaigns: ``ecm.campaign`` records
        :param at: naive UTC; nothing earlier is judged
        :param channel: the one that is fed; none for any
        :rtype: tools.gates.Rule
        """
        raise NotImplementedError

    def _read_candidates(self, rule, candidates, at):
        """Read what must be known of these contacts before they are judged, once for all of them.

        :param rule: of `_get_rule`
        :param candidates: list of ``tools.gates.Candidate``
        :return: the rule to judge them by; by default the one that came
        """
        return rule

    def _explain(self, campaign, before, judged, rule, at):
        """A sentence that says more than the verdict does; empty for the verdict's own words.

        :param before: the candidate as the gate saw it
        :param judged: the verdict, or the candidate that passed on
        :param rule: of `_get_rule`
        :param at: naive UTC
        """
        return ""

    def _describe(self, verdict):
        """What a gate says, by the label of its reason."""
        is_open = isinstance(verdict, Wait | Hold | Queue)
        field = "block_reason" if is_open else "close_reason"
        label = get_label(self.env, "ecm.contact", field, verdict.reason)
        # Only what keeps a contact open says more than its reason.
        detail = getattr(verdict, "detail", "")
        return f"{label}: {detail}" if detail else f"{label}."
