import contextlib
import logging
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import chain

from odoo import api, fields, models
from odoo.tools import SQL

from ...exceptions import ChannelError, InDoubt, Rejected, Unavailable
from ...tools.ahead import Ahead
from ...tools.channel import Outgoing, Receipt
from ...tools.crash_points import reach
from ...tools.gates import Candidate, Skip, is_idle
from ...tools.pacing import split
from ...tools.results import Decided, Result
from ...tools.strategy import Close
from ...tools.turn import Turn
from ..campaign.ecm_target_group import GroupCount
from ..contact.ecm_attempt import Claimed
from ..contact.ecm_contact_queue import Left, Part, Sent
from .ecm_engine_results import REFUSED_CODE

_logger = logging.getLogger(__name__)

# How many waiting contacts of a campaign become ready in one transaction.
PROMOTE_AT_LEAST = 1000
# Contacts of a campaign that one transaction looks at to fill its share.
LOOK_AT_MOST = 5000
# A contact that is refused is offered again later, so that a wrong setting costs time and not
# contacts.
REFUSED_TRIES = 3
# So long after its claim a part leaves without another look at its hours and another stamp: to write
# each attempt once more takes as long as to claim it. Moments are written in whole seconds.
STAMP_AFTER = timedelta(seconds=3)
# And this is the longest time that a stamp is old where its part leaves: others may go before it.
LEAVES_WITHIN = STAMP_AFTER + timedelta(seconds=1)

LEDGER = SQL("hashtext('ecm:ledger')")


