"""What Odoo's own providers say of a message, told as a gateway's answer (requirement M1)."""

from __future__ import annotations

from .answers import Answer, Kind

# States of ``SmsApi`` and of ``SmsApiTwilio`` that say what became of a message. Any other leaves a
# doubt.
_TAKEN = frozenset({"processing", "success", "sent", "delivered"})
# For what the message or its number is: the others may be sent all the same.
_REFUSED = {
    "wrong_number_format": "sms_number_format",
    "sms_number_missing": "sms_number_format",
    "country_not_supported": "sms_country_not_supported",
    "duplicate_message": "sms_duplicate",
    "incompatible_content": "sms_rejected",
    "twilio_from_to": "sms_number_format",
    "twilio_acc_unverified": "sms_not_allowed",
    # Twilio has answered with an error that Odoo has no word for.
    "unknown": "sms_rejected",
}
# Nothing is sent until a person has bought credits, or mended the account.
_MISUSED = frozenset(
    {
        "insufficient_credit",
        "unregistered",
        "registration_needed",
        "twilio_authentication",
        "twilio_callback",
        "twilio_from_missing",
    }
)


def read_state(state: str, reference: str, said: str) -> Answer:
    """The answer that a provider's word for a message comes to.

    :param state: as the provider calls it
    :param reference: the message's uuid
    :param said: the same for a person
    """
    if state in _TAKEN:
        return Answer("accepted", reference, text=said)
    if state in _REFUSED:
        return Answer("refused", failure=_REFUSED[state], text=said)
    kind: Kind = "misused" if state in _MISUSED else "doubtful"
    return Answer(kind, text=said)
