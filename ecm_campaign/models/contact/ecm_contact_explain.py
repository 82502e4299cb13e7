from dataclasses import dataclass
from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import PENDING
from ...formatting import get_label, say_moment
from ...tools.explain import CLOSES, HELD, PASSES, WAITS, Finding, decisive
from .ecm_contact_queue import KEYED, QUEUE_COUNTED

EXPLAINED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Tally:
    """How many contacts of a campaign are where they are for one reason.

    :param code: ``ready``, ``sent`` (their result is awaited), ``planned`` (wait for their time),
        ``blocked`` (a gate has put them off), ``held`` (until somebody acts), ``closed``
    :param reason: block reason, state, or ``(state, close reason)`` of those that are closed
    :param next_at: when the first of them is due, naive UTC
    """

    code: str
    reason: str | tuple[str, str | None] | None = None
    count: int = 0
    next_at: datetime | None = None


class EcmContactExplainMixin(models.AbstractModel):
    """Why a contact is not called now, and when it will be (requirement R6)."""

    _name = "ecm.contact.explain.mixin"
    _description = "Why a Contact Is Not Called"

    def explain(self):
        """Every gate in order with its verdict, for up to 100 contacts.

        Moments are naive UTC, written as ``YYYY-MM-DD HH:MM:SS``. A verdict is one of ``passes``,
        ``waits``, ``held``, ``closes``, ``not_reached``.

        :return: list of ``{"id", "name", "campaign", "judged_at", "verdict", "summary", "next_at",
            "checks": [{"check", "name", "verdict", "detail", "until"}]}``; ``next_at`` is the
            earliest moment that everything known allows, False for never as things stand
        :raise UserError: more than 100 contacts
        """
        self.check_access("read")
        if len(self) > EXPLAINED_AT_ONCE:
            raise UserError(
                self.env._("At most %s contacts are explained at once.", EXPLAINED_AT_ONCE)
            )
        now = fields.Datetime.now()
        return [contact.sudo()._explain(now) for contact in self]

    def action_explain(self):
        """Show why this contact is not called now."""
        self.ensure_one()
        title = self.env._("Why is it not called?")
        return self.env["ecm.campaign"]._prepare_explain_action(self, title)

    def _explain(self, now):
        """:return: what `explain` says of one contact"""
        self.ensure_one()
        # It is judged when it is due: until then everything may change.
        due = max(now, self.next_attempt_at or self.resume_at or now)
        candidate = self._get_candidates()[0] if self.state == PENDING else None
        findings = self._get_findings(candidate, due, now)
        stops = decisive(findings)
        next_at = self._get_next_moment(candidate, stops, due)
        free = self.env._("Nothing stands against it: it is sent when its turn comes.")
        return {
            "id": self.id,
            "name": self.display_name,
            "campaign": self.campaign_id.display_name,
            "judged_at": fields.Datetime.to_string(due),
            "verdict": stops.verdict if stops else PASSES,
            "summary": stops.detail if stops else free,
            "next_at": fields.Datetime.to_string(next_at) if next_at else False,
            "checks": self.campaign_id._describe_findings(findings),
        }

    def _get_findings(self, candidate, due, now):
        """All checks in the order in which a feed makes them, as far as they are about it.

        :param candidate: ``tools.gates.Candidate`` of a pending contact, else None
        :param due: when it is judged, naive UTC
        :return: list of ``tools.explain.Finding``
        """
        campaign, channel = self.campaign_id, self.channel
        findings = [self._get_state_finding(now)]
        if self.is_open:
            findings += campaign._get_schedule_findings(due, channel)
        if candidate:
            engine = self.env["ecm.engine"]
            judged, attempt = engine._explain_gates(campaign, candidate, due)
            findings += judged
            # The attempt that is due may be on another channel than the contact was planned for.
            channel = attempt.channel if attempt else channel
        if self.is_ready:
            findings.append(self._get_queue_finding())
        if self.is_open:
            findings += campaign._get_feed_findings(now, channel)
        return findings

    def _get_next_moment(self, candidate, stops, due):
        if not candidate:
            return None
        if stops and stops.verdict in (HELD, CLOSES):
            return None
        # The gates look at hours and limits of times to come.
        moment = self.env["ecm.engine"]._find_next(self.campaign_id, candidate, due)
        if moment and stops and stops.until:
            return max(moment, stops.until)
        return moment

    # -- state ------------------------------------------------------------------------------------

    def _get_state_finding(self, now):
        if self.state == PENDING:
            return self._get_pending_finding(now)
        if self.is_open:
            return Finding("state", WAITS, self._get_awaiting_text())

        reason = self.close_text
        sentence = self.env._(
            "Closed as %(state)s on %(when)s: %(reason)s.",
            state=get_label(self.env, self._name, "state", self.state),
            when=say_moment(self.env, self.closed_at) if self.closed_at else "-",
            reason=reason or self.env._("no reason is known"),
        )
        # What somebody wrote when it was withdrawn says more than the code.
        if self.withdraw_reason:
            sentence = f"{sentence} {self.withdraw_reason}"
        return Finding("state", CLOSES, sentence)

    def _get_awaiting_text(self):
        """Where it is while its result is awaited, in the words of its channel."""
        attempt, since = self.current_attempt_id, self.last_attempt_at
        if attempt.callback_at:
            return self.env._(
                "An agent has arranged a callback for %(when)s on %(number)s. The dialer makes it "
                "itself: its result is awaited.",
                when=say_moment(self.env, attempt.callback_at),
                number=attempt.callback_number or self.number_to_call,
            )
        words = say_moment(self.env, since) if since else "-"
        # The channel that it waits on has words of its own.
        for model in self.env["ecm.engine"]._get_target_models():
            if model._sent_state == self.state:
                return model._get_awaiting_text(words, self.attempt_count + 1)
        return self.env._("It was sent on %s: its result is awaited.", words)

    def _get_pending_finding(self, now):
        if self.is_ready or (self.next_attempt_at and self.next_attempt_at <= now):
            return Finding("state", PASSES, self.env._("It is ready to be called."))
        reason = self._get_block_text()
        if not self.next_attempt_at:
            sentence = self.env._("No time is planned for it.")
            if reason:
                sentence = self.env._("It is held back: %s.", reason)
            return Finding("state", HELD, sentence)

        # It has a time: either a gate has put it off, or the strategy or a file said so.
        if reason:
            sentence = self.env._("It was put off: %s.", reason)
        elif self.last_outcome_id:
            name = self.last_outcome_id.name
            sentence = self.env._("It waits for its next attempt, after %s.", name)
        else:
            sentence = self.env._("It is not to be called before.")
        return Finding("state", WAITS, sentence, self.next_attempt_at)

    def _get_block_text(self):
        """What held it back or put it off, in words; empty for nothing."""
        if not self.block_reason:
            return ""
        reason = get_label(self.env, self._name, "block_reason", self.block_reason)
        return f"{reason} ({self.block_detail})" if self.block_detail else reason

    # -- place in the queue -----------------------------------------------------------------------

    def _get_queue_finding(self):
        count = self._count_before()
        shown = f"{count:,}"
        # A longer line is not counted to its end: it would take seconds.
        if count > QUEUE_COUNTED:
            shown = f"{QUEUE_COUNTED:,}"
            sentence = self.env._("More than %s ready contacts are before it in line.", shown)
        elif count:
            sentence = self.env._("Ready contacts before it in line: %s.", shown)
        else:
            sentence = self.env._("It is the next in line.")
        return Finding("queue", PASSES, sentence)

    def _count_before(self):
        """How many ready contacts come earlier in the dial order, counted up to `QUEUE_COUNTED`
        (indexes ``_ready_arrival`` and ``_ready_priority``)."""
        self.flush_recordset()
        campaign, priority, key = self.campaign_id, self.priority, self.dial_key
        earlier = {
            "fifo": SQL("id < %s", self.id),
            "lifo": SQL("id > %s", self.id),
            "priority": SQL(
                "priority >= %s AND (priority > %s OR id < %s)", priority, priority, self.id
            ),
            "ascending": SQL('(dial_key COLLATE "C", id) < (%s, %s)', key, self.id),
            "descending": SQL('(dial_key COLLATE "C", id) > (%s, %s)', key, self.id),
        }
        order = campaign._get_dial_order()
        # Who has no place yet comes after all that have one.
        is_last = order in KEYED and not key
        where = SQL("TRUE") if is_last else earlier[order]
        count = self._count_ready(self.is_retry, where)

        # Retries and fresh contacts are two lines: of the second, all of the first come before.
        is_second = self.is_retry == (campaign.retry_order == "after")
        if is_second:
            count += self._count_ready(not self.is_retry, SQL("TRUE"))
        return count

    # -- why a campaign's contacts are not called -------------------------------------------------

    @api.model
    def _tally_reasons(self, campaign, now):
        """Why the contacts of a campaign are where they are, counted in indexes: every contact
        once.

        :param now: naive UTC
        :return: list of `Tally` that count something
        """
        self.env.flush_all()
        states = self._tally_states(campaign)
        later, next_at, held = self._tally_waiting(campaign, now)
        blocked = [Tally(*row) for row in self._tally_blocked(campaign, now)]
        pending = 0
        for (state, _reason), count in states.items():
            if state == PENDING:
                pending += count

        # What waits or is held without a gate's reason is what is left of all that does.
        ready = Tally("ready", count=pending - later - held)
        planned = self._get_unblocked("planned", later, next_at, blocked)
        unexplained = self._get_unblocked("held", held, None, blocked)
        sent, closed = self._tally_others(states)
        tallies = [ready, *sent, planned, *blocked, unexplained, *closed]
        return [tally for tally in tallies if tally.count]

    def _tally_others(self, states):
        """Contacts that are not pending.

        :param states: of `_tally_states`
        :return: ``(tallies of those whose result is awaited, tallies of the closed)``
        """
        awaiting = self._get_awaiting_states()
        sent, closed = [], []
        for (state, reason), count in states.items():
            if state in awaiting:
                sent.append(Tally("sent", state, count))
            elif state != PENDING:
                closed.append(Tally("closed", (state, reason), count))
        # The largest first: that is what people look for.
        closed.sort(key=lambda tally: -tally.count)
        return sent, closed

    def _get_unblocked(self, code, count, next_at, blocked):
        """The part of waiting contacts that no gate has put off; the next of them when it is the
        first of all.

        :param str code: ``planned`` or ``held``
        :param blocked: list of `Tally`, of all that gates stopped
        """
        # A gate's word for those that wait for a time is "blocked".
        is_held = code == "held"
        same = [tally for tally in blocked if (tally.code == "held") == is_held]
        count -= sum(tally.count for tally in same)
        # The next of all is one that a gate has put off.
        if next_at and any(tally.next_at <= next_at for tally in same):
            next_at = None
        return Tally(code, None, count, next_at)

    @api.model
    def _get_tally_domain(self, campaign, tally, now):
        """:return: Domain of exactly the contacts that a tally counts"""
        own = Domain("campaign_id", "=", campaign.id)
        if tally.code == "closed":
            state, reason = tally.reason
            own &= Domain("state", "=", state)
            return own & Domain("close_reason", "=", reason or False)
        if tally.code == "sent":
            return own & Domain("state", "=", tally.reason)

        # Ready is also what the next feed will promote.
        own &= Domain("state", "=", PENDING)
        if tally.code == "ready":
            return own & (Domain("is_ready", "=", True) | Domain("next_attempt_at", "<=", now))
        own &= Domain("is_ready", "=", False)
        own &= Domain("block_reason", "=", tally.reason or False)
        if tally.code == "held":
            return own & Domain("next_attempt_at", "=", False)
        return own & Domain("next_attempt_at", ">", now)
