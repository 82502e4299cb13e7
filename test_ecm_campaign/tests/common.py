from datetime import datetime, timedelta

from freezegun import freeze_time

from ..models.ecm_fake_target import OTHER_SIDES
from odoo.addons.ecm_campaign.tests.common import CampaignCase
from odoo.addons.ecm_campaign.tools import ahead
from odoo.addons.ecm_campaign.tools.ahead import Ahead
from odoo.addons.ecm_campaign.tools.results import Result

START = datetime(2026, 3, 2, 9, 0)  # a Monday
CONNECTED, BUSY, NO_ANSWER, CALL_FAILED = "voice", "busy", "no_answer", "call_failed"
INVALID, DO_NOT_CALL = "invalid_number", "do_not_call"


def receive_at_once(ahead, sent):
    """What `Ahead.note` keeps until more is on its way."""
    ahead._noted.append(sent)
    ahead.settle()


class EngineCase(CampaignCase):
    """The engine with a target of its own and a clock that stands still: `feed`, `end`, `wait`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = cls.env["ecm.engine"]
        cls.target = cls.env["ecm.fake.target"].create({})
        cls.outcomes = {outcome.code: outcome for outcome in cls.env["ecm.outcome"].search([])}

    def setUp(self):
        super().setUp()
        frozen = freeze_time(START)
        self.clock = frozen.start()
        self.addCleanup(frozen.stop)
        OTHER_SIDES.clear()

    def claim_nothing_ahead(self):
        """Have the other side answer while nobody else uses the cursor: what it does looks into the
        database. Each part is looked at right before it leaves, as if the one before took long.
        """
        self.patch(Ahead, "_look_ahead", lambda _ahead: None)
        self.patch(Ahead, "note", receive_at_once)
        self.patch(ahead, "TOGETHER_SECONDS", -1)

    @classmethod
    def create_strategy(cls, *attempts, limits=(), **values):
        """A strategy from short words: each attempt is ``(phone, {outcome code: values of its
        rule})``, each limit the values of one. ``next`` in a rule is the position of the next
        attempt, ``branch`` that of the branch.
        """
        values = {"name": "Test", "is_capped": True, "max_attempts": 50, **values}
        strategy = cls.env["ecm.strategy"].create(values)
        made = cls.env["ecm.strategy.attempt"].create(
            [
                {"strategy_id": strategy.id, "sequence": number, "phone_index": str(phone)}
                for number, (phone, _rules) in enumerate(attempts)
            ]
        )
        for attempt, (_phone, rules) in zip(made, attempts, strict=True):
            for code, rule in rules.items():
                cls.env["ecm.strategy.rule"].create(
                    {
                        "attempt_id": attempt.id,
                        "outcome_id": cls.outcomes[code].id,
                        **cls._translate(rule, made),
                    }
                )
        cls.env["ecm.strategy.limit"].create(
            [{"strategy_id": strategy.id, **limit} for limit in limits]
        )
        return strategy

    @classmethod
    def _translate(cls, rule, attempts):
        names = {"next": "next_attempt_id", "branch": "branch_attempt_id"}
        values = {names.get(name, name): value for name, value in rule.items()}
        for name in names.values():
            if name in values:
                values[name] = attempts[values[name] - 1].id
        values.setdefault("action", "attempt" if "next_attempt_id" in values else "again")
        return values

    def run_campaign(self, strategy, name="Running", **values):
        """A running campaign on the fake target."""
        values = {"keeps_region_rules": False, "fake_target_id": self.target.id, **values}
        return self.create_campaign(name, strategy_id=strategy.id, is_running=True, **values)

    def feed(self, target=None):
        """One run of the feeder.

        :return: what was sent in it
        """
        target = target or self.target
        before = len(target.sent)
        self.engine._feed_target(target)
        self.env.invalidate_all()
        return target.sent[before:]

    def end(self, contact, code, **values):
        """The current attempt of a contact ends so."""
        result = Result(contact.current_attempt_id.key, code, called_at=datetime.now(), **values)
        self.engine._apply_results([result])
        self.env.invalidate_all()

    def call(self, contact, code, **values):
        """Feed, and end this contact's attempt so a minute later."""
        self.feed()
        self.assertEqual(contact.state, "sent_to_dialer", contact.block_reason)
        self.end(contact, code, **values)

    def wait(self, **delta):
        self.clock.tick(timedelta(**delta))


class FeedCase(EngineCase):
    """A running campaign that the *Contacts Feeder* sends to the target: busy leads to the second
    attempt, on phone 2, after five minutes; everything else closes.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        first, second = (1, {BUSY: {"next": 2, "delay_minutes": 5}}), (2, {})
        cls.strategy = cls.create_strategy(first, second)
        cls.campaign.write(
            {
                "strategy_id": cls.strategy.id,
                "fake_target_id": cls.target.id,
                "is_running": True,
            }
        )

    @classmethod
    def create_running(cls, name, **values):
        """Another running campaign, with the same strategy on the same target."""
        values = {"fake_target_id": cls.target.id, "is_running": True, **values}
        return cls.create_campaign(name, **values)

    @classmethod
    def create_contacts(cls, count, campaign=None, **values):
        """Contacts on the numbers +493023125000, 001 …"""
        values = {"campaign_id": (campaign or cls.campaign).id, **values}
        phones = [f"+4930231250{number:02d}" for number in range(count)]
        return cls.env["ecm.contact"].create([{"phone_1": phone, **values} for phone in phones])

    def feed(self, target=None):
        """One turn of every target.

        :return: what the target was sent in it
        """
        target = target or self.target
        before = len(target.sent)
        for owner in self.env["ecm.fake.target"].search([]):
            owner._take_turn()
        self.env.invalidate_all()
        return target.sent[before:]

    def results(self, *rows):
        """Results that come together, each ``(contact or attempt's key, outcome code)``; that of a
        contact is its current attempt's.
        """
        found = []
        for contact, code in rows:
            key = contact if isinstance(contact, str) else contact.current_attempt_id.key
            found.append(Result(key, code, called_at=datetime.now()))
        self.engine._apply_results(found)
        self.env.invalidate_all()