class EcmEngine(models.AbstractModel):
    """The verbs feed, claim, push and reconcile, for any channel that registers.

    Never lose, never call twice (requirement F6): *claim* writes the attempts and commits; the
    batch is sent while no transaction is open; the *receipt* is committed. A process that dies in
    between leaves attempts in state ``claimed``, and the next run asks the target about them before
    anything is sent again.
    """

    _name = "ecm.engine"
    _inherit = [
        "ecm.engine.results.mixin",
        "ecm.engine.sweep.mixin",
        "ecm.engine.recall.mixin",
        "ecm.engine.explain.mixin",
        "ecm.transaction.mixin",
    ]
    _description = "Campaign Engine"

    # -- channels ---------------------------------------------------------------------------------

    @api.model
    def _get_target_models(self):
        """Every kind of feed target that modules bring.

        :return: list of empty recordsets, of the models that inherit ``ecm.feed.target``
        """
        names = self.env.registry["ecm.feed.target"]._inherit_children
        found = []
        for name in names:
            # A mixin between a module's target and the port is no target.
            if not self.env[name]._abstract:
                found.append(self.env[name])
        return found

    @api.model
    def _get_channels(self):
        """Every channel that strategies and rules may name: those that are known, and those that
        modules bring.

        :return: list of ``(code, label)``
        """
        # Those that strategies may name before a module sends on them.
        channels = {"voice": self.env._("Voice"), "sms": self.env._("SMS")}
        for model in self._get_target_models():
            channels[model._channel] = model._get_channel_label()
        return list(channels.items())

    # -- feed -------------------------------------------------------------------------------------

    @api.model
    def _cron_keep_feeders(self):
        """*Upkeep of Feeders*: the scheduled action of every owner is there, and is as its owner
        is; in a copy of the database it is switched off. Then all turns begin.

        Odoo's workers look for work once a minute each, at different moments. They are woken
        together here: when the one that would have looked next hangs at a dialer, nobody waits
        for the next but one.
        """
        self.env["ecm.database.identity"]._may_call()
        for model in self._get_owner_models():
            owners = model.with_context(active_test=False).search([])
            self._atomically(owners._keep_actions)
            self._atomically(owners._trigger_turn)

    def _get_owner_models(self):
        """Every kind of record that has turns of its own.

        :return: list of empty recordsets, of the models that inherit ``ecm.feed.owner``
        """
        names = self.env.registry["ecm.feed.owner"]._inherit_children
        models_of_owners = [self.env[name] for name in names]
        return [model for model in models_of_owners if not model._abstract]

    def _feed_owner(self, owner):
        """*Contacts Feeder* (requirement F1): every target of an owner with running campaigns, one
        after the other.

        A target that fails is noted and left alone for a while; the others are fed all the same.
        When the time is up, what is left waits for the next turn, which comes soon.
        """
        now = fields.Datetime.now()
        groups = self.env["ecm.campaign.group"]
        self._atomically(lambda: groups._adapt_buffers(now))

        # Whose hours end comes first: others' requests may take longer than is left.
        for target in owner._get_targets():
            if not self._recall_safely(target):
                break
        # Hours that end are the law's: that is the one thing that is tried all the same.
        if owner._is_left_alone("sending", fields.Datetime.now()):
            return
        turn = Turn()
        targets = self._get_due_targets(owner, fields.Datetime.now())
        for place, target in enumerate(targets):
            # The first one is fed in any case: it waits longest.
            if place and not turn.goes_on():
                break
            self._feed_safely(target, turn)
        if turn.is_cut:
            owner._trigger_turn()
            self._commit()

    def _get_due_targets(self, owner, now):
        """Targets of an owner to feed, those fed longest ago first.

        :return: list of single records
        """
        able = owner._get_targets().filtered(lambda target: not target._is_paused(now))
        # Most have nothing to do: that is asked of all at once.
        with_campaigns, holding, due = able._filter_running(), able._filter_holding(), []
        for target in able:
            is_due = target in with_campaigns
            # One that has nothing to send may still have sends to settle, or contacts to give back.
            if not is_due and target in holding:
                is_due = target._has_unconfirmed() or self._has_to_recall(target)
            if is_due:
                due.append(target)
        never = fields.Datetime.to_datetime("1970-01-01")
        return sorted(due, key=lambda target: target.last_feed_at or never)

    def _feed_safely(self, target, turn=None):
        """Feed one target; whatever it raises stays with it.

        :param turn: ``tools.turn.Turn`` that it is fed in; one of its own by default
        """
        now = fields.Datetime.now()
        target.invalidate_recordset(["paused_until", "failure_count"])
        # Another target of the same service may have failed since.
        if target._is_paused(now):
            return
        try:
            if self._feed_target(target, turn) is not None:
                self._note_success(target, now)
        except ChannelError as error:
            self._note_failure(target, error)
        except Exception:
            if self._is_lost():
                raise
            # Whatever it was, the other targets are fed all the same.
            _logger.exception("Feeding %s failed", target._get_log_name())
            self._rollback()
            self._pause(target, self.env._("Unexpected error: see the server's log."))
        self._commit(processed=1)

    def _note_success(self, target, now):
        self._log_recovery(target)
        self._atomically(lambda: target._note_success(now))
        reach("feed.succeeded")

    def _log_recovery(self, target):
        """Say that a target works again, before its failures are forgotten."""
        if target.failure_count:
            count = target.failure_count
            _logger.info("%s: works again after %d failures", target._get_log_name(), count)

    def _note_failure(self, target, error):
        name = target._get_log_name()
        # The first in a row calls for somebody, the others only tell that it goes on.
        level = logging.INFO if target.failure_count else logging.WARNING
        _logger.log(level, "%s: cannot be fed: %s", name, error)
        self._pause(target, error)

    def _pause(self, target, error):
        # The pause begins now: a request that hung may have taken longer than it lasts.
        now = fields.Datetime.now()

        def note():
            target._note_failure(error, now)
            if target._is_failure_of_owner(error):
                target._get_owner()._note_trouble("sending", error, now)

        self._atomically(note)
        reach("feed.paused")

    def _feed_target(self, target, turn=None):
        """Send ready contacts to one target until it has no room, there are none, or the turn is
        over: room may be made as fast as it is filled.

        :param turn: ``tools.turn.Turn``, one of its own by default
        :return: how many contacts were sent, ``None`` when another process is at it
        :raise exceptions.ChannelError: the target failed; nothing is lost
        :raise UserError: this database is a copy
        """
        self.env["ecm.database.identity"]._check()
        turn = turn or Turn()
        started = time.monotonic()
        # What is true of one of an owner's targets may be true of all: UCCX runs one import.
        with self._exclusively(target._get_owner()) as is_ours:
            if not is_ours:
                return None
            # What is in doubt is settled before anything is sent: nobody is called twice.
            self._reconcile(target)
            self._atomically(target._measure_pace)
            reach("feed.measured")
            self._recall(target)
            sent = self._send_ready(target, turn)
            self._atomically(target._note_held)
            reach("feed.ended")
        self._drop_cached_rows()

        # An operator reads the log: one line for what was sent, none for an idle minute.
        if sent:
            seconds = time.monotonic() - started
            _logger.info("%s: %d sent in %.1f s", target._get_log_name(), sent, seconds)
        return sent

    def _send_ready(self, target, turn):
        """:return: how many contacts were sent"""
        # Who is looked at again must not wait behind who was looked at by the old rules.
        if not self._release_changed(target, turn):
            return 0
        campaigns = self._get_open_campaigns(target)
        self._adopt_stranded(campaigns, target._channel)

        with self._open_ahead(target, campaigns) as ahead:
            try:
                sent = self._push_all(target, ahead, turn)
            except ChannelError:
                self._give_back_ahead(ahead)
                raise
            self._give_back_ahead(ahead)
        return sent

    def _open_ahead(self, target, campaigns):
        """What sends to a target and claims contacts of these campaigns meanwhile.

        :rtype: Ahead
        """
        # Before anything is claimed: the target's settings may be wrong.
        sender = target._get_sender()
        claim = partial(self._claim_next, target, campaigns)
        ahead = Ahead(sender, claim, partial(self._receive_noted, target))
        # Read once: what else fails there meanwhile is known at the next feed.
        ahead.is_careful = bool(target.failure_count)
        return ahead

    def _push_all(self, target, ahead, turn):
        """:return: how many contacts were sent"""
        sent = 0
        while (batch := ahead.next()) is not None:
            sent += self._push(target, ahead, batch, turn) if batch else 0
            if not turn.goes_on():
                break
        return sent

    def _give_back_ahead(self, ahead):
        """What was claimed and not sent certainly never took place."""
        ahead.settle()
        if unsent := ahead.take_unsent():
            self._give_back_unsent([unsent])

    def _get_open_campaigns(self, target):
        """Running campaigns of a target inside their calling hours (requirement C4) whose
        do-not-contact registries for its channel are fresh (N2).
        """
        campaigns = self._filter_open(target._get_running_campaigns(), target._channel)
        dnc_lists = self.env["ecm.dnc.list"]
        # Registries with an age are few: most databases need not look at each campaign.
        if not dnc_lists._has_outdated():
            return campaigns
        channel = target._channel
        return campaigns.filtered(lambda campaign: not dnc_lists._get_outdated(campaign, channel))

    def _adopt_stranded(self, campaigns, channel):
        """Take over contacts that wait on a channel that their campaign no longer contacts on,
        since it has another strategy or that one changed: nobody else would look at them.

        The claim then finds out on which channel they are due.
        """
        known = {code for code, _label in self._get_channels()}
        left = []
        for campaign in campaigns:
            unused = known.difference(campaign._get_channels())
            for code in sorted(unused):
                left.append(Left(campaign.id, code))
        if left:
            adopt = partial(self.env["ecm.contact"]._adopt_stranded, left, channel, LOOK_AT_MOST)
            self._atomically(adopt)
            reach("feed.adopted")

    def _filter_open(self, campaigns, channel):
        """Campaigns inside their hours for a channel now, whose group is not switched off."""
        campaigns -= campaigns.filtered(lambda campaign: campaign._get_switched_off_group())
        windows = campaigns._get_windows(fields.Datetime.now(), channel)
        return campaigns.filtered(lambda campaign: windows[campaign.id].is_open)

    # -- claim ------------------------------------------------------------------------------------

    def _claim_next(self, target, campaigns, requests=1):
        """One claim, committed.

        :param requests: for how many requests at most
        :return: list of ``tools.channel.Outgoing``, empty when all that was looked at is blocked;
            ``None`` at the end
        """
        with self._lock_ledger(campaigns):
            return self._atomically(lambda: self._claim(target, campaigns, requests))

    def _claim(self, target, campaigns, requests=1):
        """Take ready contacts, fairly over the campaigns that share the target, and write their
        attempts.

        Campaigns that were stopped or whose hours have ended since the feed began are not fed:
        their contacts stay ready.

        :return: list of ``tools.channel.Outgoing``, at most so many requests' worth; empty when all
            that was looked at is blocked, ``None`` when nothing was there to look at
        :raise exceptions.ChannelError: the target's keys are too long; nothing was written
        """
        self.env.flush_all()
        target._check_key_size(self.env["ecm.attempt"]._get_key_prefix())
        now, channel = fields.Datetime.now(), target._channel
        room = min(target._get_room(), target._get_claim_size(requests))
        if room <= 0:
            return None

        # Somebody may have stopped a campaign since the last claim, and its hours may be over.
        campaigns.invalidate_recordset(["is_running"])
        campaigns = self._filter_open(campaigns.filtered("is_running"), channel)
        waiting = self.env["ecm.contact"]._filter_ready(campaigns, channel, now)
        if not waiting:
            return None
        limits = self._get_closing_limits(target, waiting, now)
        pools = waiting._get_acting_group()._get_rooms()
        claim = Claim(waiting, room, pools, limits)

        # What a campaign cannot use of its part is divided again between the others.
        rules = self._get_rules(waiting, now, channel)
        while parts := claim.divide():
            self._fill_parts(claim, parts, target, rules, now)
        return claim.batch if claim.has_looked else None

    def _get_closing_limits(self, target, campaigns, now):
        """How many contacts of each campaign a target still contacts before the campaign closes.

        :return: ``{campaign id: how many}`` of those that close
        """
        ends = {}
        for campaign_id, hours in campaigns._get_campaign_hours(now).items():
            own = hours.without_drain().for_campaign(target._channel)
            if closes_at := own.opening(now).closes_at:
                ends[campaign_id] = closes_at
        # What is at the target is counted: most campaigns do not close today.
        backlog = target._get_backlog() if ends else None
        if backlog is None:
            return {}
        return {key: backlog.get_room(closes_at - now) for key, closes_at in ends.items()}

    def _fill_parts(self, claim, parts, target, rules, now):
        """Claim what each campaign's part of the room has place for, as far as it has contacts that
        may be sent.

        :param parts: ``{campaign id: how many}``
        """
        campaigns = claim.campaigns.filtered(lambda campaign: campaign.id in parts)
        # More become ready than are wanted now: the next claims find them.
        limit = max(*parts.values(), PROMOTE_AT_LEAST)
        promoted = self.env["ecm.contact"]._promote_due(campaigns, now, limit)
        # They may all be due on another channel, and ours behind them.
        claim.has_looked = claim.has_looked or bool(promoted)
        self._draw(campaigns, parts, target._channel)

        # Contacts that a gate stops leave room: others are looked at for it.
        filling = Filling(parts)
        while asked := filling.get_asked():
            candidates = self._lock_ready(campaigns, asked, target._channel)
            passed = self._pass_gates(rules, candidates, filling.missing, now)
            claim.batch += self._write_claims(target, passed, now)
            filling.note(asked, candidates, passed)
        claim.note(filling)

    def _lock_ready(self, campaigns, asked, channel):
        """Ready contacts of these campaigns in their dial orders, locked until the commit.

        :param asked: ``{campaign id: how many at most}``
        :return: list of ``tools.gates.Candidate``
        """
        parts = []
        for campaign in campaigns:
            if count := asked.get(campaign.id):
                order = campaign._get_dial_order()
                parts.append(Part(campaign.id, count, order, campaign.retry_order))
        return self.env["ecm.contact"]._lock_ready(parts, channel)

    def _draw(self, campaigns, parts, channel):
        """Take contacts from the queues of target groups, in the groups' proportions, as many as
        are missing to fill their campaigns' parts.
        """
        contacts = self.env["ecm.contact"]
        for campaign in campaigns.filtered("target_group_ids"):
            # Nobody in the queues was contacted yet: they are for the first attempt's channel.
            if campaign._get_channels()[:1] == (channel,):
                # What was drawn before and was not sent is still there.
                drawn = contacts._count_drawn(campaign, channel)
                campaign.target_group_ids._draw_up_to(parts[campaign.id] - drawn)

    def _pass_gates(self, rules, candidates, missing, now):
        """Candidates that may be sent now, no more than each campaign misses; the others are moved,
        held or closed, with the reason (requirement N4).
        """
        passed, verdicts = self._judge(rules, candidates, now)
        if verdicts:
            by_id = {candidate.contact_id: candidate for candidate in candidates}
            self._apply_verdicts(by_id, verdicts, now)

        # More may have been looked at than there is room for: those stay ready.
        taken, wanted = Counter(), []
        for candidate in passed:
            campaign_id = candidate.campaign_id
            if taken[campaign_id] < missing[campaign_id]:
                taken[campaign_id] += 1
                wanted.append(candidate)
        return wanted

    def _get_rules(self, campaigns, at, channel=None):
        """What every gate must know of these campaigns, in the order of the gates.

        :return: list of ``(gate, tools.gates.Rule)``
        """
        gates = self.env["ecm.gate"]._get_gates()
        return [(gate, gate._get_rule(campaigns, at, channel)) for gate in gates]

    def _judge(self, rules, candidates, at):
        """Pass candidates through the gates; nothing is written.

        :param rules: of `_get_rules`
        :param at: naive UTC
        :return: ``(candidates that passed, with their attempt, {contact id: verdict of the gate
            that stopped it})``
        """
        verdicts = {}
        for gate, known in rules:
            if not candidates:
                break
            # A gate reads what it must know of all that came this far at once.
            rule, passing = gate._read_candidates(known, candidates, at), []
            if is_idle(rule):
                continue
            for candidate in candidates:
                judged = rule.judge(candidate, at)
                if isinstance(judged, Candidate):
                    passing.append(judged)
                else:
                    verdicts[candidate.contact_id] = judged
            candidates = passing
        return candidates, verdicts

    def _apply_verdicts(self, candidates, verdicts, now):
        """Write what the gates say of contacts that they stop.

        :param candidates: ``{contact id: tools.gates.Candidate}``
        """
        contacts = self.env["ecm.contact"]
        contacts._apply_verdicts(verdicts)
        decided = []
        for contact_id, verdict in verdicts.items():
            stopped = candidates[contact_id]
            if isinstance(verdict, Close):
                # No attempt was made: the counters stay.
                decided.append(Decided(contact_id, stopped.counted, stopped.uncounted, verdict))
            elif isinstance(verdict, Skip):
                decided.append(_get_skipped(stopped, verdict))
        contacts._apply_decisions(decided, now)
        closed = [row.contact_id for row in decided if isinstance(row.decision, Close)]
        if closed:
            self._chain_closed(closed)

    def _write_claims(self, target, candidates, now):
        """Write the attempts of contacts that passed every gate.

        :param candidates: list of ``tools.gates.Candidate`` with their attempt
        :return: list of ``tools.channel.Outgoing``
        """
        if not candidates:
            return []
        ids = self.env["ecm.attempt"]._reserve_ids(len(candidates))
        prefix = self.env["ecm.attempt"]._get_key_prefix()
        attempts, contacts, batch = [], [], []
        contents = target._get_contents(candidates)
        for attempt_id, candidate in zip(ids, candidates, strict=True):
            attempt, contact_id = candidate.attempt, candidate.contact_id
            key, number = target._make_key(prefix, attempt_id), attempt.number
            names = candidate.first_name, candidate.last_name

            # The same attempt three times: as it is stored, on its contact, for the channel.
            when = attempt.position, attempt.cycle
            claimed = Claimed(attempt_id, key, contact_id, *when, number, candidate.campaign_id)
            attempts.append(claimed)
            contacts.append(Sent(contact_id, attempt_id, number, candidate.callback))
            whose = candidate.campaign_id, candidate.account_number, candidate.callback
            content = contents.get(contact_id, "")
            batch.append(Outgoing(attempt_id, key, contact_id, number, *names, content, *whose))
        self.env["ecm.attempt"]._insert_claimed(target, attempts, now)
        self.env["ecm.contact"]._mark_sent(contacts, target._sent_state, now)
        target._note_claimed(batch, candidates)
        self._count_sent(candidates)
        return batch

    def _count_sent(self, candidates):
        """Target groups count whom it was their turn for, when they are first sent."""
        counts = Counter()
        for candidate in candidates:
            is_first = not (candidate.counted or candidate.uncounted)
            if candidate.is_drawn and candidate.group_id and is_first:
                counts[candidate.group_id] += 1
        self.env["ecm.target.group"]._note_sent([GroupCount(*item) for item in counts.items()])

    @contextlib.contextmanager
    def _lock_ledger(self, campaigns):
        """Let one claim at a time look at what other campaigns do, where a limit or a shared list
        asks for it.

        The lock is taken in a transaction of its own: a snapshot that is older than another's claim
        would not see it.
        """
        has_limits = any(campaign._has_shared_limits() for campaign in campaigns)
        if not (has_limits or self.env["ecm.global.list"]._are_shared(campaigns)):
            yield
            return
        # Released by hand: it must outlive the claim's commit.
        self.env.cr.execute(SQL("SELECT pg_advisory_lock(%s)", LEDGER))
        # Whatever happens from here on, others must get it.
        try:
            self._commit()
            reach("feed.locked")
            yield
        finally:
            self._unlock(LEDGER)

    # -- push -------------------------------------------------------------------------------------

    def _push(self, target, ahead, batch, turn=None):
        """Send claimed contacts and commit what became of them: what was claimed for several
        requests goes in as many parts.

        A part that is refused for what it holds is halved until what spoils it stands alone. When
        two contacts in a row are refused before any was accepted, or most of a request, the target
        is at fault and not the contacts.

        :param ahead: of `_open_ahead`
        :return: how many were accepted
        :raise exceptions.ChannelError: nothing more can be sent to this target now
        """
        reach("feed.claimed")
        turn = turn or Turn()
        waiting, accepted, refused = _cut(batch, target._get_next_size()), 0, []
        try:
            while waiting:
                for sent in self._send_parts(target, ahead, waiting):
                    receipt = self._get_receipt(target, sent, waiting)
                    if receipt is None:
                        continue
                    reach("feed.sent")
                    self._receive(ahead, sent._replace(receipt=receipt))
                    accepted += len(receipt.accepted)
                    refused += [each for each in sent.part if each.key in receipt.refused]
                    if receipt.failure:
                        raise receipt.failure
                    if self._is_at_fault(receipt, accepted, refused):
                        raise Unavailable(self._get_refusal_text(target))
                # Once something was settled, the next turn does not begin with the same again.
                is_settled = accepted or refused
                if waiting and is_settled and not turn.goes_on():
                    self._give_back_unsent(waiting)
                    break
        except ChannelError:
            # What was not sent certainly never took place.
            self._give_back_unsent(waiting)
            raise
        finally:
            if refused:
                is_usual = accepted >= len(refused)
                self._put_off(refused, is_usual)
        return accepted

    def _receive(self, ahead, sent):
        """Commit what the target did with a part: while the next ones are on their way, where it took
        all of it. A process that dies before that leaves them in doubt, and asks about them.
        """
        ahead.note(sent)
        # What a failure is followed by looks at what is written.
        if ahead.is_careful or not sent.is_whole:
            ahead.settle()

    def _receive_noted(self, target, noted, has_failed):
        """
        :param noted: list of ``tools.ahead.Sent``
        :param has_failed: whether the target had taken nothing since it failed
        """

        def apply():
            if has_failed and any(sent.receipt.accepted for sent in noted):
                self._log_recovery(target)
                target._forget_failures()
            self.env["ecm.attempt"]._mark_accepted(_get_taken_ids(noted))
            for sent in noted:
                self._apply_receipt(target, sent.part, sent.receipt)

        self._atomically(apply)
        reach("feed.received")

    def _is_at_fault(self, receipt, accepted, refused):
        """Whether a target rather than the contacts is the reason for so many refusals.

        :param receipt: of the last request
        :param accepted: how many contacts of the batch were accepted so far
        :param refused: those of the batch that were refused so far
        """
        if not accepted:
            return bool(receipt.doubtful) or len(refused) > 1
        failed = len(receipt.refused) + len(receipt.doubtful)
        return failed > max(len(receipt.accepted), 1)

    def _get_refusal_text(self, target):
        return self.env._("Most contacts are refused. Check %s.", target.display_name)

    def _send_parts(self, target, ahead, waiting):
        """Send what may still leave of some parts, as far as `Ahead.send` goes.

        :param waiting: parts, the first one last; without those that were sent afterwards
        :return: list of ``tools.ahead.Sent``
        """
        waiting[:] = self._stamp(target, waiting)
        sent = ahead.send(waiting[::-1]) if waiting else []
        del waiting[len(waiting) - len(sent) :]
        return sent

    def _get_receipt(self, target, sent, waiting):
        """What became of a part. One that was refused as a whole is halved onto ``waiting``, until
        the contact that spoils it stands alone; one that certainly did not leave waits again.

        :param sent: ``tools.ahead.Sent``
        :return: the receipt, ``None`` when the part was halved
        :raise exceptions.ChannelError: there is none
        """
        error, part = sent.error, sent.part
        if not error:
            return sent.receipt
        if isinstance(error, Rejected) and len(part) > 1:
            half = len(part) // 2
            waiting += [part[half:], part[:half]]
            reach("feed.halved")
            return None
        if isinstance(error, Rejected):
            key = part[0].key
            _logger.warning("%s refuses %s: %s", target._get_log_name(), key, error)
            return Receipt(frozenset(), frozenset({key}))
        # Of any other error nobody knows what it left there.
        if isinstance(error, ChannelError) and not isinstance(error, InDoubt):
            waiting.append(part)
        raise error

    def _stamp(self, target, parts):
        """Look once more at who is about to leave, and see to it that the time after which a part
        would be in doubt begins now. What may not leave any more is ready again, for the gates to
        say why.

        :return: parts of what is still to be sent, without empty ones
        """
        ours = self._atomically(partial(self._stamp_allowed, target, [*chain(*parts)]))
        reach("feed.stamped")
        left = []
        for part in parts:
            if allowed := [outgoing for outgoing in part if outgoing.attempt_id in ours]:
                left.append(allowed)
        return left

    def _stamp_allowed(self, target, leaving):
        """:return: ids of the attempts that are still to be sent; others were settled meanwhile"""
        now = fields.Datetime.now()
        rows = self.env["ecm.attempt"]._get_addressees(leaving)
        # What was claimed this moment leaves as it was judged.
        old = [row.attempt_id for row in rows if row.claimed_at <= now - STAMP_AFTER]
        barred = target._find_barred(rows)
        barred |= self._find_closed(target, old)
        self._give_back([outgoing for outgoing in leaving if outgoing.key in barred])

        allowed = {row.attempt_id for row in rows if row.key not in barred}
        if left := allowed.intersection(old):
            # Another process may be settling them: it goes first.
            allowed -= left - self.env["ecm.attempt"]._stamp(left, now)
        return allowed

    def _apply_receipt(self, target, batch, receipt):
        """What the target took was marked as sent; what it failed to take stays in doubt; what it
        certainly did not take is ready again.
        """
        # What the other side has all the same is found when the time of doubt is over.
        doubtful = [outgoing for outgoing in batch if outgoing.key in receipt.doubtful]
        self.env["ecm.attempt"]._mark_failed(self._get_attempt_ids(doubtful))
        target._note_receipt(batch, receipt)
        self._apply_results(receipt.results)
        self._give_back([outgoing for outgoing in batch if outgoing.key in receipt.unsent])

    def _put_off(self, refused, others_accepted):
        """`_postpone_refused`, committed."""
        self._atomically(partial(self._postpone_refused, refused, others_accepted))
        reach("feed.put_off")

    def _postpone_refused(self, refused, others_accepted):
        """Refused contacts are offered again later, and closed in the end (requirement L8: never
        dropped silently).

        While most others are refused too, a wrong setting is likely: the contacts get far more
        tries then.
        """
        tries = REFUSED_TRIES if others_accepted else None
        decide = partial(self._decide_refused, tries=tries)
        results = [Result(outgoing.key, REFUSED_CODE) for outgoing in refused]
        self._apply_results(results, decide)

    def _give_back_unsent(self, waiting):
        """:param waiting: parts of a batch that were not sent"""
        self._atomically(partial(self._give_back, [*chain(*waiting)]))
        reach("feed.given_back")

    def _give_back(self, batch):
        """Contacts that were certainly not accepted are ready again; no trace of a try stays."""
        if not batch:
            return
        attempt_ids = self._get_attempt_ids(batch)
        # Contacts are found by their attempts, so these go last.
        self.env["ecm.contact"]._release(attempt_ids)
        self.env["ecm.attempt"]._discard(attempt_ids)

    def _get_attempt_ids(self, batch):
        return [outgoing.attempt_id for outgoing in batch]

    # -- reconcile --------------------------------------------------------------------------------

    def _reconcile(self, target):
        """Settle sends that were never confirmed (requirement F6).

        What the target knows was sent; what it does not know never took place and is ready again,
        or was refused where the target failed to take it. While it cannot be asked, everything in
        doubt stays as it is. A channel that nobody can ask counts as having sent it (M5).
        """
        doubt = timedelta(seconds=target._get_doubt_seconds()) + LEAVES_WITHIN
        before = fields.Datetime.now() - doubt
        doubtful = self.env["ecm.attempt"]._get_in_doubt(target, before)
        if not doubtful:
            return
        known = {row.key for row in doubtful}
        if target._can_be_asked:
            sender = target._get_sender()
            self._commit()
            reach("doubt.asking")
            sent_at = max(row.claimed_at for row in doubtful) + LEAVES_WITHIN
            known = sender.find(known, sent_at)
            reach("doubt.asked")

        # A line for each time: doubts are rare, and tell of a crash or a bad network.
        name, count = target._get_log_name(), len(doubtful)
        _logger.info("%s: %d sends in doubt, %d were accepted", name, count, len(known))
        self._atomically(lambda: self._settle_doubt(doubtful, known))
        reach("doubt.settled")

    def _settle_doubt(self, doubtful, known):
        """
        :param doubtful: list of ``ecm.attempt``'s ``Doubtful``
        :param known: keys that the other side knows
        """
        sent, unsent, failed = [], [], []
        for row in doubtful:
            if row.key in known:
                sent.append(row)
            elif row.has_failed:
                failed.append(row)
            else:
                unsent.append(row)
        self.env["ecm.attempt"]._mark_accepted(self._get_attempt_ids(sent))
        self._give_back(unsent)
        # Sent and not taken, although the others were: what they hold may be the reason.
        self._postpone_refused(failed, others_accepted=bool(sent))

    def _drop_cached_rows(self):
        """Drop what the cache holds of rows that were changed by SQL."""
        self.env["ecm.attempt"].invalidate_model()
        self.env["ecm.contact"].invalidate_model()


