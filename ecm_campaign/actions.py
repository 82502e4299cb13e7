"""What a button answers: say something, open a list or a form."""

RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}
CLOSE = {"type": "ir.actions.act_window_close"}


def notify(message, kind="success", sticky=False, then=None):
    """Say a sentence in the corner of the screen, and reload what stands behind it.

    :param str kind: success, info, warning or danger
    :param bool sticky: it stays until somebody closes it
    :param dict then: the next action, `RELOAD` if none is given; `CLOSE` for a button of a dialog
    """
    params = {"type": kind, "message": message, "sticky": sticky, "next": dict(then or RELOAD)}
    return {"type": "ir.actions.client", "tag": "display_notification", "params": params}


def open_window(env, xml_id, **changes):
    """Open a window action.

    :param str xml_id: of the action
    :param changes: what is different this time, such as ``domain`` or ``context``
    """
    return {**env["ir.actions.act_window"]._for_xml_id(xml_id), **changes}


def open_form(record, **changes):
    """Open one record in its form; of an empty set a new one.

    :param changes: what else the window action says, such as ``target``
    """
    return {
        "type": "ir.actions.act_window",
        "res_model": record._name,
        "res_id": record.id,
        "view_mode": "form",
        # Odoo adds them for buttons of a view only, not for what a widget asks for.
        "views": [(False, "form")],
        **changes,
    }
