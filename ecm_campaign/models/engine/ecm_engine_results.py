from dataclasses import dataclass
from datetime import UTC, datetime

from odoo import models

from ...const import PHONE_FIELDS
from ...tools.results import Decided, Result
from ...tools.strategy import WRAP_UP_PREFIX, Callbacks, Counters, Outcome, Plan, WrapUp


@dataclass(frozen=True, slots=True)
class End:
    """How a try ended, in our words."""

    result: Result
    outcome_id: int
    outcome: Outcome
    business_outcome_id: int | None
    wrap_up: WrapUp | None

    @property
    def suppresses(self):
        """Whether the person must not be contacted again."""
        asks = bool(self.wrap_up and self.wrap_up.rule and self.wrap_up.rule.suppress)
        return self.outcome.suppresses or asks


@dataclass(frozen=True, slots=True)
class Life:
    """A contact whose try ended, as the decision takes it."""

    contact_id: int
    attempt_id: int
    position: int
    phones: tuple[str | None, ...]
    plan: Plan
    callbacks: Callbacks | None
    counters: Counters


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


class EcmEngine(models.AbstractModel):
    """From a channel's results to what `tools.strategy.decide` takes (requirements S1, S3, S6, S7)."""

    _inherit = "ecm.engine"

    def _read_ends(self, rows, by_key):
        """:return: ``{attempt id: End}``"""
        outcomes = self._get_outcomes()
        wrap_ups = self._get_wrap_ups({row["campaign_id"] for row in rows})
        ends = {}
        for row in rows:
            result = by_key[row["key"]]
            outcome_id, outcome = outcomes.get(result.outcome_code) or outcomes["unknown"]
            text = (result.wrap_up or "").strip().lower()
            business_outcome_id, wrap_up = wrap_ups[row["campaign_id"]].get(text, (None, None))
            ends[row["id"]] = End(result, outcome_id, outcome, business_outcome_id, wrap_up)
        return ends

    def _get_wrap_ups(self, campaign_ids):
        """:return: ``{campaign id: {wrap-up text in small letters: (business outcome id,
        tools.strategy.WrapUp)}}``
        """
        campaigns = self.env["ecm.campaign"].sudo().browse(campaign_ids)
        return {
            campaign.id: campaign.business_outcome_group_id._get_wrap_ups()
            for campaign in campaigns
        }

    def _get_lives(self, rows, ends):
        """Contacts that wait for these tries, with their counters including them.

        :return: list of `Life`, in the order of the rows
        """
        plans = self._get_plans(rows)
        counting = [
            row["contact_id"] for row in rows if self._needs_uses(row, plans, ends[row["id"]])
        ]
        uses = self._group_uses(counting)
        return [
            Life(
                contact_id=row["contact_id"],
                attempt_id=row["id"],
                position=row["position"],
                phones=tuple(row[name] for name in PHONE_FIELDS),
                plan=plans[row["campaign_id"], row["callback"]][0],
                callbacks=plans[row["campaign_id"], row["callback"]][1],
                counters=self._get_counters(row, ends[row["id"]], uses.get(row["contact_id"], ())),
            )
            for row in rows
        ]

    def _get_plans(self, rows):
        """:return: ``{(campaign id, callback): (tools.strategy.Plan, tools.strategy.Callbacks or
        None)}``
        """
        campaigns = self.env["ecm.campaign"].sudo()
        found = {}
        for campaign_id, callback in {(row["campaign_id"], row["callback"]) for row in rows}:
            campaign = campaigns.browse(campaign_id)
            found[campaign_id, callback] = campaign._get_plan(callback), campaign._get_callbacks()
        return found

    def _needs_uses(self, row, plans, end):
        """Whether a decision depends on what the contact's earlier tries came to."""
        plan = plans[row["campaign_id"], row["callback"]][0]
        rule = end.wrap_up and end.wrap_up.rule
        limited = bool(rule and rule.max_retry is not None)
        return limited or plan.counts_uses or plan.cycle_limit is not None or bool(row["callback"])

    def _group_uses(self, contact_ids):
        """:return: ``{contact id: rows of ecm.attempt._get_uses without it}``"""
        uses = {}
        if contact_ids:
            for contact_id, *use in self.env["ecm.attempt"]._get_uses(contact_ids):
                uses.setdefault(contact_id, []).append(use)
        return uses

    def _get_counters(self, row, end, earlier):
        """Counters of a contact, the try that just ended included.

        :param earlier: ``(whether in the same run, position, outcome code, wrap-up code, counts,
            misses the agent, number of tries)`` each
        """
        outcome = end.outcome
        code = end.wrap_up.code if end.wrap_up else None
        own = (
            True,
            row["position"],
            outcome.code,
            code,
            outcome.counts_as_attempt,
            outcome.misses_agent,
            1,
        )
        uses, in_cycle, misses = {}, 0, 0
        for is_same_run, position, outcome_code, wrap_up, counts, misses_agent, times in (
            *earlier,
            own,
        ):
            misses += times if misses_agent else 0
            if not is_same_run:
                continue
            for key in ((position, outcome_code), (0, f"{WRAP_UP_PREFIX}{wrap_up}")):
                uses[key] = uses.get(key, 0) + times
            in_cycle += times if counts else 0
        return Counters(
            counted=row["attempt_count"] + (1 if outcome.counts_as_attempt else 0),
            uncounted=row["uncounted_count"] + (0 if outcome.counts_as_attempt else 1),
            cycle=row["cycle"],
            in_cycle=in_cycle,
            uses=uses,
            callback=row["callback"],
            callback_since=_aware(row["callback_since"]),
            agent_misses=misses,
        )

    def _decide(self, life, end, now, decide):
        """One contact's next step.

        :param decide: `tools.strategy.decide`, or another that is called like it
        :rtype: tools.results.Decided
        """
        choice = decide(
            life.plan,
            life.phones,
            life.position,
            end.outcome,
            life.counters,
            now.replace(tzinfo=UTC),
            end.wrap_up,
            life.callbacks,
        )
        counters = life.counters
        return Decided(
            life.contact_id,
            counters.counted,
            counters.uncounted,
            choice,
            end.outcome_id,
            end.result.agent or None,
        )
