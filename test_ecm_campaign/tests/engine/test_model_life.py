from contextlib import suppress
from datetime import timedelta
from random import Random

from ..common import START, EngineCase
from .reference_lives import Life, World
from odoo.addons.ecm_campaign.exceptions import ChannelError
from odoo.addons.ecm_campaign.tools.results import Result

SEEDS = range(8)
CONTACTS = 14
WEEKS = 3
RULED = ("busy", "no_answer", "answering_machine", "call_failed", "callback_missed", "callback")
LIKELY = {
    "busy": 8,
    "no_answer": 8,
    "answering_machine": 4,
    "call_failed": 4,
    "callback_missed": 4,
    "callback": 2,
}
RARE = {"voice": 1, "do_not_call": 1}
WRAP_UPS = {
    "noise": {"action": "again", "delay_minutes": 45, "max_retry": 2},
    "sale": {"action": "close"},
    "stop": {"action": "close", "suppresses": True},
    "later": {
        "action": "again",
        "delay_minutes": 200,
        "asks_callback": True,
        "retain_pcb": True,
        "max_retry": 0,
    },
    "wish": {"action": "strategy", "asks_callback": True},
    "plain": {"action": "strategy"},
}


class Crash(Exception):
    """The process dies after it has applied results, before it commits."""


class Story:
    """What happens in one random campaign world, the same for the engine and for the reference."""

    def __init__(self, seed):
        self.seed = seed
        random = Random(seed)
        self.strategies = [self._make_strategy(random) for _strategy in range(4)]
        self.callbacks = {
            "resets": random.random() < 0.6,
            "agent_tries": random.choice([None, 1, 3]),
            "personal_hours": None,
        }
        if self.callbacks["agent_tries"] is None and random.random() < 0.7:
            self.callbacks["personal_hours"] = random.choice([1, 30])
        self.zones = [
            random.choice(["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"])
            for _campaign in "ab"
        ]
        self.ttl_days = random.choice([0, 0, 9])
        self.phones = [self._make_phones(random, number) for number in range(CONTACTS)]
        self.ticks, self.faults, self.withdrawn, self.crashes = [], {}, {}, {}
        now = START.replace(day=20) + timedelta(minutes=random.randrange(600))
        while now < START.replace(day=20) + timedelta(weeks=WEEKS):
            self.ticks.append(now)
            self._make_trouble(random, now)
            now += timedelta(seconds=random.randrange(1800, 8 * 3600))

    def _make_strategy(self, random):
        count = random.randint(1, 4)
        codes = random.sample(RULED, random.randint(len(RULED) - 1, len(RULED)))
        return {
            "attempts": [
                (random.randint(1, 4), {code: self._make_rule(random, count) for code in codes})
                for _try in range(count)
            ],
            "limits": [self._make_limit(random) for _limit in range(random.choice([0, 1, 1, 2]))],
            "max_attempts": random.randint(4, 16),
            "max_uncounted": random.randint(2, 6),
            "phone_fallback": random.choice(["first", "skip", "next_valid"]),
            "max_cycles": random.choice([1, 2, 3]),
            "cycle_minutes": random.choice([0, 600]),
            "cycle_limit": random.choice([0, 0, 2, 4]),
        }

    def _make_rule(self, random, count):
        action = random.choices(["attempt", "again", "next", "close"], [8, 8, 8, 1])[0]
        rule = {
            "action": action,
            "delay_minutes": random.choice([5, 30, 240, 1500]),
            "max_retry": random.choice([0, 1, 2]),
        }
        if action == "attempt":
            rule["next"] = random.randint(1, count)
        if action in ("attempt", "again") and random.random() < 0.3:
            rule["branch"] = random.randint(1, count)
        if random.random() < 0.02:
            rule["suppresses"] = True
        if random.random() < 0.2:
            rule["retain_pcb"] = True
        return rule

    def _make_limit(self, random):
        period = random.choice(["day", "24h", "7d", "life"])
        count = {"day": random.randint(1, 3), "24h": random.randint(1, 3)}.get(
            period
        ) or random.randint(3, 7)
        subject = random.choice(["contact", "number"])
        return {
            "count": count,
            "period": period,
            "subject": subject,
            "scope": random.choice(["campaign", "all"]),
        }

    def _make_phones(self, random, number):
        """Phone 1, and others that may be empty; the same for the n-th contact of either campaign."""
        return [
            f"+49302{self.seed:02d}{number:02d}{place:03d}"
            if place == 1 or random.random() < 0.5
            else None
            for place in range(1, 6)
        ]

    def _make_trouble(self, random, now):
        if random.random() < 0.15:
            self.faults[now, random.randrange(2)] = random.choice(
                ["lost_request", "lost_answer", "unavailable"]
            )
        if random.random() < 0.03:
            self.withdrawn[now] = (random.randrange(2), random.randrange(CONTACTS))
        if random.random() < 0.2:
            self.crashes[now] = True

    def call(self, name, number_of_try):
        """How the n-th call of a contact ends: ``(code, wrap-up, seconds until called, seconds
        until the result)``.
        """
        random = Random(f"{self.seed}/{name}/{number_of_try}")
        chances = {**LIKELY, **RARE}
        code = random.choices(list(chances), chances.values())[0]
        wrap_up = random.choice([*WRAP_UPS, ""]) if random.random() < 0.12 else ""
        called = random.randrange(1, 7200)
        late = 40 * 3600 if random.random() < 0.02 else random.randrange(20, 4 * 3600)
        return code, wrap_up, called, called + late


