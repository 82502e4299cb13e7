"""What somebody asks for, as records and values together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Promise:
    """A callback that is to be promised.

    :param skill: one ``ecm.callback.skill``
    :param agent: an ``ecm.callback.agent``, empty for anybody of the skill
    :param campaign: the ``ecm.campaign`` whose dialer makes the call
    :param number: E.164; None for what is no number
    :param at: naive UTC; None for what is no moment
    :param tz: IANA name of the customer's zone
    :param account_number: the customer's key
    :param besides: ``ecm.callback`` records that are moved, so that their places are free
    """

    skill: Any
    agent: Any
    campaign: Any
    number: str | None
    at: datetime | None
    tz: str
    account_number: str | None
    besides: Any

    def get_capacities(self) -> tuple[int, int, int]:
        """How many callbacks a slot of the skill takes, a slot of the agent, and the agent at all; 0
        for any number.
        """
        skill, agent = self.skill.sudo(), self.agent.sudo()
        return skill.capacity, agent.capacity, agent.open_limit
