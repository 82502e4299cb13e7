"""How crash points of callbacks are reached; what must hold is asked of the dialer's own record."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from scripts import demo_callbacks, rest_client

from .crash_house import Case, CrashHouse

COUNT = 5
SCHEDULER = "ecm_callback.ir_cron_schedule"
STATES = "SELECT state, count(*) FROM ecm_callback WHERE campaign_id = %s GROUP BY state"


class CallbackHouse(CrashHouse):
    """Cases follow each other here, each with a campaign, a skill and numbers of its own."""

    def __init__(self, server, simulator, order):
        super().__init__(server, simulator, order)
        self.key = rest_client.make_key(self.client, "Customers")

    def begin(self):
        """A campaign for callbacks that runs, and a skill whose callbacks are due an hour early."""
        self._case, self._endings = next(self._cases), {}
        name = f"Callbacks {self._case}"
        self.campaign_id = demo_callbacks.create_campaign(self.client, self.dialer_id, 0, name=name)
        self.skill = name
        skill = {"name": name, "campaign_id": self.campaign_id, "tz": "UTC", "capacity": 0}
        terms = {"early_minutes": 60, "lead_minutes": 0, "missed_policy": "next"}
        self.skill_id = self.create("ecm.callback.skill", **skill, **terms)
        self._log_start = len(self.server.log_text())
        self._calls_before = max((call["id"] for call in self.simulator.dialled()), default=0)
        self.start()

    def ask(self):
        """Callbacks in half an hour that customers ask for over REST."""
        moment = (datetime.now(UTC) + timedelta(minutes=30)).isoformat(timespec="seconds")
        for number in self.numbers(COUNT):
            wish = {"number": number, "due_at": moment, "skill": self.skill}
            headers = {"Idempotency-Key": f"{self._case}-{number}"}
            url = self.server.url
            answer = rest_client.call(url, "POST", "/callbacks", self.key, wish, headers)
            assert answer.status == 201, answer.body

    def schedule(self):
        """A run of the scheduled action *Callbacks*."""
        self.run(SCHEDULER)

    def let_windows_pass(self):
        """What was promised for later was promised for two hours ago."""
        self.sql(
            "UPDATE ecm_callback SET due_at = due_at - interval '3 hours',"
            " promised_at = promised_at - interval '3 hours' WHERE campaign_id = %s",
            self.campaign_id,
        )

    def let_time_come(self):
        """Whatever was moved is due; Odoo's own moments are whole seconds."""
        self.sql(
            "UPDATE ecm_callback SET hand_over_at = now() AT TIME ZONE 'UTC' - interval '1 second'"
            " WHERE campaign_id = %s AND state = 'scheduled'",
            self.campaign_id,
        )

    def count_states(self):
        return dict(self.sql(STATES, self.campaign_id))

    def finish(self):
        """Go on as the scheduled actions would, until every callback is closed: each number was
        called once, for one callback with one contact.
        """
        for _round in range(20):
            self.let_time_come()
            self.schedule()
            self.make_due()
            self.feed()
            self.wait_for_calls()
            self.sync()
            if set(self.count_states()) == {"finished"}:
                break
        states = self.count_states()
        assert states == {"finished": COUNT}, states
        assert self.count_calls() == dict.fromkeys(self._endings, 1)
        assert self.tally() == {"connected": COUNT}
        self.assert_log_is_clean()

    def count_calls(self):
        """Calls by number, by the dialer's own record."""
        calls = self.simulator.dialled(self._calls_before)
        return dict(Counter(call["phone"] for call in calls))


def hand_over(house, case):
    house.ask()
    house.die_in_job(case.point, SCHEDULER)
    house.finish()


def follow(house, case):
    """The dialer has them, and this was not looked at yet."""
    house.simulator.pause()
    house.ask()
    house.schedule()
    house.feed()
    house.die(case.point, house.schedule)
    house.simulator.resume()
    house.finish()


def move_missed(house, case):
    """Their windows have passed while nobody called: each has one other time."""
    house.ask()
    house.let_windows_pass()
    house.die(case.point, house.schedule)
    house.finish()
    misses = house.sql(
        "SELECT DISTINCT miss_count FROM ecm_callback WHERE campaign_id = %s", house.campaign_id
    )
    assert misses == [(1,)]


def give_up_missed(house, case):
    """Nobody is called any more, also whose contact waited for the dialer."""
    house.client.call("ecm.callback.skill", "write", [house.skill_id], {"missed_policy": "give_up"})
    house.ask()
    house.schedule()
    house.let_windows_pass()
    house.die(case.point, house.schedule)
    house.schedule()
    house.feed()
    house.wait_for_calls()
    assert house.count_states() == {"missed": COUNT}
    assert house.count_calls() == {}
    house.assert_log_is_clean()


def send(house, case):
    """The dialer has taken them, and nobody knows."""
    house.ask()
    house.schedule()
    house.die(case.point, house.feed)
    house.finish()


def read_results(house, case):
    house.ask()
    house.schedule()
    house.feed()
    house.wait_for_calls()
    house.die(case.point, house.read_results)
    house.finish()


CASES = [
    Case("callback.handed_over", hand_over, is_quick=True),
    Case("callback.followed", follow),
    Case("callback.settled", move_missed, is_quick=True),
    Case("callback.settled", give_up_missed),
    Case("feed.claimed", send),
    Case("feed.sent", send, is_quick=True),
    Case("results.applied", read_results),
]
