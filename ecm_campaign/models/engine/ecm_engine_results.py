from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.results import Decided, Result, Wish
from ...tools.strategy import (
    CALLBACK,
    DNC_LISTED,
    NO_NUMBER,
    NOT_CONNECTED,
    Callbacks,
    Close,
    Counters,
    NextAttempt,
    Outcome,
    Plan,
    WrapUp,
    attempt_from,
    decide,
)
from ..contact.ecm_attempt import Promised, Recorded, Use

# What they share, as the strategies, is read again in each transaction.
RESULT_BATCH = 2000
# A target did not take a contact; the engine itself says so.
REFUSED_CODE = "dialer_rejected"
# A contact that is refused is offered again later, doubled with each refusal.
REFUSED_DELAY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended, in our words."""

    result: Result
    outcome_id: int
    outcome: Outcome
    business_outcome_id: int | None
    wrap_up: WrapUp | None

    @property
    def suppresses(self):
        """Whether the person must not be contacted again."""
        rule = self.wrap_up and self.wrap_up.rule
        return self.outcome.suppresses or bool(rule and rule.suppress)


@dataclass(frozen=True, slots=True)
class Case:
    """A contact whose attempt ended, as the decision takes it."""

    contact_id: int
    attempt_id: int
    position: int
    phones: tuple[str | None, ...]
    plan: Plan
    callbacks: Callbacks | None
    counters: Counters


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


class EcmEngineResults(models.AbstractModel):
    """From a channel's results to what follows (requirements F2, S1, S3, S6, S7).

    It does not matter how a result came: a channel that is asked and one that is told apply them
    alike.
    """

    _name = "ecm.engine.results.mixin"
    _description = "Results of the Campaign Engine"

    @api.model
    def _apply_results(self, results, choose=decide):
        """Record results and decide what follows. Applying one twice changes nothing.

        Runs in the caller's transaction, so that a watermark can be saved with it.

        :param results: list of ``tools.results.Result``; keys that are not ours are passed over
        :param choose: another decision than the strategy's, called like ``tools.strategy.decide``
        :return: ids of the attempts that got a result now
        """
        by_key = {result.key: result for result in results}
        if not by_key:
            return []
        self.env.flush_all()
        now = fields.Datetime.now()
        corrected = [result.key for result in results if result.corrects]
        rows = self.env["ecm.attempt"]._lock_by_key(by_key, corrected)
        if not rows:
            return []
        endings = self._get_endings(rows, by_key)

        # Late results are recorded, and lead to nothing.
        cases = self._get_cases([row for row in rows if row.is_current], endings)
        decided = [self._decide(case, endings[case.attempt_id], now, choose) for case in cases]
        recorded = [_get_recorded(row, endings[row.id]) for row in rows]
        self.env["ecm.attempt"]._record_results(recorded, now)
        self.env["ecm.contact"]._apply_decisions(decided, now)

        # Somebody who does not want to be called is remembered before anything else goes on.
        self.env["ecm.dnc.list"]._suppress(self._get_wishes(rows, endings, decided))
        attempt_ids = [row.id for row in rows]
        self._chain_ended(attempt_ids)
        self._after_results(attempt_ids)
        return attempt_ids

    @api.model
    def _note_promises(self, promises):
        """Callbacks that agents have arranged on a channel that makes them itself (requirement S7).

        The contact is a callback from then on, and awaits the same attempt: it is sent to nobody
        meanwhile. What the channel's callback comes to is judged as the callback strategy's first
        attempt. Noting one twice changes nothing; one that was moved is noted anew.

        :param promises: list of ``tools.results.Promise``; keys that are not ours, or whose result
            is not awaited, are passed over
        """
        by_key = {promise.key: promise for promise in promises}
        if not by_key:
            return
        self.env.flush_all()
        promised = []
        for row in self.env["ecm.attempt"]._lock_by_key(by_key):
            if row.is_current:
                promised.append(self._get_promised(row, by_key[row.key]))

        # The contacts first: what the attempts say tells which of the callbacks are new.
        self.env["ecm.contact"]._await_callbacks(promised, fields.Datetime.now())
        self.env["ecm.attempt"]._note_promises(promised)
        self._drop_cached_rows()

    def _get_promised(self, row, promise):
        """:param row: `ecm.attempt`'s Ended
        :rtype: Promised
        """
        callbacks = self.env["ecm.campaign"].sudo().browse(row.campaign_id)._get_callbacks()
        return Promised(
            attempt_id=row.id,
            contact_id=row.contact_id,
            at=promise.at,
            number=promise.number,
            agent=promise.agent,
            takes_over=bool(callbacks),
            resets=bool(callbacks) and callbacks.begins_anew,
        )

    def _after_results(self, attempt_ids):
        """Hook for what follows a result elsewhere (CRM, webhooks), in the same transaction."""
        self._drop_cached_rows()

    # -- what happened ----------------------------------------------------------------------------

    def _get_endings(self, rows, by_key):
        """:return: ``{attempt id: Ending}``"""
        outcomes = self._get_outcomes()
        wrap_ups = self._get_wrap_ups({row.campaign_id for row in rows})
        endings = {}
        for row in rows:
            result = by_key[row.key]
            outcome_id, outcome = outcomes.get(result.outcome_code) or outcomes["unknown"]
            # Agents write wrap-ups in whatever case.
            text = (result.wrap_up or "").strip().lower()
            business_outcome_id, wrap_up = wrap_ups[row.campaign_id].get(text, (None, None))
            endings[row.id] = Ending(result, outcome_id, outcome, business_outcome_id, wrap_up)
        return endings

    def _get_outcomes(self):
        """:return: ``{code: (outcome id, tools.strategy.Outcome)}``"""
        outcomes = self.env["ecm.outcome"].sudo().with_context(active_test=False).search([])
        found = {}
        for outcome in outcomes:
            found[outcome.code] = outcome.id, outcome._get_decision_outcome()
        return found

    def _get_wrap_ups(self, campaign_ids):
        """:return: ``{campaign id: {wrap-up text in small letters: (business outcome id,
        tools.strategy.WrapUp)}}``
        """
        found = {}
        for campaign in self.env["ecm.campaign"].sudo().browse(campaign_ids):
            found[campaign.id] = campaign.business_outcome_group_id._get_wrap_ups()
        return found

    # -- what follows -----------------------------------------------------------------------------

    def _get_cases(self, rows, endings):
        """Contacts that await these attempts, with their counters including them.

        :return: list of `Case`, in the order of the rows
        """
        plans = self._get_plans(rows)
        counting = []
        for row in rows:
            if self._needs_uses(row, plans, endings[row.id]):
                counting.append(row.contact_id)
        # Earlier attempts are read for those alone whose decision depends on them.
        uses, cases = self._group_uses(counting, [row.id for row in rows]), []
        for row in rows:
            plan, callbacks = plans[row.campaign_id, row.callback]
            earlier = uses.get(row.contact_id, ())
            case = Case(
                contact_id=row.contact_id,
                attempt_id=row.id,
                position=row.position,
                phones=tuple(row.phones),
                plan=plan,
                callbacks=callbacks,
                counters=self._get_counters(row, endings[row.id], earlier),
            )
            cases.append(case)
        return cases

    def _get_plans(self, rows):
        """:return: ``{(campaign id, callback): (tools.strategy.Plan, tools.strategy.Callbacks or
        None)}``
        """
        campaigns, found = self.env["ecm.campaign"].sudo(), {}
        for row in rows:
            key = row.campaign_id, row.callback
            # Many rows share few campaigns.
            if key in found:
                continue
            campaign = campaigns.browse(row.campaign_id)
            plan = campaign._get_plan(row.callback)
            found[key] = plan, campaign._get_callbacks()
        return found

    def _needs_uses(self, row, plans, ending):
        """Whether a decision depends on what the contact's earlier attempts came to."""
        plan, _callbacks = plans[row.campaign_id, row.callback]
        if row.callback or plan.counts_uses or plan.cycle_limit is not None:
            return True
        # A wrap-up's rule may say how often.
        rule = ending.wrap_up and ending.wrap_up.rule
        is_limited = bool(rule and rule.max_retry is not None)
        return is_limited or ending.outcome.code == REFUSED_CODE

    def _group_uses(self, contact_ids, besides=()):
        """:param besides: ids of the attempts that have just ended
        :return: ``{contact id: list of ecm.attempt's Use}``"""
        uses = {}
        if contact_ids:
            for use in self.env["ecm.attempt"]._get_uses(contact_ids, besides):
                uses.setdefault(use.contact_id, []).append(use)
        return uses

    def _get_counters(self, row, ending, earlier):
        """Counters of a contact, the attempt that just ended included.

        :param earlier: list of ecm.attempt's ``Use``
        """
        uses, in_cycle, misses = {}, 0, 0
        for use in (*earlier, _get_own_use(row, ending)):
            misses += use.times if use.misses_agent else 0
            # An earlier run through the strategy is over: its rules begin anew.
            if not use.is_same_run:
                continue
            uses[use.key] = uses.get(use.key, 0) + use.times
            in_cycle += use.times if use.counts else 0

        counts = ending.outcome.counts_as_attempt
        return Counters(
            counted=row.attempt_count + counts,
            uncounted=row.uncounted_count + (not counts),
            cycle=row.cycle,
            in_cycle=in_cycle,
            uses=uses,
            callback=row.callback,
            callback_since=_aware(row.callback_since),
            callback_due=_aware(row.callback_due),
            agent_misses=misses,
            number=row.number,
        )

    def _decide(self, case, ending, now, choose):
        """One contact's next step.

        :param choose: `tools.strategy.decide`, or another that is called like it
        :rtype: tools.results.Decided
        """
        choice = choose(
            case.plan,
            case.phones,
            case.position,
            ending.outcome,
            case.counters,
            now.replace(tzinfo=UTC),
            ending.wrap_up,
            case.callbacks,
        )
        choice = _at_wish(choice, ending.result.callback_at)
        # Whoever talked to the customer: a personal callback is that agent's.
        agent = ending.result.agent or None
        return Decided(
            case.contact_id,
            case.counters.counted,
            case.counters.uncounted,
            choice,
            ending.outcome_id,
            agent,
        )

    @api.model
    def _decide_refused(self, plan, phones, position, outcome, counters, now, *_unused, tries=None):
        """The same attempt again after a delay that doubles with each refusal, until it was refused
        too often.

        :param tries: how many refusals, ``None`` for as many failures of any kind as the strategy
            allows
        """
        refusals = counters.uses[position, outcome.code]
        is_over = counters.uncounted >= plan.max_uncounted
        if tries:
            is_over = refusals >= tries
        if is_over:
            return Close(NOT_CONNECTED, "refused")

        # The first refusal is counted already; the days end somewhere.
        doubled = 2 ** min(refusals - 1, 10)
        at = now + REFUSED_DELAY * doubled
        again = attempt_from(plan, phones, position, at, outcome.code, counters.cycle)
        return again or Close(NOT_CONNECTED, NO_NUMBER)

    # -- do not contact ---------------------------------------------------------------------------

    def _get_wishes(self, rows, endings, decided):
        """Who does not want to be contacted again (requirement S6), also from late results.

        :return: list of ``tools.results.Wish``
        """
        listed = set()
        for row in decided:
            choice = row.decision
            if isinstance(choice, Close) and choice.state == DNC_LISTED:
                listed.add(row.contact_id)

        models = self._get_target_models()
        said = {model._channel: model._get_wish_text() for model in models}
        wishes = []
        for row in rows:
            # The outcome, a wrap-up or the strategy's decision may say so.
            if endings[row.id].suppresses or row.contact_id in listed:
                phones, reason = tuple(row.phones), said.get(row.channel, "")
                wish = Wish(row.company_id, row.number, phones, row.account_number, reason)
                wishes.append(wish)
        return wishes

    # -- on to other campaigns --------------------------------------------------------------------

    def _chain_ended(self, attempt_ids):
        """Contacts go on to other campaigns in the transaction that decides on them (requirement
        C9).
        """
        self._chain(
            SQL(
                """SELECT contact_id, outcome_id, business_outcome_id, TRUE FROM ecm_attempt
                    WHERE id = ANY(%s) AND state = 'done' AND NOT is_late""",
                list(attempt_ids),
            )
        )

    def _chain_closed(self, contact_ids):
        """As `_chain_ended`, for contacts that a gate or a sweep has closed: what came last of them
        counts.
        """
        self._chain(
            SQL(
                """SELECT c.id, c.last_outcome_id,
                          (SELECT a.business_outcome_id FROM ecm_attempt a
                            WHERE a.contact_id = c.id ORDER BY a.id DESC LIMIT 1), FALSE
                     FROM ecm_contact c WHERE c.id = ANY(%s)""",
                list(contact_ids),
            )
        )

    def _chain(self, ends):
        """:param SQL ends: see ``ecm.contact._chain``"""
        # Chaining is rare: its statement costs something for every batch of results.
        if not self.env["ecm.campaign.chain"].sudo().search_count([], limit=1):
            return
        chained = self.env["ecm.contact"]._chain(ends, fields.Datetime.now())
        chained.campaign_id.filtered("is_running")._trigger_feed()


