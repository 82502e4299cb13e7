"""What a channel may answer when a batch is sent to it (docs/architecture.md, the port).

Everything but ``InDoubt`` promises that the other side holds nothing of the batch.
"""


class ChannelError(Exception):
    """A channel could not do what was asked; the text is for a supervisor."""


class Rejected(ChannelError):
    """The other side refused the batch for what it holds. Nothing was accepted."""


class Unavailable(ChannelError):
    """The other side cannot take anything now (down, busy, wrong password). Nothing was accepted.

    :param whole_service: other targets of the same service fail as well
    :param needs_person: it fails until somebody acts, as with a wrong password
    """

    def __init__(self, message, whole_service=False, needs_person=False):
        super().__init__(message)
        self.whole_service = whole_service
        self.needs_person = needs_person


class InDoubt(ChannelError):
    """The batch may have been accepted: ask the other side before anything is sent again."""
