"""Calling hours: the gate over one claim's contacts in mixed zones, and the bare check.

`make bench NAME=hours`: 1,000 candidates with numbers of the United States, Canada, the United
Kingdom, Germany and Australian mobile numbers of eight zones, region rules kept. `gate_first_ms` is
a process that has met no number yet. `checks_per_s` is `CallingHours.opening` for contacts that
share zones and rules, `new_ms` one of new zones and rules.
"""

import random
from datetime import datetime, timedelta
from typing import Any

from . import common

CANDIDATES = 1000
ROUNDS = 9
CHECKS = 300_000
NOON = datetime(2026, 3, 2, 12)
AREA_CODES = (212, 305, 786, 415, 312, 602, 808, 416, 604, 617, 702)


def numbers(seed: int) -> list[str]:
    """Numbers as a list of several countries has them."""
    choose = random.Random(seed)
    made = []
    for _candidate in range(CANDIDATES):
        # Countries in the shares of a mixed list; Australia's mobile numbers name no zone.
        digits = choose.randrange(10**7, 10**8)
        patterns = (
            f"+1{choose.choice(AREA_CODES)}{2_000_000 + digits % 8_000_000}",
            f"+447{digits}1",
            f"+4915{digits}1",
            f"+614{digits}",
        )
        made.append(choose.choices(patterns, (4, 2, 3, 1))[0])
    return made


def candidates(seed: int, campaign_id: int) -> list[Any]:
    from odoo.addons.ecm_campaign.tools.gates import Candidate
    from odoo.addons.ecm_campaign.tools.strategy import NextAttempt

    found = []
    for index, number in enumerate(numbers(seed), start=1):
        attempt = NextAttempt(1, "voice", 1, number, NOON, "start")
        phones = (number, None, None, None, None)
        found.append(
            Candidate(index, 1, 0, 0, "", "", phones, campaign_id=campaign_id, attempt=attempt)
        )
    return found


def measure_gate(env: Any, campaign: Any) -> tuple[float, float, int]:
    """:return: milliseconds of the first gate and of later ones with other numbers, contacts that
    wait
    """
    hours = env["ecm.gate.hours"]
    from odoo.addons.ecm_campaign.tools.gates import Wait

    times, waiting = [], 0
    # Other numbers each time: what the first round has met stays known, as in a running server.
    for seed in range(ROUNDS + 1):
        batch = candidates(seed, campaign.id)
        env.invalidate_all()

        def gate() -> None:
            nonlocal waiting
            rule = hours._get_rule(campaign, NOON)
            waiting = 0
            for row in batch:  # noqa: B023  called at once
                if isinstance(rule.judge(row, NOON), Wait):
                    waiting += 1

        times.append(common.seconds(gate) * 1000)
    return times[0], sorted(times[1:])[ROUNDS // 2], waiting


def measure_pure() -> tuple[float, float]:
    """:return: checks per second of one that is shared, milliseconds of a new one"""
    from odoo.addons.ecm_campaign.tools.calling_hours import CallingHours, Constraint, WeeklyHours

    # A campaign's office hours, and what the law allows every day.
    office = WeeklyHours.of((day, 540, 1200) for day in range(6))
    legal = WeeklyHours.of((day, 480, 1260) for day in range(7))
    constraints = [
        Constraint(("America/New_York",), office),
        Constraint(("America/New_York",), legal),
    ]
    shared = CallingHours(constraints)
    moments = [NOON + timedelta(seconds=second) for second in range(CHECKS)]

    def check() -> None:
        for moment in moments:
            shared.opening(moment)

    new = common.median_seconds(lambda: CallingHours(constraints).opening(NOON), 1000)
    return CHECKS / common.seconds(check), new * 1000


def main() -> None:
    with common.odoo_environment("hours") as env:
        calendar = env.ref("ecm_campaign.resource_calendar_calling_hours")
        # Each contact's own zone is asked: that is the dear way.
        hours = {
            "calendar_id": calendar.id,
            "hours_zone": "contact",
            "keeps_region_rules": True,
        }
        campaign = common.create_campaign(env, "Hours", **hours)
        env.cr.commit()
        first, gate, waiting = measure_gate(env, campaign)
        checks, new = measure_pure()
    common.report(
        candidates=CANDIDATES,
        gate_first_ms=first,
        gate_ms=gate,
        waiting=waiting,
        checks_per_s=checks,
        new_ms=new,
    )


if __name__ == "__main__":
    main()
