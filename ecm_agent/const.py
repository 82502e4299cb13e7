"""What the models of this module share."""

from typing import NamedTuple

CHANNEL = "manual"
# The state of a contact that an agent has in hand.
SENT_STATE = "with_agent"
# The context in which an agent takes a card. Its value is a `Taker`, which no client can send.
TAKES = "ecm_agent_takes"

# A card whose agent's browser was not heard of for so long is nobody's any more.
LEASE_SECONDS = 120
# How often the browser says that it is there: a page in the background may do so once a minute.
BEAT_SECONDS = 30
# A call without a wrap-up waits so long for its agent to come back.
UNFINISHED_MINUTES = 15
# A personal callback is kept for its agent so many minutes for each *try to reach the agent*.
TRY_MINUTES = 15


class Taker(NamedTuple):
    """Who takes a card.

    :param agent: as attempts name the agent
    :param only: ids of the contacts that may be taken; None for any
    :param again: the card whose contact is taken back, by its own agent
    """

    user_id: int
    agent: str
    only: tuple[int, ...] | None = None
