from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import html2plaintext

# Parts of the names of fields whose values nobody sees.
SECRET = ("password", "secret", "token")
VEIL = "•••"
_LOGGED_TYPES = frozenset(
    {
        "boolean",
        "char",
        "date",
        "datetime",
        "float",
        "html",
        "integer",
        "many2many",
        "many2one",
        "selection",
        "text",
    }
)
# What Odoo's tracking has no column for.
_AS_TEXT = ("html",)


def is_secret(field):
    """Whether nobody may read the value of a field in the change log.

    :param odoo.fields.Field field:
    """
    is_named_so = any(word in field.name for word in SECRET)
    return is_named_so or not field.exportable or field.groups == fields.NO_ACCESS


class EcmLoggedMixin(models.AbstractModel):
    """Configuration whose changes stand in the change log (requirement R8, `ecm.change`): what Odoo
    does not track in a chatter, and what has no chatter at all.

    Noted as Odoo notes what it tracks, `mail.tracking.value` of a note, so that the chatter of the
    whole shows it, too. Changes of a part, such as a rule of a strategy, are noted at its whole;
    that something was added or removed is a change of its name.
    """

    _name = "ecm.logged.mixin"
    _description = "Configuration in the Change Log"

    # The field that leads to the whole; empty: changes are noted at the record itself.
    _logged_at = ""
    # The fields that name a part; empty: its display name does.
    _logged_names = ()
    # What may hold a password that somebody has typed: that it was changed is noted, not to what.
    _veiled_fields = frozenset()
    _unlogged_fields = frozenset({"color"})

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if records._is_logging() and not records._has_chatter():
            for record in records.sudo():
                record._log_added()
        return records

    def write(self, vals):
        names = [name for name in vals if self._is_logged(name)]
        if not names or not self._is_logging():
            return super().write(vals)
        before = {}
        for record in self.sudo():
            before[record.id] = {name: record[name] for name in names}
        result = super().write(vals)
        for record in self.sudo():
            record._log_written(before[record.id])
        return result

    def unlink(self):
        if not self._is_logging():
            return super().unlink()
        removed = [record._prepare_removed() for record in self.sudo()]
        result = super().unlink()
        for whole, values in removed:
            # Not that a part went with its whole.
            if not self._logged_at or whole.exists():
                self.env["mail.message"].sudo().create(values)
        return result

    # -- what is logged ---------------------------------------------------------------------------

    def _is_logging(self):
        """Not what modules bring, and not where Odoo tracks nothing either."""
        is_off = self.env.context.get("tracking_disable")
        return bool(self) and self.env.registry.ready and not is_off

    def _has_chatter(self):
        """Odoo notes itself who has made it."""
        return isinstance(self, self.env.registry["mail.thread"])

    @api.model
    def _is_logged(self, name):
        """Whether changes of a field are noted here: those that people make, and that Odoo does not
        track already.
        """
        field = self._fields.get(name)
        if field is None or field.type not in _LOGGED_TYPES or name in self._unlogged_fields:
            return False
        if not field.store or field.readonly or is_secret(field):
            return False
        return not (self._has_chatter() and getattr(field, "tracking", None))

    def _get_logged_whole(self):
        return self[self._logged_at] if self._logged_at else self

    def _get_logged_name(self):
        """The name of a part, as it stands in the log."""
        if not self._logged_names:
            return self.display_name or ""
        words = []
        for name in self._logged_names:
            value = self[name]
            words.append(value.display_name if isinstance(value, models.BaseModel) else value)
        return ", ".join(str(word) for word in words if word)

    # -- notes ------------------------------------------------------------------------------------

    def _log_added(self):
        whole = self._get_logged_whole()
        # What begins with its whole is no change of it.
        is_new = self._logged_at and whole.create_date and whole.create_date >= self.env.cr.now()
        if not is_new:
            tracking = self._prepare_name_tracking("", self._get_logged_name())
            self.env["mail.message"].create(self._prepare_note(whole, [tracking]))

    def _log_written(self, before):
        """:param dict before: values by the names of their fields"""
        if trackings := self._prepare_trackings(before):
            whole = self._get_logged_whole()
            self.env["mail.message"].create(self._prepare_note(whole, trackings))

    def _prepare_removed(self):
        """:return: the whole, and values of the note that this was removed from it"""
        whole = self._get_logged_whole()
        tracking = self._prepare_name_tracking(self._get_logged_name(), "")
        return whole, self._prepare_note(whole, [tracking])

    def _prepare_note(self, whole, trackings):
        """:return: values of a ``mail.message`` that nobody is notified of"""
        author = self.env.user.partner_id
        return {
            "author_id": author.id,
            "email_from": author.email_formatted,
            "model": whole._name,
            "res_id": whole.id,
            "subject": self._get_logged_name() if self._logged_at else False,
            "message_type": "notification",
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note"),
            "is_internal": True,
            "email_add_signature": False,
            "reply_to": author.email_formatted,
            "tracking_value_ids": [Command.create(tracking) for tracking in trackings],
        }

    def _prepare_trackings(self, before):
        """:return: list of values of ``mail.tracking.value``, for what is another now"""
        trackings, described = [], self.fields_get(list(before))
        values = self.env["mail.tracking.value"]
        for name, old in before.items():
            new = self[name]
            if old == new or not (old or new):
                continue
            if name in self._veiled_fields:
                trackings.append(self._prepare_text_tracking(name, VEIL, VEIL))
            elif self._fields[name].type in _AS_TEXT:
                texts = html2plaintext(old or ""), html2plaintext(new or "")
                trackings.append(self._prepare_text_tracking(name, *texts))
            else:
                info = described[name]
                trackings.append(values._create_tracking_values(old, new, name, info, self))
        return trackings

    def _prepare_name_tracking(self, old, new):
        field = self.env["ir.model.fields"]._get(self._name, "display_name")
        return {"field_id": field.id, "old_value_char": old, "new_value_char": new}

    def _prepare_text_tracking(self, name, old, new):
        """As a text or as a line, whichever the log reads for the field."""
        field = self.env["ir.model.fields"]._get(self._name, name)
        kind = "text" if field.ttype in ("text", "html") else "char"
        return {"field_id": field.id, f"old_value_{kind}": old, f"new_value_{kind}": new}
