"""Short ways to write plans, tries and what follows them, for the tests of the decision."""

from datetime import UTC, datetime, timedelta

from ecm_campaign.tools.strategy import Counters, NextAttempt, Outcome, Plan, PlannedAttempt, Rule

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HALF_HOUR = 30 * MINUTE
PHONES = ("+4915112345671", "+4915112345672", "+4915112345673", None, "")

BUSY = Outcome("busy")
NO_ANSWER = Outcome("no_answer")
FAILED = Outcome("call_failed", counts_as_attempt=False)
VOICE = Outcome("voice", is_live_voice=True)
DO_NOT_CALL = Outcome("do_not_call", is_live_voice=True, suppresses=True)
CALLBACK = Outcome("callback", asks_callback=True)
MISSED = Outcome("callback_missed", misses_agent=True)


def attempt(position, phone_index=1, channel="voice", **rules):
    """A planned attempt; rules by outcome code."""
    return PlannedAttempt(position, channel, phone_index, rules)


def plan_of(*attempts, **options):
    return Plan(attempts, **options)


def go(position, delay=HALF_HOUR, **options):
    return Rule("attempt", position, delay, **options)


def again(delay=HALF_HOUR, **options):
    return Rule("again", None, delay, **options)


def used(position, code, times, **options):
    """Counters after ``times`` tries that all ended so at one position in one run."""
    return Counters(
        **{"counted": times, "in_cycle": times, "uses": {(position, code): times}, **options}
    )


def step(decision):
    """What a decision comes to, in short: ``(position, minutes from NOW, reason, cycle)`` or
    ``(state, reason)``.
    """
    if isinstance(decision, NextAttempt):
        return decision.position, (decision.at - NOW) / MINUTE, decision.reason, decision.cycle
    return decision.state, decision.reason
