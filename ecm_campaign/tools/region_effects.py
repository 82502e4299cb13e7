"""What region rules do to a campaign (requirement N3): how many contacts and attempts each is about,
and which of these attempts it would have stopped. Values only; nothing is changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .campaign_hours import get_rule_hours
from .limits import Try, earliest
from .region_rules import NOWHERE, Place, RegionRule, RegionRules
from .time_zones import EPOCH, MINUTE


class Group(NamedTuple):
    """Contacts whose numbers begin alike and who live in one place; ``number`` is one of theirs."""

    number: str
    place: Place
    size: int


class Made(NamedTuple):
    """An attempt that was made.

    :param at: naive UTC
    :param zones: in which whoever has the number may be
    """

    contact_id: int
    number: str
    channel: str
    at: datetime
    zones: tuple[str, ...]
    place: Place = NOWHERE
    is_conversation: bool = False
    is_refusal: bool = False

    def as_try(self) -> Try:
        """The attempt as limits count it."""
        return Try(
            self.at.replace(tzinfo=UTC),
            self.number,
            channel=self.channel,
            is_conversation=self.is_conversation,
            is_refusal=self.is_refusal,
        )


@dataclass(slots=True)
class Effect:
    """What a rule is about, and what of it it would have stopped: an attempt may be outside its
    hours and over its limits.
    """

    contacts: int = 0
    attempts: int = 0
    outside_hours: int = 0
    over_limits: int = 0
    stopped: int = 0


def count_effects(
    rules: Iterable[RegionRule],
    groups: Iterable[Group],
    attempts: Iterable[Made],
    channels: Iterable[str],
) -> dict[int, Effect]:
    """Ask each rule by itself.

    :param rules: as they are written: whether they hold for the campaign is not asked
    :param attempts: in the order in which they were made
    :param channels: those that the campaign contacts on
    :return: by the rule's id; a rule that is about none of these is missing
    """
    chosen = RegionRules(rules)
    effects: dict[int, Effect] = defaultdict(Effect)
    contacting = tuple(channels)
    for group in groups:
        # A rule about two of the campaign's channels is about each contact once.
        found = {}
        for channel in contacting:
            for rule in chosen.get_matching(group.number, channel, group.place):
                found[rule.id] = rule
        for rule_id in found:
            effects[rule_id].contacts += group.size

    ledger: dict[tuple[int, int | str], list[Try]] = defaultdict(list)
    for made in attempts:
        for rule in chosen.get_matching(made.number, made.channel, made.place):
            _count(effects[rule.id], rule, made, ledger)
    return dict(effects)


def _count(
    effect: Effect, rule: RegionRule, made: Made, ledger: dict[tuple[int, int | str], list[Try]]
) -> None:
    """Count one attempt by one rule, and remember it for the rule's limits."""
    effect.attempts += 1
    minute = (made.at - EPOCH) // MINUTE
    is_closed = get_rule_hours(rule, made.zones).get_closing(minute) is not None
    is_over = _is_over(rule, made, ledger) if rule.limits else False
    effect.outside_hours += is_closed
    effect.over_limits += is_over
    effect.stopped += is_closed or is_over


def _is_over(rule: RegionRule, made: Made, ledger: dict[tuple[int, int | str], list[Try]]) -> bool:
    """Whether the attempts before it, of its contact and of its number, reach a limit."""
    of_contact, of_number = (rule.id, made.contact_id), (rule.id, made.number)
    before = ledger[of_contact] + [
        one for one in ledger[of_number] if one not in ledger[of_contact]
    ]
    attempt = made.as_try()
    ledger[of_contact].append(attempt)
    ledger[of_number].append(attempt)
    reached = earliest(rule.limits, before, made.number, attempt.at, ZoneInfo("UTC"))
    return reached is not None
