import random
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...actions import notify
from ...const import SUPERVISOR
from ...formatting import say_moment
from ...tools import circuit
from ...tools.circuit import CLOSED, OPEN, TRYING, Circuit


class EcmCircuitMixin(models.AbstractModel):
    """A circuit breaker for whatever has turns of its own (requirement F8): what fails several times
    in a row is left alone for a while, longer each time; then one try decides (``tools`` circuit).

    An owner has a circuit for each part of its work, so that results are read while nothing can be
    sent: ``_get_circuit_parts``. A part that a module adds has fields ``<part>_failures``,
    ``<part>_until`` and ``<part>_error``.
    """

    _name = "ecm.circuit.mixin"
    _description = "Circuit Breaker"

    failures_to_open = fields.Integer(
        "Failures before a pause",
        default=3,
        required=True,
        help="After so many failures in a row nothing is tried for a while, and then with a few "
        "contacts first. A wrong password has it wait at once.",
    )
    longest_pause = fields.Integer(
        "Longest pause (min)",
        default=15,
        required=True,
        help="Each pause is twice as long as the one before, up to this.",
    )
    sending_failures = fields.Integer(readonly=True, copy=False)
    sending_until = fields.Datetime(readonly=True, copy=False)
    sending_error = fields.Char(readonly=True, copy=False)
    circuit_state = fields.Selection(
        [(CLOSED, "Works"), (OPEN, "Left alone"), (TRYING, "Being tried")],
        "Circuit breaker",
        compute="_compute_circuit",
        help="Left alone: it failed several times in a row, nothing is tried until the pause is "
        "over. Being tried: the next few contacts decide.",
    )
    circuit_text = fields.Text(compute="_compute_circuit")

    _circuit_positive = models.Constraint(
        "CHECK(failures_to_open > 0 AND longest_pause > 0)",
        "Failures before a pause and the longest pause: 1 or more.",
    )

    @api.depends("failures_to_open")
    def _compute_circuit(self):
        """Anew each time it is read: it changes with the clock."""
        now = fields.Datetime.now()
        for owner in self:
            states, lines = [], []
            for part, label in owner._get_circuit_parts():
                state = owner._get_circuit_state(part, now)
                states.append(state)
                if state != CLOSED:
                    lines.append(owner._describe_circuit(part, label, state))
            owner.circuit_state = circuit.worst(states)
            owner.circuit_text = "\n".join(lines) or False

    def _describe_circuit(self, part, label, state):
        """One part that is not closed, as a sentence."""
        known = self._get_circuit(part)
        values = {
            "part": label,
            "count": known.failures,
            "error": self[f"{part}_error"] or "",
        }
        if state == TRYING:
            return self.env._(
                "%(part)s failed %(count)s times in a row, and is tried again now. %(error)s",
                **values,
            )
        return self.env._(
            "%(part)s failed %(count)s times in a row: left alone until %(until)s. %(error)s",
            until=say_moment(self.env, known.until),
            **values,
        )

    # -- hooks ------------------------------------------------------------------------------------

    def _get_circuit_parts(self):
        """Parts of the work that fail by themselves.

        :return: list of ``(part, what people call it)``
        """
        return [("sending", self.env._("Sending"))]

    def _end_pauses(self):
        """Have what was left alone because of the owner be tried in the next turn."""

    # -- state ------------------------------------------------------------------------------------

    def _get_circuit_limits(self):
        """:rtype: tools.circuit.Limits"""
        return circuit.Limits(self.failures_to_open, 60 * self.longest_pause)

    def _get_circuit(self, part):
        """:rtype: tools.circuit.Circuit"""
        return Circuit(self[f"{part}_failures"], self[f"{part}_until"] or None)

    def _get_circuit_state(self, part, now):
        return circuit.state_of(self._get_circuit(part), now, self._get_circuit_limits())

    def _is_left_alone(self, part, now):
        """Whether nothing is tried at this moment.

        :param now: naive UTC
        """
        return self._get_circuit_state(part, now) == OPEN

    def _note_trouble(self, part, error, now):
        """One more failure in a row, in the caller's transaction.

        :param error: an exception, or a sentence
        :rtype: tools.circuit.Circuit
        """
        needs_person = getattr(error, "needs_person", False)
        limits, chance = self._get_circuit_limits(), random.random()
        following = circuit.fail(self._get_circuit(part), now, limits, chance, needs_person)
        self.write(
            {
                f"{part}_failures": following.failures,
                f"{part}_until": following.until,
                f"{part}_error": str(error)[:500],
            }
        )
        return following

    def _close_circuit(self, part):
        """It works: forget its failures."""
        for owner in self:
            # Most have none, and a turn writes nothing then.
            if owner[f"{part}_failures"]:
                values = {f"{part}_failures": 0, f"{part}_until": False, f"{part}_error": False}
                owner.write(values)

    # -- button -----------------------------------------------------------------------------------

    def action_try_now(self):
        """End the pauses: the next turn, which begins at once, tries it with a few contacts."""
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group(SUPERVISOR)):
            raise AccessError(self.env._("Only supervisors have it tried at once."))
        # Who may not change its settings may have it tried all the same.
        for owner in self.sudo():
            owner._try_soon()
            owner._trigger_turn()
        return notify(self.env._("It is tried again within a minute."), "info")

    def _try_soon(self):
        """The pauses are over, the failures still count: one more and it is left alone again."""
        over = fields.Datetime.now() - timedelta(seconds=1)
        for part, _label in self._get_circuit_parts():
            if self[f"{part}_until"]:
                self[f"{part}_until"] = over
        self._end_pauses()
