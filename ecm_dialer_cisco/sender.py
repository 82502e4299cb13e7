"""What sends to one Cisco campaign: a client's answers in the engine's terms, free of records."""

from datetime import timezone

from .clients import exceptions as client_exceptions
from .clients.base import PushContact
from odoo.addons.ecm_campaign import exceptions
from odoo.addons.ecm_campaign.tools.channel import Receipt


class DialerSender:
    """The engine's ``tools.channel.Sender`` for a Cisco campaign.

    :param client: of the dialer
    :param key: the campaign's ID on the dialer
    :param name: its name there
    """

    def __init__(self, client, key, name):
        self.client, self.key, self.name = client, key, name

    def send(self, batch):
        """See ``tools.channel.Sender``."""
        contacts = []
        for outgoing in batch:
            names = outgoing.first_name, outgoing.last_name
            # What a call is sent with beside its number, by the names of PushContact.
            others = outgoing.content or {}
            contacts.append(PushContact(outgoing.key, outgoing.number, *names, **others))
        try:
            receipt = self.client.push(self.key, self.name, contacts)
        except client_exceptions.DialerError as error:
            raise _translate(error) from error
        return Receipt(
            receipt.accepted,
            receipt.refused,
            receipt.doubtful,
            receipt.unsent,
            receipt.failure and _describe_failure(receipt.failure),
        )

    def find(self, keys, sent_at):
        """See ``tools.channel.Sender``."""
        try:
            return self.client.find(self.key, keys, sent_at.replace(tzinfo=timezone.utc))
        except client_exceptions.DialerError as error:
            raise unavailable(error) from error


def _translate(error):
    """A client's error in the engine's terms."""
    if isinstance(error, client_exceptions.InDoubt):
        return exceptions.InDoubt(str(error))
    # A wrong password is no fault of the contacts.
    is_refused = isinstance(error, client_exceptions.Rejected)
    if is_refused and not _is_refusal_of_access(error):
        return exceptions.Rejected(str(error))
    return unavailable(error)


def _describe_failure(error):
    """A client's error in the engine's terms, where a part of the batch was accepted before it: the
    contacts are not to blame.
    """
    if isinstance(error, client_exceptions.InDoubt):
        return exceptions.InDoubt(str(error))
    return unavailable(error)


def unavailable(error):
    """A client's error in the engine's terms, where nothing was accepted or only asked."""
    # The dialer's other campaigns may work all the same when this one is busy or gone.
    is_own = isinstance(error, client_exceptions.Busy | client_exceptions.NotFound)
    return exceptions.Unavailable(str(error), not is_own, error.needs_person)


def _is_refusal_of_access(error):
    """Whether the dialer refuses whoever asks, and not what is sent."""
    no_data_fault = client_exceptions.Unauthorized, client_exceptions.NotFound
    return isinstance(error, no_data_fault) or error.code in ("403", "405")
