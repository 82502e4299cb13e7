from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from odoo import models

from ...const import CALLBACKS
from ...formatting import get_label
from ...tools.dry_run import Scenario, SimulatedContact
from ...tools.dry_run_dialer import Capacity
from ...tools.gates import Candidate, Hold, Queue, Rule, Wait


@dataclass(slots=True)
class Sample:
    """The contacts that a dry run begins with.

    :param rules: what all gates know, in their order
    :param count: all that were looked at
    :param stopped: ids of those that a gate closes or holds from the start, by the reason in words
    """

    rules: list[Rule]
    count: int
    contacts: list[SimulatedContact] = field(default_factory=list)
    stopped: dict[str, list[int]] = field(default_factory=dict)

    def stop(self, reason, contact_id):
        """Leave a contact out."""
        self.stopped.setdefault(reason, []).append(contact_id)


class Assumptions(NamedTuple):
    """What a dry run assumes: naive UTC, ``tools.dry_run_dialer.Capacity`` without the group's part,
    shares by outcome, ``(wrap-up, per cent of conversations)``.
    """

    start: datetime
    end: datetime
    capacity: Capacity
    rates: dict
    wrap_ups: list


class EcmForecastReader(models.AbstractModel):
    """What a dry run needs of the records (requirement S9): read once, then only values."""

    _name = "ecm.forecast.reader"
    _description = "Reader of Dry Runs"

    @contextmanager
    def _assuming(self, campaign, values):
        """Have a campaign look as if it had other values, to whoever reads it from the cache.
        Nothing is stored, and nothing is locked.

        :param values: ``{field: record}``
        """
        self.env.flush_all()
        for name, record in values.items():
            campaign._fields[name]._update_cache(campaign, record.id)
        try:
            yield
        finally:
            campaign.invalidate_recordset(list(values), flush=False)

    def _get_scenario(self, campaign, rules, assumed):
        """All that holds for every contact.

        :param rules: of all gates, as `_read_contacts` has them
        :param assumed: `Assumptions`
        :rtype: tools.dry_run.Scenario
        """
        outcomes = self.env["ecm.outcome"].sudo().with_context(active_test=False).search([])
        hours = campaign._get_campaign_hours(assumed.start)[campaign.id]

        # An attempt may end in outcomes that nobody uses any longer: archived ones count too.
        return Scenario(
            start=assumed.start.replace(tzinfo=UTC),
            end=assumed.end.replace(tzinfo=UTC),
            capacity=self._add_group(campaign, assumed.capacity),
            outcomes={outcome.code: outcome._get_decision_outcome() for outcome in outcomes},
            rates=assumed.rates,
            plans={kind: campaign._get_plan(kind) for kind in CALLBACKS},
            rules=rules,
            hours=hours,
            callbacks=campaign._get_callbacks(),
            retries_first=campaign.retry_order == "before",
            by_priority=campaign.dial_order == "priority",
            wrap_ups=assumed.wrap_ups,
        )

    def _add_group(self, campaign, capacity):
        """The capacity, bounded by the buffer of the campaign's group, of which its other running
        campaigns have their parts.
        """
        group = campaign._get_acting_group()
        if not group:
            return capacity
        members = campaign | group.campaign_ids.filtered("is_running")
        weights = {member.id: member.deliverable_percentage for member in members}
        total = sum(weights.values())
        part = weights[campaign.id] / total if total else 1.0
        return replace(capacity, pacing=group._get_pacing(), part=part)

    def _read_contacts(self, campaign, start, share, contact_list):
        """Read the pending contacts, and leave out those that a gate stops for good.

        :param start: naive UTC
        :param share: of the contacts to look at; which ones depends on nothing but their ids
        :param contact_list: whose contacts to read, as if they were the campaign's; none for all
            that are
        :rtype: Sample
        """
        self.env.flush_all()
        rows = self.env["ecm.contact"]._read_pending(campaign, share, contact_list)
        if contact_list and contact_list.campaign_id != campaign:
            rows = [_adopt(row, campaign) for row in rows]
        gates = self._read_gates(campaign, [row.candidate for row in rows], start)
        sample = Sample([rule for _gate, rule in gates], len(rows))

        # What was tried before counts for the rules that limit how often.
        uses = self._read_uses(campaign, rows)
        if campaign.dial_order == "field":
            rows = _in_order(rows, campaign.order_descending)
        for row in rows:
            contact = self._prepare_contact(campaign, row, gates, start, sample)
            if contact:
                self._set_uses(contact, uses.get(row.candidate.contact_id, ()))
                sample.contacts.append(contact)
        return sample

    def _read_gates(self, campaign, candidates, start):
        """:return: list of ``(gate, its rule, which knows these candidates)``"""
        gates = []
        for gate, known in self.env["ecm.engine"]._get_rules(campaign, start):
            gates.append((gate, gate._read_candidates(known, candidates, start)))
        return gates

    def _prepare_contact(self, campaign, row, gates, start, sample):
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
            return self._make_contact(campaign, replace(row, candidate=drawn), start)

        # A gate that says until when stops it for a while only.
        later = verdict.until if isinstance(verdict, Wait | Hold) else None
        if verdict is not None and not later:
            sample.stop(gate._describe(verdict).rstrip("."), contact_id)
            return None
        if not (row.is_ready or row.due or later):
            label = get_label(self.env, "ecm.contact", "block_reason", row.block_reason)
            sample.stop(label or self.env._("No time is planned"), contact_id)
            return None
        earliest = max(start, later) if later else start
        return self._make_contact(campaign, row, earliest)

    def _judge_contact(self, gates, candidate, start):
        """Ask the gates that look at the contact.

        :return: ``(the verdict that stops it or None, its gate)``
        """
        for gate, rule in gates:
            if not gate._looks_at_contact():
                break
            # A gate may narrow the contact for those behind it.
            judged = rule.judge(candidate, start)
            if not isinstance(judged, Candidate):
                return judged, gate
            candidate = judged
        return None, None

    def _make_contact(self, campaign, row, earliest):
        """:param earliest: naive UTC
        :rtype: tools.dry_run.SimulatedContact
        """
        due = earliest
        if not row.is_ready:
            # A contact that is held is due when it was before.
            planned = row.due or row.resume_at or earliest
            due = max(earliest, planned)
        return SimulatedContact(
            candidate=row.candidate,
            due=due.replace(tzinfo=UTC),
            rank=self._get_rank(campaign, row),
            is_retry=bool(row.is_retry),
        )

    def _get_rank(self, campaign, row):
        contact_id = row.candidate.contact_id
        if campaign.dial_order == "priority":
            return -row.priority, contact_id
        if campaign.dial_order == "field":
            return 0, row.place
        is_last_first = campaign.dial_order == "lifo"
        return 0, -contact_id if is_last_first else contact_id

    def _read_uses(self, campaign, rows):
        """What earlier tries came to, where a decision depends on it.

        :return: ``{contact id: list of ecm.attempt's Use}``
        """
        plans = [campaign._get_plan(kind) for kind in (None, "normal")]
        counts = any(plan.counts_uses or plan.cycle_limit is not None for plan in plans)
        counts = counts or bool(campaign.business_outcome_group_id._get_retries())
        if not counts and not campaign._get_callbacks():
            return {}
        # Who was never tried has nothing to count.
        tried = []
        for row in rows:
            candidate = row.candidate
            if candidate.counted or candidate.uncounted:
                tried.append(candidate.contact_id)
        return self.env["ecm.engine"]._group_uses(tried)

    def _set_uses(self, contact, earlier):
        """As the engine counts them for a decision."""
        for use in earlier:
            contact.misses += use.times if use.misses_agent else 0
            # A run through the strategy that is over counts for nothing else.
            if not use.is_same_run:
                continue
            contact.uses[use.key] = contact.uses.get(use.key, 0) + use.times
            contact.in_cycle += use.times if use.counts else 0


def _adopt(row, campaign):
    """A pending contact as if it were another campaign's: no target group there knows it."""
    candidate = replace(row.candidate, campaign_id=campaign.id, group_id=None, is_drawn=False)
    return replace(row, candidate=candidate, dial_key=None)


def _in_order(rows, is_descending):
    """Pending contacts with their places in the order of their keys.

    :param rows: list of ``Pending`` of the contacts' queue
    """
    by_key = sorted(rows, key=lambda row: (row.dial_key or "", row.candidate.contact_id))
    if is_descending:
        by_key.reverse()
    # Who has no key yet comes last, from whichever end it is read.
    by_key.sort(key=lambda row: row.dial_key is None)
    return [replace(row, place=place) for place, row in enumerate(by_key)]