def _at_wish(choice, wished):
    """A callback is made when the customer wants it, where that is known.

    :param wished: naive UTC, or None
    """
    is_callback = isinstance(choice, NextAttempt) and choice.reason == CALLBACK
    if not (is_callback and wished):
        return choice
    return replace(choice, at=max(choice.at, _aware(wished)))


def _get_own_use(row, ending):
    """The attempt that just ended, as `ecm.attempt` tells of earlier ones."""
    outcome, wrap_up = ending.outcome, ending.wrap_up
    return Use(
        contact_id=row.contact_id,
        is_same_run=True,
        position=row.position,
        outcome=outcome.code,
        wrap_up=wrap_up.code if wrap_up and wrap_up.rule else None,
        counts=outcome.counts_as_attempt,
        misses_agent=outcome.misses_agent,
        times=1,
    )


def _get_recorded(row, ending):
    """:param row: `ecm.attempt`'s Ended
    :rtype: Recorded
    """
    result = ending.result
    # A contact that no longer awaits this attempt was closed before its result came.
    return Recorded(
        attempt_id=row.id,
        is_late=not row.is_current,
        outcome_id=ending.outcome_id,
        raw_code=result.raw_code,
        agent=result.agent,
        duration_seconds=result.duration_seconds,
        wrap_up=result.wrap_up,
        reference=result.reference,
        called_at=result.called_at,
        business_outcome_id=ending.business_outcome_id,
    )
