import hashlib
import secrets
from collections import Counter
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..tools.desktop_code import CHARACTERS, LENGTH, clean, show
from odoo.addons.ecm_rest_api.tools.problems import Problem

CODE_MINUTES = 15
MOST_TRIES = 5
KEY_DAYS = 90
SCOPES = ("callbacks:read", "callbacks:write", "ivr:read")


class EcmCallbackDesktop(models.AbstractModel):
    """A key for each desktop (docs/decisions/desktop-keys.md): a supervisor makes a code, the agent
    types it into the gadget once, and the desktop has a key that is good for this agent only.
    """

    _name = "ecm.callback.desktop.mixin"
    _description = "Desktops of Agents"

    # Nobody reads the code but whom it is shown to when it is made.
    desktop_code_hash = fields.Char(readonly=True, copy=False, groups="base.group_system")
    desktop_code_until = fields.Datetime(readonly=True, copy=False)
    desktop_code_tries = fields.Integer(readonly=True, copy=False)
    desktop_code_user_id = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="set null"
    )
    desktop_count = fields.Integer("Desktops", compute="_compute_desktop_count")

    def _compute_desktop_count(self):
        counts = Counter(key.callback_agent_id.id for key in self._get_desktop_keys())
        for agent in self:
            agent.desktop_count = counts[agent.id]

    def _get_desktop_keys(self):
        """:rtype: ecm.api.key, those that are still good"""
        keys = self.env["ecm.api.key"].sudo()
        found = keys.search([("callback_agent_id", "in", self.ids)])
        return found.filtered(lambda key: key.state == "valid")

    def action_make_desktop_code(self):
        """Show a code with which the agent's desktop gets its key. An earlier one is void."""
        self.ensure_one()
        self.check_access("write")
        user = self.user_id or self.env.user
        # Whoever runs campaigns must not become whoever runs Odoo.
        if user.sudo().has_group("base.group_system") and not self.env.is_system():
            raise AccessError(
                self.env._("Only administrators of Odoo make codes for an administrator of Odoo.")
            )
        code = "".join(secrets.choice(CHARACTERS) for _place in range(LENGTH))
        until = fields.Datetime.now() + timedelta(minutes=CODE_MINUTES)
        self.sudo().write(
            {
                "desktop_code_hash": self._hash_code(code),
                "desktop_code_until": until,
                "desktop_code_tries": 0,
                # Whose rights the desktop has where the agent is no user.
                "desktop_code_user_id": user.id,
            }
        )
        message = self.env._(
            "%(code)s, for %(minutes)s minutes: %(agent)s types it into the gadget.",
            code=show(code),
            minutes=CODE_MINUTES,
            agent=self.name,
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Desktop code"),
                "message": message,
                "type": "success",
                "sticky": True,
            },
        }

    def action_revoke_desktops(self):
        """The agent's desktops have no key any more, and a code that was made is void.

        :return: True
        """
        self.check_access("write")
        self._get_desktop_keys().action_revoke()
        self.sudo().write({"desktop_code_hash": False, "desktop_code_until": False})
        return True

    def _hash_code(self, code):
        # Of 50 bits that are good for minutes: no slow hash is needed.
        return hashlib.sha256(f"{self.id}:{code}".encode()).hexdigest()

    def _open_desktop(self, code):
        """Give a desktop its key. Called with all rights, on one agent or on none.

        :param str code: as it was typed
        :return: the secret, and when it expires (naive UTC)
        :raise Problem: the same, whatever is wrong: who guesses learns nothing
        """
        # In a transaction of its own: a try counts, whatever becomes of the call.
        with self.env.registry.cursor() as cursor:
            opened = self.with_env(self.env(cr=cursor))._try_code(clean(code))
        if opened:
            return opened
        raise Problem(
            "unauthenticated",
            self.env._("This code is not good, or not any more. Ask your supervisor for another."),
        )

    def _try_code(self, code):
        """:return: see `_open_desktop`; None for a code that is not good"""
        if not self or not self._use_code(code):
            return None
        user = self.desktop_code_user_id
        if not user.active:
            return None
        expires_at = fields.Datetime.now() + timedelta(days=KEY_DAYS)
        return self._make_desktop_key(user, expires_at), expires_at

    def _use_code(self, code):
        """Whether the code is good, which it is once. It is void after some that are not."""
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_callback_agent
                      SET desktop_code_tries = COALESCE(desktop_code_tries, 0) + 1,
                          desktop_code_hash = NULLIF(desktop_code_hash, %(given)s)
                    WHERE id = %(id)s AND desktop_code_hash IS NOT NULL AND active
                      AND COALESCE(desktop_code_tries, 0) < %(most)s
                      AND desktop_code_until >= %(now)s
                RETURNING desktop_code_hash IS NULL""",
                given=self._hash_code(code),
                id=self.id,
                most=MOST_TRIES,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_recordset()
        row = self.env.cr.fetchone()
        return bool(row and row[0])

    def _make_desktop_key(self, user, expires_at):
        """:return: the secret"""
        scopes = self.env["ecm.api.scope"].sudo().search([("code", "in", SCOPES)])
        values = {
            "name": self.env._("Desktop of %s", self.name),
            "user_id": user.id,
            "company_id": self.company_id.id,
            "scope_ids": [fields.Command.set(scopes.ids)],
            "callback_agent_id": self.id,
        }
        # In the name of whom it is for: nobody has logged in here.
        keys = self.env["ecm.api.key"].with_user(user).sudo()
        _key, secret = keys._make(values, expires_at)
        return secret
