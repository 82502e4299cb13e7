"""What can go wrong with a dialer, sorted by the one question that matters: was the batch accepted?

==============  ==================================================  =========================
Exception       Was a pushed batch accepted?                        What the engine does
==============  ==================================================  =========================
`Rejected`      no, and the same request will be refused again      release, tell a person
`Unauthorized`  no (a `Rejected`: wrong user or password)           release, pause the dialer
`NotFound`      no (a `Rejected`: the campaign is gone)             release, tell a person
`Busy`          no, the dialer has no room at the moment            release, come back later
`Unreachable`   no, the complete request never left this machine    release, try again
`InDoubt`       perhaps                                             keep, `find`, never resend
==============  ==================================================  =========================

The text of every error is a sentence that a supervisor understands and never contains a password.
"""


class DialerError(Exception):
    """Any failure of a dialer; catch the subclasses to learn whether the batch was accepted."""

    needs_person = False
    """Whether asking again changes nothing until somebody acts, and may lock the account."""


class Rejected(DialerError):
    """The dialer answered and refused (HTTP 400, 403, 404, 405 …): definitely not accepted.

    :param code: the dialer's own error type or the HTTP status, e.g. ``InvalidInput``
    :param data: the dialer's own error data, for the log
    """

    def __init__(self, message: str, code: str = "", data: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class Unauthorized(Rejected):
    """HTTP 401: user or password is wrong, or the user lacks the administrator role."""

    needs_person = True


class Busy(DialerError):
    """HTTP 503, or another import is still running: definitely not accepted, try again later."""


class NotFound(Rejected):
    """HTTP 404: the campaign does not exist at the dialer any more."""


class Unreachable(DialerError):
    """No connection, no TLS, or the request could not be handed over completely: definitely not
    accepted.

    Read-only requests also raise it when no usable answer came, since reading changes nothing.
    """


class InDoubt(DialerError):
    """The request may have arrived: time-out or lost connection, 500/502/504, or an import without
    an end.

    :param known: keys that are certainly at the dialer, where `find` could tell only a part
    """

    def __init__(self, message: str, known: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.known = known
