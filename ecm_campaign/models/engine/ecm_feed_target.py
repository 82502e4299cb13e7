import random
from datetime import timedelta

from odoo import fields, models

from ...exceptions import ChannelError
from ...tools.circuit import JITTER, pause_seconds
from ...tools.explain import HELD, WAITS, Finding

# A target that failed is tried with so many contacts before it gets more.
PROBE_SIZE = 10
DEFAULT_BATCH = 500
# So many contacts are claimed for several requests at most: a claim is one transaction.
CLAIM_AT_MOST = 2000
# Ids of attempts are numbers of four bytes: with this one, a key is as long as it can be.
LAST_ID = 2**31 - 1


class EcmFeedTarget(models.AbstractModel):
    """Where attempts are sent: a Cisco campaign, a gateway (the port of docs/architecture.md).

    A channel module inherits this on its own model, with ``ecm.feed.owner`` beside it or on what
    owns several of them. It adds a Many2one to that model on
    ``ecm.attempt`` (indexed where the attempt awaits an answer), one of the same name on
    ``ecm.campaign``, and a field ``for_<channel>`` on ``ecm.dnc.list``. All else that the core must
    know of a channel stands in the attributes and methods below; docs/extend.md shows one.
    """

    _name = "ecm.feed.target"
    _description = "Feed Target"

    _attempt_field = None  # the Many2one on ecm.attempt, and on ecm.campaign
    _channel = None  # code of the channel; one model for each
    # The contact's state from its claim to its result; a module may add one to ecm.contact.
    _sent_state = None
    # Characters of an attempt's key that the other side keeps.
    _key_size = 64
    # Whether the other side can be asked which attempts it knows. Where it cannot, a send in doubt
    # counts as sent: at most once (requirement M5).
    _can_be_asked = True

    last_feed_at = fields.Datetime("Last fed", readonly=True, copy=False)
    last_error = fields.Char("Last error", readonly=True, copy=False)
    failure_count = fields.Integer("Failures in a row", readonly=True, copy=False)
    paused_until = fields.Datetime("Left alone until", readonly=True, copy=False)
    recalled_at = fields.Datetime(
        "Last taken back on",
        readonly=True,
        copy=False,
        help="When contacts that it had not contacted were last taken back, because their hours "
        "ended or their campaign was stopped.",
    )

    # -- words ------------------------------------------------------------------------------------

    def _get_channel_label(self):
        """What people call the channel; called on the empty model too."""
        raise NotImplementedError

    def _get_place_label(self):
        """What people call the other side: the dialer, the gateway."""
        return self.env._("Channel")

    def _get_awaiting_text(self, since, number):
        """Where a contact is whose result is awaited, as a sentence.

        :param str since: when it was sent, in words
        :param int number: of its attempt, counted from 1
        """
        return self.env._(
            "Attempt %(number)s was sent on %(since)s: its result is awaited.",
            number=number,
            since=since,
        )

    def _get_wish_text(self):
        """How a customer has said on this channel not to want to be contacted again; kept with the
        number. Called on the empty model too.
        """
        return self.env._("Said so")

    def _get_owner(self):
        """In whose turns it is fed: the record of an ``ecm.feed.owner``. One thing at a time is
        done with an owner.
        """
        return self

    def _get_log_name(self):
        """The name by which an operator finds it in the log."""
        self.ensure_one()
        return self.display_name

    # -- what it takes ----------------------------------------------------------------------------

    def _get_running_campaigns(self):
        """:return: running ``ecm.campaign`` records whose attempts go here, in a stable order"""
        if self._get_off_reason():
            return self.env["ecm.campaign"]
        running = [(self._attempt_field, "=", self.id), ("is_running", "=", True)]
        return self.env["ecm.campaign"].search(running, order="id")

    def _filter_running(self):
        """Those of these targets that have running campaigns."""
        running = [(self._attempt_field, "in", self.ids), ("is_running", "=", True)]
        campaigns = self.env["ecm.campaign"].search(running)
        targets = campaigns.mapped(self._attempt_field)
        return targets.filtered(lambda target: not target._get_off_reason())

    def _filter_holding(self):
        """Those of these targets that have attempts without a result, or may have them."""
        return self.browse(self.env["ecm.attempt"]._get_holding_ids(self))

    def _get_room(self):
        """How many more contacts it can take now (requirement F5)."""
        raise NotImplementedError

    def _get_most_held(self):
        """How many contacts it holds at most at a time; 0 for not known."""
        return 0

    def _get_backlog(self):
        """What waits here until it is contacted, and how fast that goes. None for a channel that
        contacts at once.

        :rtype: tools.pacing.Backlog or None
        """

    def _measure_pace(self):
        """Called before a feed, in a transaction of its own; `_note_held` after it."""

    def _note_held(self):
        """What was fed is here now: what is gone at the next look was contacted."""

    def _get_batch_size(self):
        """How many contacts one request carries at most."""
        return DEFAULT_BATCH

    def _get_next_size(self):
        """How many contacts the next request carries at most: few until a target that failed has
        taken some.
        """
        size = self._get_batch_size()
        return min(size, PROBE_SIZE) if self.failure_count else size

    def _get_claim_size(self, requests):
        """How many contacts are claimed at once at most.

        :param int requests: that leave one right after the other
        """
        size = self._get_next_size()
        # What was claimed counts as sent after a crash where nobody can be asked.
        if self.failure_count or not self._can_be_asked:
            return size
        return max(size, min(requests * size, CLAIM_AT_MOST))

    def _make_key(self, prefix, attempt_id):
        """An attempt's key as the other side knows it, unique over all databases that send there.

        :param str prefix: what every key of this database starts with
        """
        return f"{prefix}{attempt_id:x}"

    def _check_key_size(self, prefix):
        """A key that the other side cuts off comes back as another's, or as nobody's.

        :raise exceptions.ChannelError: keys may be longer than ``_key_size``
        """
        longest = len(self._make_key(prefix, LAST_ID))
        if longest > self._key_size:
            sentence = self.env._(
                "%(name)s keeps %(size)s characters of a key, but keys have up to %(longest)s. "
                "Nothing is sent.",
                name=self.display_name,
                size=self._key_size,
                longest=longest,
            )
            raise ChannelError(sentence)

    # -- sending ----------------------------------------------------------------------------------

    def _get_contents(self, candidates):
        """What each contact is sent, where that is more than a call. Called in the claim, whose
        transaction may write it down.

        :param candidates: list of ``tools.gates.Candidate`` with their attempt
        :return: ``{contact id: text, or whatever the sender takes}``
        """
        return {}

    def _note_claimed(self, batch, candidates):
        """Called in the transaction of a claim.

        :param batch: list of ``tools.channel.Outgoing``
        :param candidates: list of ``tools.gates.Candidate``, in the same order
        """

    def _find_barred(self, rows):
        """Called right before a part of a batch leaves: which of it may not be sent any more
        although the gates let it pass when it was claimed. It is ready again, and the gates are
        asked once more: they must stop it, or it would come here for ever.

        Here those whose campaign was stopped since (requirement C3), and those whose number or
        customer was listed (N2).

        :param rows: list of ``ecm.attempt``'s ``Addressee``
        :return: set of keys
        """
        campaigns = self.env["ecm.campaign"].sudo().browse({row.campaign_id for row in rows})
        campaigns.invalidate_recordset(["is_running"])
        stopped = set(campaigns.filtered(lambda campaign: not campaign.is_running).ids)
        barred = {row.key for row in rows if row.campaign_id in stopped}
        return barred | self._find_listed(campaigns, rows)

    def _find_listed(self, campaigns, rows):
        """:param campaigns: of the rows
        :return: set of keys
        """
        dnc_lists = self.env["ecm.dnc.list"]
        numbers = {row.number for row in rows}
        accounts = {row.account_number for row in rows if row.account_number}
        # Whoever is on no list at all needs no look at which of them count.
        found = dnc_lists._find_entries([dnc_lists._get_in_force().ids], numbers, accounts)
        if not (found.numbers or found.keys):
            return set()

        # As the gate sees it: what it lets pass all the same must not be stopped here for ever.
        rule = self.env["ecm.gate.dnc"]._get_rule(campaigns, fields.Datetime.now(), self._channel)
        keys = set()
        for row in rows:
            listed = {*found.numbers.get(row.number, ()), *found.keys.get(row.account_number, ())}
            counting = rule.get_lists(row.campaign_id, self._channel, row.callback)
            if not listed.isdisjoint(counting):
                keys.add(row.key)
        return keys

    def _note_receipt(self, batch, receipt):
        """Called in the transaction that writes a receipt.

        :param batch: list of ``tools.channel.Outgoing``
        :param receipt: ``tools.channel.Receipt``
        """

    def _get_sender(self):
        """What sends a batch and asks about one, read from the records now and free of them.

        :rtype: tools.channel.Sender
        """
        raise NotImplementedError

    def _get_doubt_seconds(self):
        """After how long an unconfirmed send is in doubt: longer than any send can take."""
        return 120

    def _has_unconfirmed(self):
        """Whether a send to this target was never confirmed."""
        self.ensure_one()
        attempts = self.env["ecm.attempt"].sudo()
        unconfirmed = [(self._attempt_field, "=", self.id), ("state", "=", "claimed")]
        return bool(attempts.search_count(unconfirmed, limit=1))

    def _take_results(self, results):
        """Apply results that the other side tells of by itself, in the caller's transaction. What
        it tells again changes nothing, and of others' attempts it may tell nothing.

        :param results: list of ``tools.results.Result``
        :return: how many attempts got a result now
        """
        keys = [result.key for result in results]
        sent_here = [(self._attempt_field, "in", self.ids), ("key", "in", keys)]
        attempts = self.env["ecm.attempt"].sudo()
        own = set(attempts.search(sent_here).mapped("key"))

        known = [result for result in results if result.key in own]
        engine = self.env["ecm.engine"].sudo()
        return len(engine._apply_results(known))

    # -- taking back ------------------------------------------------------------------------------

    def _may_take_back(self):
        """Whether contacts that wait here come back when their hours end or their campaign is
        stopped.
        """
        return False

    def _is_shared_taken_back(self):
        """Whether they do although another campaign may still contact those that wait here: a
        target that can only give back all interrupts it.
        """
        return False

    def _recall(self):
        """Take back all that was not contacted yet; what was stays and gets its result.

        :return: how many contacts came back
        :raise exceptions.ChannelError: it cannot be asked now; nobody is lost
        """
        raise NotImplementedError

    # -- health -----------------------------------------------------------------------------------

    def _get_off_reason(self):
        """Why nothing is sent here until somebody acts, as a sentence, or False: it is switched
        off, it is gone.
        """
        return False

    def _is_paused(self, now):
        """Whether it failed and is left alone for a while."""
        return bool(self.paused_until and self.paused_until > now)

    def _get_obstacle(self, now):
        """Why nothing is sent here now.

        :rtype: tools.explain.Finding or None
        """
        self.ensure_one()
        if reason := self._get_off_reason():
            return Finding("target", HELD, reason)
        if not self._is_paused(now):
            return None
        sentence = self.env._(
            "%(place)s fails: %(error)s", place=self._get_place_label(), error=self.last_error
        )
        return Finding("target", WAITS, sentence, self.paused_until)

    def _note_success(self, now):
        """The target answered: forget its failures."""
        self.last_feed_at = now
        self._forget_failures()

    def _forget_failures(self):
        """The target has taken something, whatever comes next."""
        self.write({"last_error": False, "failure_count": 0, "paused_until": False})
        for owner in {target._get_owner() for target in self}:
            owner._close_circuit("sending")

    def _is_failure_of_owner(self, error):
        """Whether what failed is the whole other side, and not this target of it alone."""
        return self._get_owner() == self or getattr(error, "whole_service", False)

    def _note_failure(self, error, now):
        """The target failed: leave it alone for a while, longer with each failure in a row."""
        longest = self._get_owner()._get_circuit_limits().longest
        seconds = pause_seconds(self.failure_count + 1, longest)
        seconds *= random.uniform(1, 1 + JITTER)
        self.write(
            {
                "last_error": str(error)[:500],
                "failure_count": self.failure_count + 1,
                "paused_until": now + timedelta(seconds=seconds),
            }
        )
