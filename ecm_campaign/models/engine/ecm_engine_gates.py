import contextlib
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from odoo import models
from odoo.tools import SQL

from ...tools import strategy as decision
from ...tools.gates import Hold, Wait, choose_number, judge_limits
from ...tools.limits import LIFE, ROLLING, Try
from ...tools.results import Decided
from ...tools.strategy import Close

GATES = ("list", "expiry", "selection", "dnc", "number", "hours", "limits")

LEDGER = SQL("hashtext('ecm:ledger')")
# A calendar day with a change of clocks, and how long a contact may wait at the dialer before it is
# called.
LONGEST_DAY = timedelta(hours=26)
LONGEST_AT_DIALER = timedelta(days=3)


class EcmEngine(models.AbstractModel):
    """Gates between a ready contact and its claim (requirements N2 to N4, S4).

    A gate is a method ``_gate_<name>(campaign, candidates, now)`` that returns ``{contact id:
    verdict}`` for the contacts that it stops; it writes nothing and costs what it looks at. Those
    before *number* look at the contact, those after it at ``candidate.attempt``. Explain (R6)
    passes one contact through the same methods.
    """

    _inherit = "ecm.engine"

    def _get_gates(self):
        """Names of the gates, in their order."""
        return [name for name in GATES if hasattr(self, f"_gate_{name}")]

    def _judge(self, campaign, candidates, now):
        """Pass candidates through the gates; nothing is written.

        :param now: naive UTC
        :return: ``(candidates that passed, with their attempt, {contact id: verdict of the gate
        that stopped it})``
        """
        verdicts = {}
        for name in self._get_gates():
            if not candidates:
                break
            found = getattr(self, f"_gate_{name}")(campaign, candidates, now)
            if found:
                verdicts |= found
                candidates = [
                    candidate for candidate in candidates if candidate.contact_id not in found
                ]
        return candidates, verdicts

    def _pass_gates(self, campaign, candidates, now):
        """Candidates that may be sent now; the others are moved, held or closed, with the reason
        (requirement N4).
        """
        passed, verdicts = self._judge(campaign, candidates, now)
        stopped = {
            candidate.contact_id: candidate
            for candidate in candidates
            if candidate.contact_id in verdicts
        }
        self._apply_verdicts(stopped, verdicts, now)
        return passed

    def _apply_verdicts(self, stopped, verdicts, now):
        contacts = self.env["ecm.contact"]
        kinds = {
            kind: [item for item in verdicts.items() if isinstance(item[1], kind)]
            for kind in (Wait, Hold, Close)
        }
        contacts._apply_waits(kinds[Wait])
        contacts._apply_holds(kinds[Hold])
        closing = [
            self._prepare_closing(stopped[contact_id], close) for contact_id, close in kinds[Close]
        ]
        contacts._apply_decisions(closing, now)

    def _prepare_closing(self, candidate, close):
        return Decided(candidate.contact_id, candidate.counted, candidate.uncounted, close)

    # -- gates ----------------------------------------------------------------------------------------

    def _gate_list(self, campaign, candidates, _now):
        """Contacts of lists that are stopped or over; they came back from the dialer afterwards."""
        inactive = self.env["ecm.contact.list"].sudo()
        inactive = inactive.search([("campaign_id", "=", campaign.id), ("status", "!=", "active")])
        statuses = {record.id: (record.status, record.name) for record in inactive}
        verdicts = {}
        for candidate in candidates:
            status, name = statuses.get(candidate.list_id, (None, None))
            if status == "expired":
                verdicts[candidate.contact_id] = Close("expired", "expired")
            elif status:
                verdicts[candidate.contact_id] = Hold("list_stopped", name)
        return verdicts

    def _gate_number(self, campaign, candidates, now):
        """The attempt that is due and its number; what has none left closes."""
        at, zone = now.replace(tzinfo=UTC), ZoneInfo(campaign.tz)
        self._release_callbacks(campaign, candidates, at)
        self._load_tries(campaign, candidates, now)
        verdicts = {}
        for callback, group in self._group_by_callback(candidates):
            plan, find_limits = campaign._get_plan(callback), campaign._get_limit_finder(callback)
            for candidate in group:
                if verdict := choose_number(candidate, plan, find_limits, at, zone):
                    verdicts[candidate.contact_id] = verdict
        return verdicts

    def _release_callbacks(self, campaign, candidates, at):
        """A callback whose time with its agent passed while it waited is anybody's (requirement
        S7).
        """
        if campaign.callback_release != "duration" or not (callbacks := campaign._get_callbacks()):
            return
        for candidate in candidates:
            if candidate.callback:
                since = candidate.callback_since.replace(tzinfo=UTC)
                candidate.callback = decision.callback_kind(
                    callbacks, candidate.callback, 0, since, at, candidate.is_retained
                )

    def _gate_limits(self, campaign, candidates, now):
        """Contacts that were tried as often as allowed wait until they may be tried again
        (requirement S4).

        Who passes is about to be tried, which counts for the others with that number.
        """
        at, zone = now.replace(tzinfo=UTC), ZoneInfo(campaign.tz)
        verdicts, passing = {}, {}
        for callback, group in self._group_by_callback(candidates):
            find_limits = campaign._get_limit_finder(callback)
            for candidate in group:
                number = candidate.attempt.number
                candidate.tries += [
                    made for phone in {*candidate.phones} for made in passing.get(phone, ())
                ]
                if verdict := judge_limits(candidate, find_limits, at, zone):
                    verdicts[candidate.contact_id] = verdict
                else:
                    passing.setdefault(number, []).append(Try(at, number, is_own=False))
        return verdicts

    def _group_by_callback(self, candidates):
        """:return: list of ``(callback or None, candidates)``; callbacks follow a strategy of their
        own
        """
        kinds = {candidate.callback for candidate in candidates}
        return [
            (kind, [candidate for candidate in candidates if candidate.callback == kind])
            for kind in kinds
        ]

    # -- limits ---------------------------------------------------------------------------------------

    def _load_tries(self, campaign, candidates, now):
        """Read what the limits count, for all candidates at once."""
        limits = set()
        for callback, group in self._group_by_callback(candidates):
            find_limits = campaign._get_limit_finder(callback)
            limits.update(
                limit
                for candidate in group
                for number in candidate.phones
                for limit in find_limits(number)
            )
        if not limits:
            return
        everywhere = any(limit.everywhere for limit in limits)
        tries = self.env["ecm.attempt"]._get_tries(
            candidates, self._get_ledger_start(limits, now), everywhere
        )
        for candidate in candidates:
            candidate.tries = self._forget_before_callback(
                campaign, candidate, tries[candidate.contact_id]
            )

    def _get_ledger_start(self, limits, now):
        """From when tries matter: naive UTC, or None for ever. A call may come long after its
        contact was sent.
        """
        if any(limit.period == LIFE for limit in limits):
            return None
        windows = [limit.window if limit.period == ROLLING else LONGEST_DAY for limit in limits]
        return now - max(windows) - LONGEST_AT_DIALER

    def _forget_before_callback(self, campaign, candidate, tries):
        """Own tries before the customer asked to be called back do not count, where the campaign
        says so (S7).
        """
        if not (candidate.callback_since and campaign.callback_resets):
            return tries
        since = candidate.callback_since.replace(tzinfo=UTC)
        return [made for made in tries if not made.is_own or made.at > since]

    @contextlib.contextmanager
    def _hold_ledger(self, campaigns):
        """Let one claim at a time count the tries of all campaigns, where a limit does so.

        The lock is taken in a transaction of its own: a snapshot that is older than another's claim
        would not see it.
        """
        if not any(campaign._has_shared_limits() for campaign in campaigns):
            yield
            return
        self.env.cr.execute(SQL("SELECT pg_advisory_lock(%s)", LEDGER))
        self._commit()
        try:
            yield
        finally:
            self._unlock(LEDGER)
