from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from odoo import models

from ...formatting import get_label
from ...tools.dry_run import Person, World
from ...tools.gates import Candidate, Hold, Queue, Rule, Wait

CALLBACKS = (None, "personal", "normal")


@dataclass(slots=True)
class Intake:
    """The contacts that a dry run begins with.

    :param rules: what all gates know, in their order
    :param count: all that were looked at
    :param stopped: ids of those that a gate closes or holds from the start, by the reason in words
    """

    rules: list[Rule]
    count: int
    people: list[Person] = field(default_factory=list)
    stopped: dict[str, list[int]] = field(default_factory=dict)

    def stop(self, reason, contact_id):
        """Leave a contact out."""
        self.stopped.setdefault(reason, []).append(contact_id)


class Assumptions(NamedTuple):
    """What a dry run assumes: naive UTC, calls an hour, minutes to a result, shares by outcome."""

    start: datetime
    end: datetime
    calls_per_hour: float
    call_minutes: float
    rates: dict


class EcmForecastReader(models.AbstractModel):
    """What a dry run needs of the records (requirement S9): read once, then only values."""

    _name = "ecm.forecast.reader"
    _description = "Reader of Dry Runs"

    def _get_world(self, campaign, rules, assumed):
        """:param rules: of all gates, as `_read_contacts` has them
        :param assumed: `Assumptions`
        :rtype: tools.dry_run.World
        """
        outcomes = self.env["ecm.outcome"].sudo().with_context(active_test=False).search([])
        return World(
            start=assumed.start.replace(tzinfo=UTC),
            end=assumed.end.replace(tzinfo=UTC),
            calls_per_hour=assumed.calls_per_hour,
            call_time=timedelta(minutes=assumed.call_minutes),
            outcomes={outcome.code: outcome._get_decision_outcome() for outcome in outcomes},
            rates=assumed.rates,
            plans={kind: campaign._get_plan(kind) for kind in CALLBACKS},
            rules=rules,
            hours=campaign._get_campaign_hours(assumed.start)[campaign.id],
            callbacks=campaign._get_callbacks(),
            retries_first=campaign.retry_order == "before",
            by_priority=campaign.dial_order == "priority",
        )

    def _read_contacts(self, campaign, start, share):
        """Read the pending contacts, and leave out those that a gate stops for good.

        :param start: naive UTC
        :param share: of the contacts to look at; which ones depends on nothing but their ids
        :rtype: Intake
        """
        self.env.flush_all()
        rows = self.env["ecm.contact"]._read_pending(campaign, share)
        gates = self._read_gates(campaign, [row.candidate for row in rows], start)
        intake = Intake([rule for _gate, rule in gates], len(rows))
        uses = self._read_uses(campaign, rows)
        for row in rows:
            person = self._take_in(campaign, row, gates, start, intake)
            if person:
                self._set_uses(person, uses.get(row.candidate.contact_id, ()))
                intake.people.append(person)
        return intake

    def _read_gates(self, campaign, candidates, start):
        """:return: list of ``(gate, its rule, which knows these candidates)``"""
        return [
            (gate, gate._read_candidates(known, candidates, start))
            for gate, known in self.env["ecm.engine"]._get_rules(campaign, start)
        ]

    def _take_in(self, campaign, row, gates, start, intake):
        """A contact as the simulation takes it, or None where it is stopped from the start.

        What looks at the contact is asked now; what looks at the attempt, when it is due.

        :param row: ``Pending`` of the contacts' queue
        :param gates: of `_read_gates`
        """
        contact_id = row.candidate.contact_id
        verdict, gate = self._judge_contact(gates, row.candidate, start)
        if isinstance(verdict, Queue):
            # Target groups take turns: in the end each contact's comes.
            drawn = replace(row.candidate, is_drawn=True)
            return self._make_person(campaign, replace(row, candidate=drawn), start)
        later = verdict.until if isinstance(verdict, Wait | Hold) else None
        if verdict is not None and not later:
            intake.stop(gate._describe(verdict).rstrip("."), contact_id)
            return None
        if not (row.is_ready or row.due or later):
            label = get_label(self.env, "ecm.contact", "block_reason", row.block_reason)
            intake.stop(label or self.env._("No time is planned"), contact_id)
            return None
        return self._make_person(campaign, row, max(start, later or start))

    def _judge_contact(self, gates, candidate, start):
        """Ask the gates that look at the contact.

        :return: ``(the verdict that stops it or None, its gate)``
        """
        for gate, rule in gates:
            if not gate._looks_at_contact():
                break
            judged = rule.judge(candidate, start)
            if not isinstance(judged, Candidate):
                return judged, gate
            candidate = judged
        return None, None

    def _make_person(self, campaign, row, earliest):
        """:param earliest: naive UTC"""
        due = earliest if row.is_ready else max(earliest, row.due or row.resume_at or earliest)
        return Person(
            candidate=row.candidate,
            due=due.replace(tzinfo=UTC),
            rank=self._get_rank(campaign, row.candidate.contact_id, row.priority),
            is_retry=bool(row.is_retry),
        )

    def _get_rank(self, campaign, contact_id, priority):
        if campaign.dial_order == "priority":
            return -priority, contact_id
        return 0, -contact_id if campaign.dial_order == "lifo" else contact_id

    def _read_uses(self, campaign, rows):
        """What earlier tries came to, where a decision depends on it.

        :return: ``{contact id: list of ecm.attempt's Use}``
        """
        plans = [campaign._get_plan(kind) for kind in (None, "normal")]
        counts = any(plan.counts_uses or plan.cycle_limit is not None for plan in plans)
        if not counts and not campaign._get_callbacks():
            return {}
        candidates = [row.candidate for row in rows]
        tried = [each.contact_id for each in candidates if each.counted or each.uncounted]
        return self.env["ecm.engine"]._group_uses(tried)

    def _set_uses(self, person, earlier):
        """As the engine counts them for a decision."""
        for use in earlier:
            person.misses += use.times if use.misses_agent else 0
            if use.is_same_run:
                person.uses[use.key] = person.uses.get(use.key, 0) + use.times
                person.in_cycle += use.times if use.counts else 0
