from odoo.exceptions import UserError


class CallbackRefused(UserError):
    """A callback that cannot be promised (requirement B2).

    :ivar code: one of ``tools.rules.CODES``, for other systems
    :ivar slots: the nearest free moments that could be promised instead, naive UTC
    :ivar zone: IANA name of the customer's clock, for showing them
    """

    def __init__(self, message, code, slots=(), zone="UTC"):
        super().__init__(message)
        self.code = code
        self.slots = tuple(slots)
        self.zone = zone