class TestModelLife(EngineCase):
    """Weeks of random campaigns, compared try by try with a reference that shares no code (S1 to
    S7, F2, F6).
    """

    def setUp(self):
        super().setUp()
        self.claim_nothing_ahead()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.env["ecm.business.outcome.group"].create(
            {
                "name": "Said",
                "outcome_ids": [
                    (0, 0, {"name": name, "code": name, **rule}) for name, rule in WRAP_UPS.items()
                ],
            }
        )

    def test_lives(self):
        tries = 0
        for seed in SEEDS:
            with self.subTest(seed=seed), self.env.cr.savepoint():
                tries += self.compare(Story(seed))
        self.assertGreater(tries, 60 * len(SEEDS), "hardly anything happened")

    def compare(self, story):
        """:return: number of tries"""
        expected = self.live_by_reference(story)
        found = self.live_by_engine(story)
        for name, (history, end) in expected.items():
            self.assertEqual(found[name][0], history, f"history of {name}")
            self.assertEqual(found[name][1], end, f"end of {name}")
        return sum(len(history) for history, _end in expected.values())

    # -- the reference --------------------------------------------------------------------------------

    def live_by_reference(self, story):
        listed, lives = set(), []
        worlds = [self.make_world(story, number, listed, lives) for number in range(2)]
        for number, world in enumerate(worlds):
            lives += [
                Life((number, at), world, phones, story.ticks[0])
                for at, phones in enumerate(story.phones)
            ]
        made, waiting = dict.fromkeys(lives, 0), []
        for now in story.ticks:
            for world in worlds:
                world.sweep(now)
            for entry in [entry for entry in waiting if entry[0] <= now]:
                waiting.remove(entry)
                _due, current, code, wrap_up, called = entry
                current.life.world.end(current, code, wrap_up, called, now)
            for life in lives:
                if life.name == story.withdrawn.get(now) and life.state in (
                    "pending",
                    "sent_to_dialer",
                ):
                    life.close("withdrawn", "withdrawn")
            for number, world in enumerate(worlds):
                world.feed(now, story.faults.get((now, number)))
                for life in world.own():
                    if life.current and life.current.claimed == now and not life.current.is_lost:
                        made[life] += 1
                        code, wrap_up, called, due = story.call(life.name, made[life])
                        entry = (now + timedelta(seconds=due), life.current, code, wrap_up)
                        waiting.append((*entry, now + timedelta(seconds=called)))
        return {life.name: self.sum_up_life(life) for life in lives}

    def make_world(self, story, number, listed, lives):
        normal, callback = story.strategies[2 * number : 2 * number + 2]
        wrap_ups = {
            name: {"delay_minutes": 0, "max_retry": 0, **rule} for name, rule in WRAP_UPS.items()
        }
        return World(
            story.zones[number],
            story.ttl_days,
            normal,
            callback,
            wrap_ups,
            story.callbacks,
            listed,
            lives,
        )

    def sum_up_life(self, life):
        history = [
            (made.claimed, made.number, made.position, made.cycle, made.code or False, made.is_late)
            for made in life.tries
        ]
        end = (life.state, life.reason, life.counted, life.uncounted, life.callback or False)
        return history, end

    # -- the engine -----------------------------------------------------------------------------------

    def live_by_engine(self, story):
        self.clock.move_to(story.ticks[0])
        targets = self.env["ecm.fake.target"].create([{}, {}])
        names = {}
        for number, target in enumerate(targets):
            campaign = self.make_campaign(story, number, target)
            for at, phones in enumerate(story.phones):
                values = {f"phone_{place}": phone for place, phone in enumerate(phones, 1)}
                names[self.create_contact(campaign, **values)] = (number, at)
        by_id = {contact.id: name for contact, name in names.items()}
        made, waiting = dict.fromkeys(by_id, 0), []
        for now in story.ticks:
            self.clock.move_to(now)
            self.engine._cron_sweep_dangling()
            self.bring_results(story, now, waiting)
            for contact, name in names.items():
                if name == story.withdrawn.get(now):
                    contact.action_withdraw()
            for number, target in enumerate(targets):
                target.fault = story.faults.get((now, number))
                before = len(target.sent)
                with suppress(ChannelError):
                    self.feed(target)
                target.fault = None
                for outgoing in target.sent[before:]:
                    made[outgoing.contact_id] += 1
                    waiting.append(self.answer(story, by_id, outgoing, made, now))
        self.env.flush_all()
        self.env.invalidate_all()
        return {name: self.sum_up_contact(contact) for contact, name in names.items()}

    def make_campaign(self, story, number, target):
        normal, callback = story.strategies[2 * number : 2 * number + 2]
        agent_tries, hours = story.callbacks["agent_tries"], story.callbacks["personal_hours"]
        release = "retries" if agent_tries else "duration" if hours else "never"
        return self.run_campaign(
            self.make_strategy(normal),
            f"Campaign {story.seed} {number}",
            tz=story.zones[number],
            ttl_days=story.ttl_days,
            callback_strategy_id=self.make_strategy(callback, kind="callback").id,
            callback_resets=story.callbacks["resets"],
            callback_release=release,
            callback_agent_tries=agent_tries or 1,
            callback_personal_hours=hours or 1,
            business_outcome_group_id=self.group.id,
            fake_target_id=target.id,
        )

    def make_strategy(self, values, **others):
        values = dict(values, **others)
        attempts, limits = values.pop("attempts"), values.pop("limits")
        return self.create_strategy(*attempts, limits=limits, **values)

    def answer(self, story, by_id, outgoing, made, now):
        """:return: ``(when it comes, result)``"""
        code, wrap_up, called, due = story.call(
            by_id[outgoing.contact_id], made[outgoing.contact_id]
        )
        called_at = now + timedelta(seconds=called)
        return now + timedelta(seconds=due), Result(
            outgoing.key, code, called_at=called_at, wrap_up=wrap_up
        )

    def bring_results(self, story, now, waiting):
        """Apply what has come; twice, some of it once more with another outcome, and all of it
        after a crash.
        """
        results = [result for due, result in waiting if due <= now]
        waiting[:] = [entry for entry in waiting if entry[0] > now]
        if now in story.crashes:
            with suppress(Crash), self.env.cr.savepoint():
                self.engine._apply_results(results)
                raise Crash
        self.engine._apply_results([*results, *results[:2]])
        self.assertFalse(
            self.engine._apply_results([Result(result.key, "voice") for result in results])
        )
        self.env.invalidate_all()

    def sum_up_contact(self, contact):
        history = [
            (
                made.claimed_at,
                made.number,
                made.position,
                made.cycle,
                made.outcome_id.code,
                made.is_late,
            )
            for made in contact.attempt_ids.sorted("id")
        ]
        end = (
            contact.state,
            contact.close_reason,
            contact.attempt_count,
            contact.uncounted_count,
            contact.callback,
        )
        return history, end
