from random import Random

from .common import LetterCase
from odoo.addons.test_ecm_campaign.tests.common import START
from odoo.addons.test_ecm_extend.models.letter import POSTED

SEEDS = range(4)
CONTACTS = 8
TICKS = 60
CODES = ("busy", "no_answer", "call_failed")


class TestLetterLives(LetterCase):
    """Random strategies that mix channels: whatever happens, each contact comes to its end (S1)."""

    def test_every_contact_comes_to_its_end(self):
        for seed in SEEDS:
            with self.subTest(seed=seed), self.env.cr.savepoint():
                self.clock.move_to(START)
                self.target.sent.clear()
                POSTED.clear()
                self.live(Random(seed))

    def live(self, random):
        campaign = self.run_mixed(self.make_strategy(random), name=f"Mixed {random.random()}")
        contacts = self.env["ecm.contact"].browse()
        for number in range(CONTACTS):
            contacts |= self.create_contact(campaign, phone_1=f"+4930231251{number:02d}")
        half = contacts[: CONTACTS // 2]
        channel = random.choice(["voice", "letter"])
        self.list_numbers(half.mapped("phone_1"), channel)
        for tick in range(TICKS):
            self.wait(minutes=random.randrange(1, 30))
            # Half-way, the strategy is exchanged.
            if tick == TICKS // 4:
                campaign.action_stop()
                campaign.strategy_id = self.make_strategy(random)
                campaign.action_start()
            for send in random.sample([self.feed, self.post], 2):
                send()
            self.answer(random, contacts)
        self.assertFalse(contacts.filtered("is_open").read(["state", "channel", "block_reason"]))
        self.check_history(contacts, half, channel)

    def make_strategy(self, random):
        count = random.randrange(1, 5)
        attempts = []
        for _attempt in range(count):
            rules = {
                code: {"next": random.randrange(1, count + 1), "delay_minutes": 5} for code in CODES
            }
            attempts.append((random.choice(["voice", "letter"]), rules))
        return self.mix(*attempts, max_attempts=6, max_uncounted=4)

    def list_numbers(self, numbers, channel):
        others = {f"for_{name}": name == channel for name in ("voice", "sms", "letter")}
        self.env["ecm.dnc.list"].create({"name": "Stop", **others})._add(numbers)

    def answer(self, random, contacts):
        """Most of what was sent gets its result, in any order, and some of it twice."""
        for contact in contacts:
            attempt = contact.current_attempt_id
            if not attempt or random.random() < 0.2:
                continue
            code = random.choice(CODES)
            if attempt.channel == "letter":
                self.assertEqual(self.office.receive_results({attempt.key: code}), 1)
                self.assertEqual(self.office.receive_results({attempt.key: code}), 0)
            else:
                self.end(contact, code)
            self.env.invalidate_all()

    def check_history(self, contacts, listed, channel):
        for contact in contacts:
            counted = contact.attempt_ids.filtered("outcome_id.counts_as_attempt")
            self.assertLessEqual(len(counted), 6)
            self.assertEqual(len(counted), contact.attempt_count)
        self.assertNotIn(channel, listed.attempt_ids.mapped("channel"))
        sent = [outgoing.key for outgoing in (*self.target.sent, *POSTED)]
        self.assertEqual(len(sent), len(set(sent)), "nothing is sent twice")
        self.assertEqual(set(sent), set(contacts.attempt_ids.mapped("key")))
