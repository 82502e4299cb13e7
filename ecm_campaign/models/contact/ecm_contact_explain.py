from dataclasses import dataclass
from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import PENDING
from ...formatting import format_moment, get_label
from ...tools.explain import CLOSES, HELD, PASSES, WAITS, Finding, decisive
from .ecm_contact_queue import QUEUE_COUNTED

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
        return self.env["ecm.campaign"]._prepare_explain_action(
            self, self.env._("Why is it not called?")
        )

    def _explain(self, now):
        """:return: what `explain` says of one contact"""
        self.ensure_one()
        campaign, engine = self.campaign_id, self.env["ecm.engine"]
        due = max(now, self.next_attempt_at or self.resume_at or now)
        findings = [self._get_state_finding(now)]
        candidate, channel = None, self.channel
        if self.is_open:
            findings += campaign._get_schedule_findings(due)
        if self.state == PENDING:
            candidate = self._get_candidates()[0]
            judged, attempt = engine._explain_gates(campaign, candidate, due)
            findings += judged
            channel = attempt.channel if attempt else channel
        if self.is_ready:
            findings.append(self._get_queue_finding())
        if self.is_open:
            findings += campaign._get_feed_findings(now, channel)
        stops = decisive(findings)
        next_at = self._get_next_moment(candidate, stops, due)
        free = self.env._("Nothing stands against it: it is sent when its turn comes.")
        return {
            "id": self.id,
            "name": self.display_name,
            "campaign": campaign.display_name,
            "judged_at": fields.Datetime.to_string(due),
            "verdict": stops.verdict if stops else PASSES,
            "summary": stops.detail if stops else free,
            "next_at": fields.Datetime.to_string(next_at) if next_at else False,
            "checks": campaign._describe_findings(findings),
        }

    def _get_next_moment(self, candidate, stops, due):
        if not candidate or (stops and stops.verdict in (HELD, CLOSES)):
            return None
        moment = self.env["ecm.engine"]._find_next(self.campaign_id, candidate, due)
        if moment and stops and stops.until:
            moment = max(moment, stops.until)
        return moment

    # -- state ----------------------------------------------------------------------------------------

    def _get_state_finding(self, now):
        if self.state == PENDING:
            return self._get_pending_finding(now)
        if self.is_open:
            return Finding("state", WAITS, self._get_awaiting_text())
        sentence = self.env._(
            "Closed as %(state)s on %(when)s: %(reason)s.",
            state=get_label(self.env, self._name, "state", self.state),
            when=format_moment(self.env, self.closed_at) if self.closed_at else "-",
            reason=get_label(self.env, self._name, "close_reason", self.close_reason)
            or self.env._("no reason is known"),
        )
        return Finding("state", CLOSES, f"{sentence} {self.withdraw_reason or ''}".strip())

    def _get_awaiting_text(self):
        """Where it is while its result is awaited, in the words of its channel."""
        since = self.last_attempt_at
        words = format_moment(self.env, since) if since else "-"
        for model in self.env["ecm.engine"]._get_target_models():
            if model._sent_state == self.state:
                return model._get_awaiting_text(words, self.attempt_count + 1)
        return self.env._("It was sent on %s: its result is awaited.", words)

    def _get_pending_finding(self, now):
        reason = get_label(self.env, self._name, "block_reason", self.block_reason)
        if self.block_detail:
            reason = f"{reason} ({self.block_detail})"
        if self.is_ready or (self.next_attempt_at and self.next_attempt_at <= now):
            return Finding("state", PASSES, self.env._("It is ready to be called."))
        if not self.next_attempt_at:
            sentence = (
                self.env._("It is held back: %s.", reason)
                if reason
                else self.env._("No time is planned for it.")
            )
            return Finding("state", HELD, sentence)
        if self.block_reason:
            return Finding(
                "state", WAITS, self.env._("It was put off: %s.", reason), self.next_attempt_at
            )
        if self.last_outcome_id:
            sentence = self.env._(
                "It waits for its next attempt, after %s.", self.last_outcome_id.name
            )
        else:
            sentence = self.env._("It is not to be called before.")
        return Finding("state", WAITS, sentence, self.next_attempt_at)

    # -- place in the queue ---------------------------------------------------------------------------

    def _get_queue_finding(self):
        count = self._count_before()
        if count > QUEUE_COUNTED:
            sentence = self.env._(
                "More than %s ready contacts are before it in line.", f"{QUEUE_COUNTED:,}"
            )
        elif count:
            sentence = self.env._("Ready contacts before it in line: %s.", f"{count:,}")
        else:
            sentence = self.env._("It is the next in line.")
        return Finding("queue", PASSES, sentence)

    def _count_before(self):
        """How many ready contacts come earlier in the dial order, counted up to `QUEUE_COUNTED`
        (indexes ``_ready_arrival`` and ``_ready_priority``)."""
        self.flush_recordset()
        own = {
            "fifo": SQL("id < %s", self.id),
            "lifo": SQL("id > %s", self.id),
            "priority": SQL(
                "priority >= %s AND (priority > %s OR id < %s)",
                self.priority,
                self.priority,
                self.id,
            ),
        }[self.campaign_id.dial_order]
        count = self._count_ready(self.is_retry, own)
        is_second = self.is_retry == (self.campaign_id.retry_order == "after")
        return count + (self._count_ready(not self.is_retry, SQL("TRUE")) if is_second else 0)

    # -- why a campaign's contacts are not called -----------------------------------------------------

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
        awaiting = self._get_awaiting_states()
        pending = sum(count for (state, _reason), count in states.items() if state == PENDING)
        open_tallies = [
            Tally("ready", count=pending - later - held),
            *(
                Tally("sent", state, count)
                for (state, _reason), count in states.items()
                if state in awaiting
            ),
            self._get_unblocked(
                "planned", later, next_at, [row for row in blocked if row.code == "blocked"]
            ),
            *blocked,
            self._get_unblocked("held", held, None, [row for row in blocked if row.code == "held"]),
        ]
        closed = [
            Tally("closed", (state, reason), count)
            for (state, reason), count in states.items()
            if state != PENDING and state not in awaiting
        ]
        return [
            tally
            for tally in (*open_tallies, *sorted(closed, key=lambda row: -row.count))
            if tally.count
        ]

    def _get_unblocked(self, code, count, next_at, blocked):
        """The part of waiting contacts that no gate has put off; the next of them when it is the
        first of all.
        """
        is_first = all(next_at < row.next_at for row in blocked) if next_at else False
        return Tally(
            code, None, count - sum(row.count for row in blocked), next_at if is_first else None
        )

    @api.model
    def _get_tally_domain(self, campaign, tally, now):
        """:return: Domain of exactly the contacts that a tally counts"""
        own = Domain("campaign_id", "=", campaign.id)
        if tally.code == "closed":
            state, reason = tally.reason
            return own & Domain("state", "=", state) & Domain("close_reason", "=", reason or False)
        if tally.code == "sent":
            return own & Domain("state", "=", tally.reason)
        own &= Domain("state", "=", PENDING)
        if tally.code == "ready":
            return own & (Domain("is_ready", "=", True) | Domain("next_attempt_at", "<=", now))
        own &= Domain("is_ready", "=", False) & Domain("block_reason", "=", tally.reason or False)
        if tally.code == "held":
            return own & Domain("next_attempt_at", "=", False)
        return own & Domain("next_attempt_at", ">", now)
