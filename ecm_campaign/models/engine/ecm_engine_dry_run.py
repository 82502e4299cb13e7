from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import models
from odoo.tools import SQL

from ...formatting import get_label
from ...tools.dry_run import Person, World
from ...tools.gates import Candidate, Hold, Queue, Wait

CHUNK = 2000
HASHED = 1 << 20
CALLBACKS = (None, "personal", "normal")


@dataclass(frozen=True, slots=True)
class Pending:
    """A pending contact as it is stored. Gates may take phones away from the candidate, ``phones``
    stay.
    """

    candidate: Candidate
    phones: tuple[str | None, ...]
    is_retry: bool
    priority: int
    is_ready: bool
    due: datetime | None
    resume_at: datetime | None
    block_reason: str | None


@dataclass(slots=True)
class Intake:
    """The contacts that a dry run begins with.

    :param stopped: ids of those that a gate closes or holds from the start, by the reason in words
    :param count: all that were looked at
    """

    people: list[Person] = field(default_factory=list)
    stopped: dict[str, list[int]] = field(default_factory=dict)
    count: int = 0

    def stop(self, reason, contact_id):
        """Leave a contact out."""
        self.stopped.setdefault(reason, []).append(contact_id)


class EcmEngine(models.AbstractModel):
    """What a dry run needs of the records (requirement S9): read once, then only values."""

    _inherit = "ecm.engine"

    def _get_world(self, campaign, start, end, calls_per_hour, call_minutes, rates):
        """:rtype: tools.dry_run.World"""
        outcomes = self.env["ecm.outcome"].sudo().with_context(active_test=False).search([])
        return World(
            start=start.replace(tzinfo=UTC),
            end=end.replace(tzinfo=UTC),
            calls_per_hour=calls_per_hour,
            call_time=timedelta(minutes=call_minutes),
            zone=ZoneInfo(campaign.tz),
            outcomes={outcome.code: outcome._get_decision_outcome() for outcome in outcomes},
            rates=rates,
            plans={kind: campaign._get_plan(kind) for kind in CALLBACKS},
            find_limits={kind: campaign._get_limit_finder(kind) for kind in CALLBACKS},
            hours=campaign._get_campaign_hours(start)[campaign.id],
            callbacks=campaign._get_callbacks(),
            retries_first=campaign.retry_order == "before",
            by_priority=campaign.dial_order == "priority",
        )

    def _take_in(self, campaign, start, share):
        """Read the pending contacts, and ask the gates before *number* about them, once and for
        all.

        :param start: naive UTC
        :param share: of the contacts to look at; which ones depends on nothing but their ids
        :rtype: Intake
        """
        self.env.flush_all()
        intake, starts = Intake(), self._get_list_starts(campaign, start)
        rows = self.env["ecm.contact"]._read_pending(campaign, share)
        for first in range(0, len(rows), CHUNK):
            self._take_in_chunk(campaign, start, rows[first : first + CHUNK], starts, intake)
        return intake

    def _take_in_chunk(self, campaign, start, rows, starts, intake):
        intake.count += len(rows)
        pending = {row.candidate.contact_id: row for row in rows}
        candidates, verdicts = self._judge_contacts(
            campaign, [row.candidate for row in rows], start
        )
        waits = {
            contact_id: verdict.until
            for contact_id, verdict in verdicts.items()
            if isinstance(verdict, Wait)
        }
        # target groups take turns: in the end each contact's comes
        waits |= {
            contact_id: start
            for contact_id, verdict in verdicts.items()
            if isinstance(verdict, Queue)
        }
        for contact_id, verdict in verdicts.items():
            candidate = pending[contact_id].candidate
            if contact_id in waits or (isinstance(verdict, Hold) and candidate.list_id in starts):
                candidates.append(candidate)
            else:
                intake.stop(self._describe_verdict(verdict).rstrip("."), contact_id)
        self._load_tries(campaign, candidates, start)
        uses = self._load_uses(campaign, candidates)
        for candidate in candidates:
            row = pending[candidate.contact_id]
            later = waits.get(candidate.contact_id) or starts.get(candidate.list_id)
            if row.is_ready or row.due or later:
                person = self._make_person(campaign, row, max(start, later or start))
                self._set_uses(person, uses.get(candidate.contact_id, ()))
                intake.people.append(person)
            else:
                label = get_label(self.env, "ecm.contact", "block_reason", row.block_reason)
                intake.stop(label or self.env._("No time is planned"), candidate.contact_id)

    def _make_person(self, campaign, row, earliest):
        """:param earliest: naive UTC"""
        due = earliest if row.is_ready else max(earliest, row.due or row.resume_at or earliest)
        return Person(
            candidate=row.candidate,
            phones=row.phones,
            due=due.replace(tzinfo=UTC),
            rank=self._get_rank(campaign, row.candidate.contact_id, row.priority),
            is_retry=bool(row.is_retry),
            expires_at=self._get_expiry(campaign, row.candidate),
        )

    def _judge_contacts(self, campaign, candidates, now):
        """Pass candidates through the gates that look at the contact.

        :return: as `_judge` does
        """
        names = self._get_gates()
        verdicts = {}
        for name in names[: names.index("number")]:
            verdicts |= getattr(self, f"_gate_{name}")(campaign, candidates, now)
            candidates = [
                candidate for candidate in candidates if candidate.contact_id not in verdicts
            ]
        return candidates, verdicts

    def _get_list_starts(self, campaign, start):
        """:return: ``{list id: when it starts}`` of lists that are still to come"""
        lists = self.env["ecm.contact.list"].sudo()
        found = lists.search(
            [
                ("campaign_id", "=", campaign.id),
                ("status", "=", "planned"),
                ("date_start", "!=", False),
            ]
        )
        return {record.id: max(record.date_start, start) for record in found}

    def _get_rank(self, campaign, contact_id, priority):
        if campaign.dial_order == "priority":
            return -priority, contact_id
        return 0, -contact_id if campaign.dial_order == "lifo" else contact_id

    def _get_expiry(self, campaign, candidate):
        if not (campaign.ttl_days and candidate.added_at):
            return None
        return (candidate.added_at + timedelta(days=campaign.ttl_days)).replace(tzinfo=UTC)

    def _load_uses(self, campaign, candidates):
        """What earlier tries came to, where a decision depends on it.

        :return: as `_group_uses`
        """
        plans = [campaign._get_plan(kind) for kind in (None, "normal")]
        if (
            not any(plan.counts_uses or plan.cycle_limit is not None for plan in plans)
            and not campaign._get_callbacks()
        ):
            return {}
        return self._group_uses(
            [row.contact_id for row in candidates if row.counted or row.uncounted]
        )

    def _set_uses(self, person, earlier):
        """As `_get_counters` counts them."""
        for is_same_run, position, code, _wrap_up, counts, misses_agent, times in earlier:
            person.misses += times if misses_agent else 0
            if is_same_run:
                person.uses[position, code] = person.uses.get((position, code), 0) + times
                person.in_cycle += times if counts else 0


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    def _read_pending(self, campaign, share):
        """Pending contacts of a campaign, or a part of them that their ids choose (index
        ``_campaign_state``).

        :return: list of `Pending`
        """
        part = (
            SQL("AND (hashint4(id) & %s) < %s", HASHED - 1, round(share * HASHED))
            if share < 1
            else SQL()
        )
        self.env.cr.execute(
            SQL(
                """SELECT is_retry, priority, is_ready, next_attempt_at, resume_at, block_reason, %s
                     FROM ecm_contact WHERE campaign_id = %s AND state = 'pending' %s ORDER BY id""",
                self._candidate_columns,
                campaign.id,
                part,
            )
        )
        found = [(self._make_candidate(row[6:]), row[:6]) for row in self.env.cr.fetchall()]
        return [Pending(candidate, candidate.phones, *values) for candidate, values in found]