class Claim:
    """One claim as it goes on: whose turn it is, and for how many contacts.

    :param campaigns: records of ``ecm.campaign`` that have contacts to send
    :param room: how many contacts it takes at most
    :param pools: room of each campaign group, by id
    :param limits: how many contacts of a campaign at most, by its id
    """

    def __init__(self, campaigns, room, pools, limits):
        self.campaigns = campaigns
        self.room = room
        self.pools = pools
        self.limits = limits
        self.batch = []
        self.has_looked = False

    def divide(self):
        """Divide the room that is left between the campaigns (requirements C6, C7).

        :return: ``{campaign id: how many contacts}``, empty at the end
        """
        left = self.room - len(self.batch)
        limit = self.limits.get
        able = self.campaigns.filtered(lambda campaign: limit(campaign.id, left) > 0)

        # Whose turn it is where nothing else says so changes with the time.
        turn = int(time.time())
        parts = split(left, able._get_claimants(), turn, self.pools)
        return {key: min(part, limit(key, part)) for key, part in parts.items()}

    def note(self, filling):
        """Keep account; a campaign that could not fill its part is left out from now on."""
        if filling.looked_at:
            self.has_looked = True
        # Those of all campaigns wait in one queue.
        for campaign_id in self.limits:
            self.limits[campaign_id] -= filling.taken.total()
        for campaign in self.campaigns:
            # Its group's other campaigns share what is left.
            if group := campaign._get_acting_group():
                self.pools[group.id] -= filling.taken[campaign.id]
            if filling.missing[campaign.id]:
                self.campaigns -= campaign


