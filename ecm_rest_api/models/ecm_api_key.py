import hashlib
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL
from odoo.tools.lru import LRU
from odoo.tools.sql import constraint_definition, table_exists

from ..const import KEY_SCOPE
from ..tools.leases import Leases, size_of
from ..tools.problems import Problem
from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT
from odoo.addons.ecm_campaign.actions import open_window

FOREIGN_KEY = "ecm_api_key_apikey_id_fkey"
# Checking a key takes milliseconds on purpose. What was checked is known by a digest of the key and
# holds for the very row that it was checked against: a key that is revoked ends at once.
_CHECKED = LRU(2000)
LEASES = Leases()


class Known(NamedTuple):
    """A key that was shown and is good."""

    id: int
    user_id: int
    company_id: int
    lang: str | None
    tz: str | None
    rate_limit: int
    scopes: list
    row_id: int
    secret: str  # hashed


class EcmApiKey(models.Model):
    """Who uses the REST API, for what, and how often. The secret is an Odoo API key of the user
    in whose name the calls are made; it opens nothing but this API.
    """

    _name = "ecm.api.key"
    _description = "API Key"
    _inherit = ["ecm.logged.mixin", "mail.thread", "ecm.engine.fields.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, tracking=True, help="Of the system that uses it.")
    user_id = fields.Many2one(
        "res.users",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        help="Calls are made in the name of this user, with this user's rights.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
        help="Calls see and make records of this company.",
    )
    scope_ids = fields.Many2many("ecm.api.scope", string="Scopes", tracking=True)
    rate_limit = fields.Integer(
        "Calls a minute",
        tracking=True,
        help="What was not used up to a whole minute can be used at once. 0: as the settings say.",
    )
    apikey_id = fields.Many2one("res.users.apikeys", "Odoo key", readonly=True, index=True)
    key_start = fields.Char("Begins with", readonly=True)
    expires_at = fields.Datetime("Expires", readonly=True)
    state = fields.Selection(
        [("valid", "Valid"), ("expired", "Expired"), ("revoked", "Revoked")],
        compute="_compute_state",
    )
    last_used_at = fields.Datetime("Last used", compute="_compute_last_used_at")
    call_count = fields.Integer("Calls", compute="_compute_call_count")

    _rate_limit_positive = models.Constraint(
        "CHECK(rate_limit BETWEEN 0 AND 100000)", "Calls a minute: 0 to 100,000."
    )

    def init(self):
        """What Odoo does not make: the reference to its table of keys, which it fills itself, and
        the counters of the rate limit, which need not survive a crash.
        """
        # Odoo calls this without having made the table, where another module is updated first.
        if not table_exists(self.env.cr, self._table):
            return
        if not constraint_definition(self.env.cr, self._table, FOREIGN_KEY):
            self.env.cr.execute(
                SQL(
                    """ALTER TABLE ecm_api_key ADD CONSTRAINT %s FOREIGN KEY (apikey_id)
                       REFERENCES res_users_apikeys ON DELETE SET NULL""",
                    SQL.identifier(FOREIGN_KEY),
                )
            )
        self.env.cr.execute(
            """CREATE UNLOGGED TABLE IF NOT EXISTS ecm_api_rate (
                   key_id integer PRIMARY KEY REFERENCES ecm_api_key ON DELETE CASCADE,
                   tokens double precision NOT NULL,
                   used_at timestamp NOT NULL)"""
        )

    @api.depends("apikey_id", "expires_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for key in self:
            is_over = key.expires_at and key.expires_at < now
            # Odoo deletes what has expired.
            key.state = "expired" if is_over else "valid" if key.apikey_id else "revoked"

    def _compute_last_used_at(self):
        self.env.cr.execute(
            SQL("SELECT key_id, used_at FROM ecm_api_rate WHERE key_id = ANY(%s)", self.ids)
        )
        used = dict(self.env.cr.fetchall())
        for key in self:
            moment = used.get(key.id)
            key.last_used_at = moment and moment.replace(microsecond=0)

    def _compute_call_count(self):
        calls = self.env["ecm.api.call"]
        counts = dict(calls._read_group([("key_id", "in", self.ids)], ["key_id"], ["__count"]))
        for key in self:
            key.call_count = counts.get(key, 0)

    @api.constrains("user_id", "company_id")
    def _check_user_company(self):
        for key in self:
            if key.company_id not in key.user_id.sudo().company_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s does not work for %(company)s.",
                        user=key.user_id.name,
                        company=key.company_id.name,
                    )
                )

    def unlink(self):
        """Nobody may use a key that is listed no more."""
        self._remove_secrets()
        return super().unlink()

    def action_revoke(self):
        """End the keys at once. They stay listed, with their calls."""
        self.check_access("write")
        self._remove_secrets()
        return True

    def action_view_calls(self):
        """What was called with the key."""
        self.ensure_one()
        return open_window(
            self.env,
            "ecm_rest_api.ecm_api_call_action",
            domain=[("key_id", "=", self.id)],
            context={},
        )

    def _remove_secrets(self):
        self.apikey_id.sudo().unlink()
        # The database has emptied the reference.
        self.invalidate_recordset(["apikey_id"])

    @api.model
    def _make(self, values, expires_at):
        """Make a key and its secret.

        :param dict values: of the record: name, user, company, scopes, rate limit
        :param expires_at: naive UTC, or False
        :return: the record, and the secret, which is shown once and stored nowhere
        """
        key = self.sudo().create({**values, "expires_at": expires_at}).sudo(self.env.su)
        return key, key._add_secret()

    def _add_secret(self):
        """:return: the secret of a key that has none"""
        self.ensure_one()
        keys = self.env["res.users.apikeys"].with_user(self.user_id).sudo()
        secret = keys._generate(KEY_SCOPE, self.name, self.expires_at)
        start = secret[:INDEX_SIZE]
        self.env.cr.execute(
            SQL(
                "SELECT max(id) FROM res_users_apikeys WHERE user_id = %s AND index = %s",
                self.user_id.id,
                start,
            )
        )
        [row_id] = self.env.cr.fetchone()
        self.sudo().write({"apikey_id": row_id, "key_start": start})
        return secret

    # -- a call ------------------------------------------------------------------------------------

    @api.model
    def _identify(self, secret):
        """:return: Known
        :raise Problem: it is none of ours, was revoked, has expired, or its user is archived
        """
        digest = hashlib.sha256(secret.encode()).digest()
        for known in self._find(secret):
            if _CHECKED.get(digest) == (known.row_id, known.secret):
                return known
            if KEY_CRYPT_CONTEXT.verify(secret, known.secret):
                _CHECKED[digest] = (known.row_id, known.secret)
                return known
        raise Problem(
            "unauthenticated",
            self.env._(
                "This API key is not known, was revoked or has expired. Administrators make one"
                " under Campaigns › Configuration › API keys."
            ),
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )

    def _find(self, secret):
        """Keys that begin like the one that was shown (index of Odoo's table)."""
        self.env.cr.execute(
            SQL(
                """SELECT k.id, k.user_id, k.company_id, p.lang, p.tz, k.rate_limit,
                          ARRAY(SELECT s.code FROM ecm_api_key_ecm_api_scope_rel r
                                  JOIN ecm_api_scope s ON s.id = r.ecm_api_scope_id
                                 WHERE r.ecm_api_key_id = k.id),
                          a.id, a.key
                     FROM res_users_apikeys a
                     JOIN ecm_api_key k ON k.apikey_id = a.id
                     JOIN res_users u ON u.id = a.user_id AND u.active
                     JOIN res_partner p ON p.id = u.partner_id
                     JOIN res_company_users_rel c ON c.cid = k.company_id AND c.user_id = u.id
                    WHERE a.index = %s AND a.scope = %s AND a.user_id = k.user_id
                      AND (a.expiration_date IS NULL
                           OR a.expiration_date >= now() AT TIME ZONE 'utc')""",
                secret[:INDEX_SIZE],
                KEY_SCOPE,
            )
        )
        return [Known(*row) for row in self.env.cr.fetchall()]

    @api.model
    def _take(self, key_id, limit):
        """Count a call against its key's limit: a bucket of one minute's calls that is filled
        steadily. All servers share it.

        :param int limit: calls a minute
        :return: calls left
        :raise Problem: none is left
        """
        place = (self.env.cr.dbname, key_id)
        left = LEASES.take(place, limit)
        if left is not None:
            return left
        # Committed at once: neither a call that fails nor one that lasts gives its token back.
        with self.env.registry.cursor() as cursor:
            self.with_env(self.env(cr=cursor))._read_committed()
            count = size_of(limit)
            # A second's worth while there is plenty, one by one where the limit is near: it is exact.
            least = max(count, limit / 2) if count > 1 else 1
            left = _take_tokens(cursor, key_id, limit, count, least)
            if left is None and count > 1:
                count = 1
                left = _take_tokens(cursor, key_id, limit, 1, 1)
        if left is not None:
            LEASES.put(place, limit, count - 1, left)
            return left + count - 1
        raise Problem(
            "rate-limit",
            self.env._("This key may make %s calls a minute. Wait, and try again.", limit),
            headers={"Retry-After": str(max(1, round(60 / limit)))},
        )

    def _read_committed(self):
        """Let calls that count at the same time wait for each other instead of failing."""
        self.env["ecm.transaction.mixin"]._see_others_commits()


def _take_tokens(cursor, key_id, limit, count, least):
    """:param count: how many; :param least: so many must be there
    :return: what is left, or None where there were fewer
    """
    cursor.execute(
        SQL(
            """INSERT INTO ecm_api_rate AS r (key_id, tokens, used_at)
               VALUES (%(key)s, %(limit)s - %(count)s, clock_timestamp() AT TIME ZONE 'utc')
               ON CONFLICT (key_id) DO UPDATE
                  SET tokens = %(filled)s - %(count)s, used_at = excluded.used_at
                WHERE %(filled)s >= %(least)s
            RETURNING tokens""",
            key=key_id,
            limit=limit,
            count=count,
            least=least,
            filled=SQL(
                """LEAST(%(limit)s, r.tokens
                         + EXTRACT(epoch FROM excluded.used_at - r.used_at) * %(limit)s / 60.0)""",
                limit=limit,
            ),
        )
    )
    row = cursor.fetchone()
    return row and int(row[0])
