import logging
from datetime import timedelta
from functools import partial

from odoo import api, fields, models

from ...const import SENT_TO_DIALER
from ...exceptions import ChannelError, InDoubt, Rejected, Unavailable
from ...tools import strategy as decision
from ...tools.results import Outgoing, Receipt, Result

_logger = logging.getLogger(__name__)

RESULT_BATCH = 1000
SWEEP_BATCH = 2000
# Contacts that one transaction looks at to fill one campaign's share.
LOOK_AT_MOST = 5000
# A contact that the dialer refuses is offered again later, so that a wrong setting costs time and
# not contacts.
REFUSED_TRIES = 3
REFUSED_DELAY = timedelta(minutes=15)
REFUSED_CODE = "dialer_rejected"


class EcmEngine(models.AbstractModel):
    """The verbs feed, push, reconcile, apply results and sweep, for any channel that registers.

    Never lose, never call twice (requirement F6): *claim* writes the attempts and commits; the
    batch is sent while no transaction is open; the *receipt* is committed. A process that dies in
    between leaves attempts in state ``claimed``, and the next run asks the target about them before
    anything is sent again.
    """

    _name = "ecm.engine"
    _inherit = ["ecm.transaction.mixin"]
    _description = "Campaign Engine"

    # -- feed -----------------------------------------------------------------------------------------

    @api.model
    def _get_feed_target_models(self):
        """Names of the models that inherit ``ecm.feed.target``; channel modules extend it."""
        return []

    @api.model
    def _cron_feed(self):
        """*Contacts Feeder* (requirement F1): every target with running campaigns, one after the
        other.

        A target that fails is noted and left alone for a while; the others are fed all the same.
        """
        if not self.env["ecm.database.identity"]._may_call():
            return
        targets = self._get_due_targets(fields.Datetime.now())
        self._commit(remaining=len(targets))
        for target in targets:
            if not self._feed_safely(target):
                break

    def _get_due_targets(self, now):
        """Targets to feed, those fed longest ago first.

        :return: list of single records
        """
        targets = []
        for model in self._get_feed_target_models():
            records = self.env[model].search([("paused_until", "in", (False,))]) | self.env[
                model
            ].search([("paused_until", "<=", now)])
            targets += [
                record
                for record in records
                if record._get_running_campaigns() or record._has_unconfirmed()
            ]
        return sorted(
            targets,
            key=lambda target: target.last_feed_at or fields.Datetime.to_datetime("1970-01-01"),
        )

    def _feed_safely(self, target):
        """Feed one target; whatever it raises stays with it.

        :return: seconds left in this run of the scheduled action, 0 when it should stop
        """
        now = fields.Datetime.now()
        target.invalidate_recordset(["paused_until"])
        if target._is_paused(now):  # another target of the same service has failed
            return self._commit(processed=1)
        try:
            if self._feed_target(target) is not None:
                self._atomically(lambda: target._note_success(now))
        except ChannelError as error:
            _logger.info("%s cannot be fed: %s", target.display_name, error)
            self._atomically(partial(target._note_failure, error, now))
        except Exception:
            _logger.exception("Feeding %s failed", target.display_name)
            self._rollback()
            self._atomically(
                lambda: target._note_failure(
                    self.env._("Unexpected error: see the server's log."), now
                )
            )
        return self._commit(processed=1)

    def _feed_target(self, target):
        """Send ready contacts to one target until it has no room or there are none.

        :return: how many contacts were sent, ``None`` when another process is at it
        :raise exceptions.ChannelError: the target failed; nothing is lost
        :raise UserError: this database is a copy
        """
        self.env["ecm.database.identity"]._check()
        sent = 0
        with self._exclusively(target) as is_ours:
            if not is_ours:
                return None
            self._reconcile(target)
            campaigns = self._get_open_campaigns(target)
            while (batch := self._claim_next(target, campaigns)) is not None:
                sent += self._push(target, batch) if batch else 0
        self._forget()
        return sent

    def _get_open_campaigns(self, target):
        """Running campaigns of a target inside their calling hours (requirement C4)."""
        campaigns = target._get_running_campaigns()
        windows = campaigns._get_windows(fields.Datetime.now())
        return campaigns.filtered(lambda campaign: windows[campaign.id].is_open)

    # -- claim ----------------------------------------------------------------------------------------

    def _claim_next(self, target, campaigns):
        """One claim, committed.

        :return: list of ``tools.results.Outgoing``, empty when all that was looked at is blocked;
        ``None`` at the end
        """
        with self._hold_ledger(campaigns):
            return self._atomically(lambda: self._claim(target, campaigns))

    def _claim(self, target, campaigns):
        """Take ready contacts, fairly over the campaigns that share the target, and write their
        attempts.

        A campaign that was stopped meanwhile is not fed.

        :return: list of ``tools.results.Outgoing``, at most one request's worth; empty when all
            that was looked at is blocked, ``None`` when nothing was there to look at
        """
        self.env.flush_all()
        hungry = self._get_hungry(campaigns)
        pools = hungry.group_id._get_rooms()
        room = min(target._get_room(), target._get_batch_size())
        batch, is_over = [], True
        while parts := self._divide(room - len(batch), hungry, pools):
            for campaign, part in parts:
                taken, looked_at = self._claim_from(campaign, target, part)
                batch += taken
                is_over = is_over and not looked_at
                if campaign.group_id:
                    pools[campaign.group_id.id] -= len(taken)
                if len(taken) < part:
                    hungry -= campaign
        return None if is_over else batch

    def _claim_from(self, campaign, target, limit):
        """Claim up to ``limit`` contacts of one campaign; those that a gate blocks are moved, with
        the reason.

        :return: ``(list of Outgoing, number of contacts looked at)``
        """
        now = fields.Datetime.now()
        contacts = self.env["ecm.contact"]
        contacts._promote_due(campaign, now, max(limit, RESULT_BATCH))
        claimed, looked_at = [], 0
        while len(claimed) < limit and looked_at < LOOK_AT_MOST:
            missing = limit - len(claimed)
            # what was looked at so far was blocked, and the same number may be blocked behind it
            candidates = contacts._lock_ready(campaign, max(missing, looked_at))
            if not candidates:
                break
            passed = self._pass_gates(campaign, candidates, now)[:missing]
            claimed += self._write_claims(campaign, target, passed, now)
            looked_at += len(candidates)
        return claimed, looked_at

    def _write_claims(self, campaign, target, candidates, now):
        """Write the attempts of contacts that passed every gate.

        :param candidates: list of ``tools.gates.Candidate`` with their attempt
        """
        keys = self.env["ecm.attempt"]._reserve_keys(len(candidates)) if candidates else []
        attempts, contacts, outgoing = [], [], []
        for (attempt_id, key), candidate in zip(keys, candidates, strict=True):
            contact_id, attempt = candidate.contact_id, candidate.attempt
            attempts.append(
                (attempt_id, key, contact_id, attempt.position, attempt.cycle, attempt.number)
            )
            contacts.append((contact_id, attempt_id, attempt.number, candidate.callback))
            outgoing.append(
                Outgoing(
                    attempt_id,
                    key,
                    contact_id,
                    attempt.number,
                    candidate.first_name,
                    candidate.last_name,
                )
            )
        self.env["ecm.attempt"]._insert_claimed(campaign, target, target._channel, attempts, now)
        self.env["ecm.contact"]._mark_sent(contacts, SENT_TO_DIALER, now)
        return outgoing

    # -- push -----------------------------------------------------------------------------------------

    def _push(self, target, batch):
        """Send claimed contacts and commit what became of them.

        A batch that is refused for what it holds is halved until what spoils it stands alone. When
        two contacts in a row are refused before any was accepted, the target is at fault and not
        the contacts.

        :return: how many were accepted
        :raise exceptions.ChannelError: nothing more can be sent to this target now
        """
        waiting, accepted, refused = [batch], 0, []
        try:
            while waiting:
                part = waiting.pop()
                receipt = self._send_part(target, part, waiting)
                if receipt is None:
                    continue
                self._atomically(lambda: self._apply_receipt(part, receipt))  # noqa: B023  called at once
                accepted += len(receipt.accepted)
                refused += [outgoing for outgoing in part if outgoing.key in receipt.refused]
                if not accepted and len(refused) > 1:
                    raise Unavailable(
                        self.env._("Every contact is refused. Check the dialer's campaign.")
                    )
        except ChannelError:
            self._atomically(
                lambda: self._give_back([outgoing for part in waiting for outgoing in part])
            )
            raise
        finally:
            self._atomically(lambda: self._put_off(refused, bool(accepted)))
        return accepted

    def _send_part(self, target, part, waiting):
        """Send a part of a batch; one that is refused as a whole is halved onto ``waiting``.

        :return: the receipt, ``None`` when the part was halved
        """
        if waiting:
            self._atomically(
                lambda: self.env["ecm.attempt"]._stamp(
                    self._get_attempt_ids(part), fields.Datetime.now()
                )
            )
        try:
            return target._send(part)
        except InDoubt:
            raise
        except Rejected as error:
            if len(part) == 1:
                _logger.warning("%s refuses %s: %s", target.display_name, part[0].key, error)
                return Receipt(frozenset(), frozenset({part[0].key}))
            half = len(part) // 2
            waiting += [part[half:], part[:half]]
            return None
        except ChannelError:
            waiting.append(part)
            raise

    def _apply_receipt(self, batch, receipt):
        """What the target took is sent."""
        accepted = [outgoing.attempt_id for outgoing in batch if outgoing.key in receipt.accepted]
        self.env["ecm.attempt"]._mark_accepted(accepted)

    def _put_off(self, refused, others_accepted):
        """Refused contacts are offered again later, and closed in the end (requirement L8: never
        dropped silently).

        While nothing else was accepted either, a wrong setting is likely: the contacts get far more
        tries then.
        """
        decide = partial(self._decide_refused, tries=REFUSED_TRIES if others_accepted else None)
        self._apply_results([Result(outgoing.key, REFUSED_CODE) for outgoing in refused], decide)

    def _give_back(self, batch):
        """Contacts that were certainly not accepted are ready again, and no trace of a try stays."""
        attempt_ids = self._get_attempt_ids(batch)
        self.env["ecm.contact"]._release(attempt_ids)
        self.env["ecm.attempt"]._discard(attempt_ids)

    def _get_attempt_ids(self, batch):
        return [outgoing.attempt_id for outgoing in batch]

    # -- reconcile ------------------------------------------------------------------------------------

    def _reconcile(self, target):
        """Ask the target about sends that were never confirmed (requirement F6).

        What it knows was sent; what it does not know never took place and is ready again. While it
        cannot be asked, everything in doubt stays as it is.
        """
        before = fields.Datetime.now() - timedelta(seconds=target._get_doubt_seconds())
        doubtful = self.env["ecm.attempt"]._get_in_doubt(target, before)
        if not doubtful:
            return
        self._commit()
        known = target._find(set(doubtful))
        sent = [attempt_id for key, attempt_id in doubtful.items() if key in known]
        unsent = [attempt_id for key, attempt_id in doubtful.items() if key not in known]
        _logger.info(
            "%s: %d sends in doubt, %d were accepted", target.display_name, len(doubtful), len(sent)
        )
        self._atomically(lambda: self._settle_doubt(sent, unsent))

    def _settle_doubt(self, sent, unsent):
        self.env["ecm.attempt"]._mark_accepted(sent)
        self.env["ecm.contact"]._release(unsent)
        self.env["ecm.attempt"]._discard(unsent)

    # -- results --------------------------------------------------------------------------------------

    @api.model
    def _apply_results(self, results, decide=None):
        """Record results and decide what follows (requirement F2). Applying one twice changes
        nothing.

        Runs in the caller's transaction, so that a watermark can be saved with it.

        :param results: list of ``tools.results.Result``; keys that are not ours are passed over
        :param decide: another decision than the strategy's, called like ``tools.strategy.decide``
        :return: ids of the attempts that got a result now
        """
        by_key = {result.key: result for result in results}
        if not by_key:
            return []
        self.env.flush_all()
        now = fields.Datetime.now()
        rows = [
            row for row in self.env["ecm.attempt"]._lock_by_key(by_key) if row["state"] != "done"
        ]
        ends = self._read_ends(rows, by_key)
        lives = self._get_lives([row for row in rows if self._is_current(row)], ends)
        decisions = [
            self._decide(life, ends[life.attempt_id], now, decide or decision.decide)
            for life in lives
        ]
        self.env["ecm.attempt"]._record_results(
            [
                (
                    row["id"],
                    not self._is_current(row),
                    end.result,
                    end.outcome_id,
                    end.business_outcome_id,
                )
                for row, end in ((row, ends[row["id"]]) for row in rows)
            ],
            now,
        )
        self.env["ecm.contact"]._apply_decisions(decisions, now)
        listed = {
            row.contact_id
            for row in decisions
            if getattr(row.decision, "state", None) == decision.DNC_LISTED
        }
        self._suppress(
            {
                row["number"]
                for row in rows
                if ends[row["id"]].suppresses or row["contact_id"] in listed
            }
        )
        attempt_ids = [row["id"] for row in rows]
        self._after_results(attempt_ids)
        return attempt_ids

    def _is_current(self, row):
        """Whether a try is the one that its contact waits for."""
        return row["contact_state"] == SENT_TO_DIALER and row["current_attempt_id"] == row["id"]

    def _suppress(self, numbers):
        """Remember the numbers whose owners do not want to be called (requirement S6), also from
        late results.
        """
        self.env["ecm.dnc.list"]._suppress(numbers - {None})

    def _get_outcomes(self):
        """:return: ``{code: (outcome id, tools.strategy.Outcome)}``"""
        outcomes = self.env["ecm.outcome"].sudo().with_context(active_test=False).search([])
        return {outcome.code: (outcome.id, outcome._get_decision_outcome()) for outcome in outcomes}

    @api.model
    def _decide_refused(self, plan, phones, position, outcome, counters, now, *_unused, tries=None):
        """The same attempt again after a delay that doubles, until the tries are used up.

        :param tries: how many, ``None`` for as many as the strategy allows
        """
        if counters.uncounted >= (tries or plan.max_uncounted):
            return decision.Close(decision.NOT_CONNECTED, "refused")
        at = now + REFUSED_DELAY * 2 ** min(counters.uncounted - 1, 10)
        again = decision.attempt_from(plan, phones, position, at, outcome.code, counters.cycle)
        return again or decision.Close(decision.NOT_CONNECTED, decision.NO_NUMBER)

    def _after_results(self, attempt_ids):
        """Hook for what follows a result elsewhere (CRM, webhooks); runs in the same transaction."""
        self._forget()

    def _forget(self):
        """Drop what the cache holds of rows that were changed by SQL."""
        self.env["ecm.attempt"].invalidate_model()
        self.env["ecm.contact"].invalidate_model()

    # -- sweep ----------------------------------------------------------------------------------------

    @api.model
    def _cron_sweep_dangling(self):
        """Close contacts whose result never came (requirement F4); where none are read, none are
        missing.
        """
        if not self.env["ecm.database.identity"]._may_call():
            return
        self.env.flush_all()
        while self._atomically(
            lambda: self.env["ecm.attempt"]._sweep_dangling(fields.Datetime.now(), SWEEP_BATCH)
        ):
            continue
        self._forget()