class Filling:
    """How far the campaigns' parts of a claim are filled.

    :param parts: ``{campaign id: how many contacts}``
    """

    def __init__(self, parts):
        # Counts of contacts by campaign id.
        self.missing, self.taken, self.looked_at = Counter(parts), Counter(), Counter()
        self.over = set()

    def get_asked(self):
        """How many contacts of each campaign to look at next, empty at the end.

        What was looked at so far was blocked, and the same may be blocked behind it: so twice as
        many are looked at each time, up to a limit in all.
        """
        asked = {}
        for campaign_id, count in self.missing.items():
            if not count or campaign_id in self.over:
                continue
            looked_at = self.looked_at[campaign_id]
            asked[campaign_id] = min(max(count, looked_at), LOOK_AT_MOST - looked_at)
        return asked

    def note(self, asked, candidates, passed):
        """Keep account; of a campaign that has no more contacts, or of which too many are blocked,
        no more are looked at.
        """
        found = Counter(candidate.campaign_id for candidate in candidates)
        taken = Counter(candidate.campaign_id for candidate in passed)
        self.looked_at += found
        self.taken += taken
        self.missing.subtract(taken)

        # Fewer than were asked for: there are no more.
        for campaign_id, count in asked.items():
            is_empty = found[campaign_id] < count
            if is_empty or self.looked_at[campaign_id] >= LOOK_AT_MOST:
                self.over.add(campaign_id)


def _get_skipped(stopped, verdict):
    """What follows an attempt that is not made: one more try that does not count, so that no way
    through a strategy has no end.

    :param stopped: ``tools.gates.Candidate``
    :param verdict: ``tools.gates.Skip``
    :rtype: tools.results.Decided
    """
    uncounted = stopped.uncounted + 1
    decision, outcome_id = verdict.decision, verdict.outcome_id
    return Decided(stopped.contact_id, stopped.counted, uncounted, decision, outcome_id)


def _get_taken_ids(noted):
    """
    :param noted: list of ``tools.ahead.Sent``
    :return: ids of the attempts that were accepted, of all parts
    """
    ids = []
    for sent in noted:
        accepted = sent.receipt.accepted
        ids += [outgoing.attempt_id for outgoing in sent.part if outgoing.key in accepted]
    return ids


def _cut(batch, size):
    """:return: parts of a batch that each fit into a request, the first one last"""
    parts = [batch[start : start + size] for start in range(0, len(batch), size)]
    return parts[::-1]
