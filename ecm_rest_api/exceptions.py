"""What verbs of other systems raise, over REST and over Odoo's RPC alike."""

from odoo.exceptions import UserError, ValidationError


class WrongValue(ValidationError):
    """A value that cannot be taken.

    :ivar field: which one, with dots between its parts: ``contacts.3.phones.0``
    """

    def __init__(self, message, field=None):
        super().__init__(message)
        self.field = field


def refuse_emptied(model, values):
    """
    :param dict values: by field of the model; False or an empty text empties one
    :raise WrongValue: one of these must have a value
    """
    for name, value in values.items():
        # A number may be 0.
        is_emptied = value is False or value == ""
        if is_emptied and model._fields[name].required:
            raise WrongValue(model.env._("It must have a value."), name)


class TryAgain(UserError):
    """Another process is at the same work for some seconds: nothing was done."""
