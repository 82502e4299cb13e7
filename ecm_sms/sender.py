"""What sends messages to one gateway: a client's answers in the engine's terms, free of records."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from .clients.answers import UNSENT_KINDS
from .clients.http_gateway import DOUBTS_IN_A_ROW, Message
from .tools.segments import measure
from odoo.addons.ecm_campaign.exceptions import Unavailable
from odoo.addons.ecm_campaign.tools.channel import Receipt
from odoo.addons.ecm_campaign.tools.results import Result

# What a gateway says by these words is about the number, and not about the gateway.
OUTCOMES = {
    "sms_number_format": "invalid_number",
    "sms_invalid_destination": "invalid_number",
    "sms_blacklist": "sms_failed",
    "sms_not_allowed": "sms_failed",
    "sms_country_not_supported": "sms_failed",
    "sms_duplicate": "sms_failed",
}


class GatewaySender:
    """The engine's ``tools.channel.Sender`` for a gateway.

    :param gateway: a client, see ``clients.http_gateway.Gateway``
    :param texts: ``{kind of an answer: sentence with %s for what was said}``
    """

    def __init__(self, gateway, texts):
        self.gateway, self.texts = gateway, texts
        self.holds_records = getattr(gateway, "holds_records", False)

    def send(self, batch):
        """See ``tools.channel.Sender``."""
        messages, by_kind, results = [], {"refused": set()}, []
        for row in batch:
            # A text that could not be made is not sent.
            if row.content:
                messages.append(_make_message(row))
            else:
                by_kind["refused"].add(row.key)

        answers = self.gateway.send(messages)
        for key, answer in answers.items():
            by_kind.setdefault(answer.kind, set()).add(key)
            if answer.kind == "refused" and answer.failure in OUTCOMES:
                results.append(Result(key, OUTCOMES[answer.failure], answer.text[:200]))
        return self._make_receipt(messages, answers, by_kind, tuple(results))

    def _make_receipt(self, messages, answers, by_kind, results):
        """:param by_kind: ``{kind of answer: keys}``"""
        known = {result.key for result in results}
        # What it did not come to, and what it did not take.
        unsent = {message.key for message in messages}.difference(answers)
        for kind in UNSENT_KINDS:
            unsent |= by_kind.get(kind, set())
        references = {key: answer.reference for key, answer in answers.items() if answer.reference}
        return Receipt(
            accepted=frozenset(by_kind.get("accepted", set()) | known),
            refused=frozenset(by_kind["refused"] - known),
            doubtful=frozenset(by_kind.get("doubtful", ())),
            unsent=frozenset(unsent),
            failure=self._find_failure(list(answers.values())),
            references=references,
            results=results,
        )

    def _find_failure(self, answers):
        """Why the gateway takes no more, or None."""
        for answer in answers:
            if answer.kind in UNSENT_KINDS:
                return self._make_failure(answer)
        doubts = [answer for answer in answers if answer.kind == "doubtful"]
        # More doubts than there would be by chance: its answers are not understood.
        if len(doubts) >= min(DOUBTS_IN_A_ROW, len(answers)) and len(doubts) * 2 > len(answers):
            return self._make_failure(doubts[0])
        return None

    def _make_failure(self, answer):
        said = self.gateway.hide_secrets(answer.text)[:200]
        sentence = self.texts[answer.kind] % (said or f"HTTP {answer.status}")
        # Waiting mends neither, and each try at a gateway that is not understood costs messages.
        needs_person = answer.kind in ("misused", "doubtful")
        return Unavailable(sentence, needs_person=needs_person)


class Content(NamedTuple):
    """What an attempt sends.

    :param good_until: later it is of no use, naive UTC; None for ever
    :param reference: under which a provider is to know it, where that is ours to say
    """

    text: str
    good_until: datetime | None = None
    reference: str = ""


def make_message(key, number, text, minutes=None, reference=""):
    """:rtype: clients.http_gateway.Message"""
    return Message(key, number, text, measure(text).is_unicode, minutes, reference)


def _make_message(outgoing):
    """:param outgoing: ``tools.channel.Outgoing`` with a `Content`"""
    content, minutes = outgoing.content, None
    if content.good_until:
        now = datetime.now(UTC).replace(tzinfo=None)
        minutes = max(1, (content.good_until - now) // timedelta(minutes=1))
    return make_message(outgoing.key, outgoing.number, content.text, minutes, content.reference)
