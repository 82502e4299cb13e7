"""What should become of contacts, written a second time: plain loops over plain lists, nothing from
``tools``.

`test_model_life.py` lets the engine and this live through the same weeks and compares them try by
try. It follows the documented meaning of strategies, limits and callbacks (requirements S1 to S7)
and is as slow as it is simple.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
# What the outcomes mean that the test plays with.
LIVE, SUPPRESSING, UNCOUNTED = {"voice", "do_not_call"}, {"do_not_call"}, {"call_failed"}
ASKING, MISSING = {"callback"}, {"callback_missed"}
WINDOWS = {"24h": 24 * HOUR, "7d": 7 * 24 * HOUR, "15d": 15 * 24 * HOUR, "30d": 30 * 24 * HOUR}
KEPT_DANGLING = 24 * HOUR


class Try:
    """One call."""

    def __init__(self, life, claimed, number, position, cycle):
        self.life, self.claimed, self.number, self.position, self.cycle = (
            life,
            claimed,
            number,
            position,
            cycle,
        )
        self.code = self.wrap_up = self.called = self.result_at = None
        self.by_callback = bool(life.callback)
        self.by_wrap_up = False
        self.is_late = self.is_lost = False

    def counts(self):
        return self.code not in UNCOUNTED

    def when(self):
        return min(self.called, self.result_at) if self.code else self.claimed


class Life:
    """One contact."""

    def __init__(self, name, world, phones, added):
        self.name, self.world, self.phones, self.added = name, world, phones, added
        self.state, self.reason, self.due = "pending", False, added
        self.position, self.cycle, self.counted, self.uncounted = 1, 1, 0, 0
        self.callback = self.since = self.wanted = self.current = None
        self.is_retained = False
        self.tries = []

    def close(self, state, reason):
        self.state, self.reason, self.current = state, reason, None


class World:
    """One campaign: strategies as `EngineCase.create_strategy` takes them, and how it treats
    callbacks.
    """

    def __init__(
        self, zone, ttl_days, strategy, callback_strategy, wrap_ups, callbacks, listed, lives
    ):
        self.zone, self.ttl_days = ZoneInfo(zone), ttl_days
        self.strategies = {False: strategy, True: callback_strategy}
        self.wrap_ups, self.callbacks = wrap_ups, callbacks
        self.listed, self.lives = listed, lives  # of all campaigns

    def own(self):
        return [life for life in self.lives if life.world is self]

    def strategy(self, life):
        return self.strategies[bool(life.callback)]

    # -- one moment ---------------------------------------------------------------------------------

    def sweep(self, now):
        for life in self.own():
            if (
                life.current
                and life.state == "sent_to_dialer"
                and life.current.claimed < now - KEPT_DANGLING
            ):
                life.counted += 1
                life.close("dangling", "no_result")

    def feed(self, now, fault):
        for life in self.own():
            self.settle_doubt(life, now)
        for life in self.own():
            if life.state == "pending" and life.due <= now:
                found = self.judge(life, now)
                if found and fault != "unavailable":
                    position, number = found
                    self.release_in_time(life, now)
                    life.current = Try(life, now, number, position, life.cycle)
                    life.current.is_lost = fault == "lost_request"
                    life.tries.append(life.current)
                    life.state = "sent_to_dialer"

    def settle_doubt(self, life, now):
        for made in [made for made in life.tries if made.is_lost]:
            life.tries.remove(made)
            if life.current is made:
                life.current = None
                if life.state == "sent_to_dialer":
                    life.state, life.due = "pending", now

    # -- gates --------------------------------------------------------------------------------------

    def judge(self, life, now):
        """Position and number of the try that may be made now, or None when the contact waits or
        closes.
        """
        if self.ttl_days and life.added < now - timedelta(days=self.ttl_days):
            return life.close("expired", "ttl")
        phones = [None if number in self.listed else number for number in life.phones]
        if spent := self.spent(life):
            return life.close("retries_completed", spent)
        limits = self.strategy(life)["limits"]
        lasting = [
            limit for limit in limits if limit["period"] == "life" and limit["subject"] == "number"
        ]
        fresh = [
            number if number and self.allowed(life, lasting, phones, number, now) else None
            for number in phones
        ]
        found = self.find(life, fresh, life.position)
        if not found:
            if self.move_on(life, fresh, now):
                return None
            if phones != life.phones:
                return life.close("dnc_listed", "suppressed")
            return life.close(untried(life), "no_number" if fresh == phones else "limit")
        return (
            found
            if self.allowed(life, limits, phones, found[1], now)
            else self.put_off(life, limits, phones, found, now)
        )

    def move_on(self, life, fresh, now):
        """Whether the next cycle has a number that is left: it begins after its interval."""
        strategy = self.strategy(life)
        if life.cycle == strategy["max_cycles"] or not (found := self.find(life, fresh, 1)):
            return False
        life.cycle += 1
        self.plan(life, found[0], now + timedelta(minutes=strategy["cycle_minutes"]))
        return True

    def put_off(self, life, limits, phones, found, now):
        """Not before the first moment that every limit allows; all moments at which one may begin
        to are tried.
        """
        moments = [made.when() + window for made in self.all_tries() for window in WINDOWS.values()]
        today = now.replace(tzinfo=UTC).astimezone(self.zone).date()
        for days in range(1, 60):
            midnight = datetime.combine(today + timedelta(days=days), time(), self.zone)
            moments.append(midnight.astimezone(UTC).replace(tzinfo=None))
        for moment in sorted(moments):
            if moment > now and self.allowed(life, limits, phones, found[1], moment):
                life.due = moment
                return
        life.close(untried(life), "limit")

    def allowed(self, life, limits, phones, number, moment):
        return all(self.keeps(life, limit, phones, number, moment) for limit in limits)

    def keeps(self, life, limit, phones, number, moment):
        made = 0
        for earlier in self.all_tries():
            is_own = earlier.life is life
            if not earlier.counts() or (limit["subject"] == "number" and earlier.number != number):
                continue
            if is_own and self.callbacks["resets"] and life.since and earlier.when() <= life.since:
                continue
            if not is_own and (limit["scope"] == "campaign" or earlier.number not in phones):
                continue
            made += self.is_within(limit["period"], earlier.when(), moment)
        return made < limit["count"]

    def is_within(self, period, earlier, moment):
        if period == "life":
            return True
        if period == "day":
            days = [
                when.replace(tzinfo=UTC).astimezone(self.zone).date() for when in (earlier, moment)
            ]
            return days[0] == days[1]
        return earlier > moment - WINDOWS[period]

    def all_tries(self):
        return [made for life in self.lives for made in life.tries]

    def spent(self, life):
        if life.counted >= self.strategy(life)["max_attempts"]:
            return "budget"
        return (
            "uncounted_budget" if life.uncounted >= self.strategy(life)["max_uncounted"] else None
        )

    def find(self, life, phones, position):
        """The first attempt from a position on that has a number."""
        strategy = self.strategy(life)
        for number in range(position, len(strategy["attempts"]) + 1):
            wanted = strategy["attempts"][number - 1][0]
            order = {
                "first": [wanted, 1],
                "skip": [wanted],
                "next_valid": [*range(wanted, 6), *range(1, wanted)],
            }[strategy["phone_fallback"]]
            for index in order:
                if phones[index - 1]:
                    return number, phones[index - 1]
        return None

    # -- results ------------------------------------------------------------------------------------

    def end(self, made, code, wrap_up, called, now):
        """A result comes; one that nobody waits for is only written down."""
        life = made.life
        made.code, made.wrap_up, made.called, made.result_at = code, wrap_up, called, now
        said = self.wrap_ups.get(wrap_up, {})
        if code in SUPPRESSING or said.get("suppresses"):
            self.listed.add(made.number)
        if life.current is not made or life.state != "sent_to_dialer":
            made.is_late = True
            return
        life.current = None
        if made.counts():
            life.counted += 1
        else:
            life.uncounted += 1
        self.decide(life, made, said, now)

    def decide(self, life, made, said, now):
        attempts = self.strategy(life)["attempts"]
        wrap_up_decides = bool(said) and (
            said["action"] != "strategy" or said.get("suppresses", False)
        )
        made.by_wrap_up = wrap_up_decides
        rule = said if wrap_up_decides else attempts[made.position - 1][1].get(made.code)
        if made.code in SUPPRESSING or (rule and rule.get("suppresses")):
            self.listed.add(made.number)
            return life.close("dnc_listed", "suppressed")
        asks = said.get("asks_callback", False) or (not wrap_up_decides and made.code in ASKING)
        if asks and not (life.callback and rule):
            return self.become_callback(life, rule, now)
        if not rule or rule["action"] == "close":
            return self.close_by_rule(life, made, rule, wrap_up_decides)
        reason = self.spent(life) or self.follow(life, made, rule, wrap_up_decides, now)
        if reason:
            return life.close("connected" if made.code in LIVE else "retries_completed", reason)
        return self.release(life, rule)

    def close_by_rule(self, life, made, rule, wrap_up_decides):
        reason = ("wrap_up_close" if wrap_up_decides else "rule_close") if rule else "no_rule"
        if made.code in LIVE:
            return life.close("connected", reason if rule else "live_voice")
        strategy = self.strategy(life)
        is_last = (
            made.position == len(strategy["attempts"]) and life.cycle == strategy["max_cycles"]
        )
        return life.close(
            "retries_completed" if is_last or self.spent(life) else "not_connected", reason
        )

    def follow(self, life, made, rule, wrap_up_decides, now):
        """Move on to what the rule leads to; the reason when that is nothing."""
        strategy = self.strategy(life)
        run = [
            each
            for each in life.tries
            if each.cycle == life.cycle and each.code and self.is_of_strategy(each)
        ]
        if (
            strategy["cycle_limit"]
            and len([each for each in run if each.counts()]) >= strategy["cycle_limit"]
        ):
            return self.next_cycle(life, rule, now)
        if wrap_up_decides:
            uses = len([each for each in run if each.wrap_up == made.wrap_up])
        else:
            # A try that a wrap-up decided uses up none of the strategy's retries.
            strategys = [each for each in run if not each.by_wrap_up]
            same = (made.position, made.code)
            uses = len([each for each in strategys if (each.position, each.code) == same])
        if rule["action"] == "next":
            found, at = (
                self.find(life, life.phones, made.position + 1),
                now + timedelta(minutes=rule["delay_minutes"]),
            )
        elif rule["max_retry"] and uses > rule["max_retry"]:
            found, at = self.find(life, life.phones, rule.get("branch") or made.position + 1), now
            if found and found[1] == made.number:
                at = now + timedelta(minutes=rule["delay_minutes"])
        else:
            target = rule["next"] if rule["action"] == "attempt" else made.position
            found, at = (
                self.find(life, life.phones, target),
                now + timedelta(minutes=rule["delay_minutes"]),
            )
            if not found and life.cycle == strategy["max_cycles"]:
                return "no_number"
        return self.plan(life, found[0], at) if found else self.next_cycle(life, rule, now)

    def is_of_strategy(self, made):
        since = made.life.since
        return made.by_callback == bool(made.life.callback) and (not since or made.claimed >= since)

    def next_cycle(self, life, rule, now):
        strategy = self.strategy(life)
        if life.cycle == strategy["max_cycles"]:
            return "cycles"
        found = self.find(life, life.phones, 1)
        if not found:
            return "no_number"
        life.cycle += 1
        return self.plan(
            life,
            found[0],
            now + timedelta(minutes=max(strategy["cycle_minutes"], rule["delay_minutes"])),
        )

    def plan(self, life, position, at):
        life.state, life.position, life.due = "pending", position, at

    # -- callbacks ----------------------------------------------------------------------------------

    def become_callback(self, life, rule, now):
        life.callback = "personal"
        found = self.find(life, life.phones, 1)
        spent = None if self.callbacks["resets"] else self.spent(life)
        if spent or not found:
            life.callback = None
            return life.close("connected", spent or "no_number")
        if self.callbacks["resets"]:
            life.counted = life.uncounted = 0
        life.since, life.cycle = now, 1
        life.wanted = now + timedelta(minutes=rule["delay_minutes"] if rule else 0)
        self.plan(life, found[0], now + timedelta(minutes=rule["delay_minutes"] if rule else 0))
        return self.release(life, rule or {})

    def release(self, life, rule):
        """A personal callback may be anybody's from now on; what is anybody's stays so."""
        life.is_retained = bool(rule.get("retain_pcb"))
        if life.callback == "personal" and not life.is_retained:
            own = [made for made in life.tries if self.is_of_strategy(made)]
            missed = len([made for made in own if made.code in MISSING])
            if (
                self.callbacks["agent_tries"] is not None
                and missed >= self.callbacks["agent_tries"]
            ):
                life.callback = "normal"
            self.release_in_time(life, life.due)

    def release_in_time(self, life, moment):
        """Also one that waited for longer than it is its agent's."""
        hours = self.callbacks["personal_hours"]
        if (
            life.callback
            and hours is not None
            and moment - life.wanted >= hours * HOUR
            and not life.is_retained
        ):
            life.callback = "normal"


def untried(life):
    """Who was never called has completed no retries."""
    was_tried = life.counted or life.uncounted or life.callback
    return "retries_completed" if was_tried else "not_connected"
