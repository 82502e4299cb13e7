import logging
from typing import NamedTuple

from psycopg2.errors import SerializationFailure

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, str2bool

_logger = logging.getLogger(__name__)

PARAMETER = "ecm_campaign.bound_database"


class Identity(NamedTuple):
    """What tells a database from its copies.

    ``system`` is PostgreSQL's identifier of the cluster, ``oid`` the database's number in it: a
    dump that is restored and a clone have another one, a database that is renamed keeps both.
    ``timeline`` grows when the server's files are recovered to a point in time or a standby takes
    over: the same database, which may have lost its last minutes.
    """

    system: str
    oid: str
    timeline: str
    name: str

    @classmethod
    def loads(cls, text):
        """What `dumps` wrote."""
        return cls(*text.split("/", 3))

    def dumps(self):
        """A text for a system parameter."""
        return "/".join(self)

    def is_copy_of(self, other):
        """Whether it is another database than the one that it was made from."""
        return (self.system, self.oid) != (other.system, other.oid)


class EcmDatabaseIdentity(models.AbstractModel):
    """Which database calls (requirement F6): the attempt keys are bound to one.

    A restored or cloned database holds the same contacts, the same attempts in flight and the same
    key prefix. If it went on by itself, people would be called twice, two calls would get the same
    key, and contacts would close with other people's results. So the prefix is bound to the
    database that it was made in. In another one nothing is sent, taken back, swept or read, until
    an administrator says what became of the original (`_settle`):

    * *It goes on.* What is at the dialer is the original's: it calls these people and reads the
      results. Here these contacts close as dangling, so that they are not called again, their keys
      are forgotten, and the dialer is never asked about them. New attempts get a prefix of their
      own.
    * *It is gone.* This database takes its place: keys in flight stay known, are asked about and
      get their results. New attempts get a new prefix all the same: a backup is older than its
      original, whose last keys are at the dialer, and the next attempts here would get them again.

    A new timeline means the second by itself, since a standby that takes over must not wait for
    anybody. A copy of the server's files beside the running original has nothing that tells it from
    the original: neutralise it. A neutralised database never calls.
    """

    _name = "ecm.database.identity"
    _description = "Which Database Calls"

    # -- for the engine, the channels and the import ----------------------------------------------

    @api.model
    def _may_call(self):
        """Whether scheduled actions may deal with the outside; after a recovery with new keys."""
        if reason := self._get_stop_reason():
            _logger.warning("Nothing is sent and no results are read: %s", reason)
            return False
        self._follow_recovery()
        return True

    @api.model
    def _check(self):
        """:raise UserError: this database must not deal with the outside, and why"""
        if reason := self._get_stop_reason():
            raise UserError(reason)
        self._follow_recovery()

    @api.model
    def _get_stop_reason(self):
        """Why this database must not call, as a sentence, or False."""
        if self._is_neutralized():
            return self.env._("This database is a neutralised copy: it never calls.")
        bound = self._get_bound()
        if not bound or not self._read().is_copy_of(bound):
            return False
        return self.env._(
            "This database was copied from %s: which one calls? An administrator says so under "
            "Configuration, Which database calls.",
            bound.name,
        )

    # -- binding ----------------------------------------------------------------------------------

    @api.model
    def _bind(self):
        """Remember that the attempt keys belong to this database."""
        self.env["ir.config_parameter"].sudo().set_param(PARAMETER, self._read().dumps())

    def _bind_first(self):
        """As `_bind`, where nothing was ever sent: two servers may begin at the same moment."""
        try:
            with self.env.cr.savepoint():
                self.env.cr.execute(
                    SQL(
                        """INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)
                           ON CONFLICT (key) DO NOTHING""",
                        PARAMETER,
                        self._read().dumps(),
                    ),
                    log_exceptions=False,
                )
        except SerializationFailure:
            _logger.debug("Another server has bound the attempt keys to this database")
        self.env.registry.clear_cache("stable")

    @api.model
    def _settle(self, is_original_gone):
        """Have this copy call.

        :param is_original_gone: whether it takes the original's place, with what is at the dialer
        """
        attempts = self.env["ecm.attempt"]
        if not is_original_gone:
            attempts._abandon()
        attempts._renew_key_prefix(keep=is_original_gone)
        self._bind()
        _logger.info(
            "This database calls from now on; its original %s",
            "is gone" if is_original_gone else "goes on",
        )

    def _follow_recovery(self):
        """After a recovery the last keys may be at the dialer although nothing here knows them."""
        bound = self._get_bound()
        if not bound:
            self._bind_first()
        elif bound.timeline != self._read().timeline:
            _logger.warning("The server was recovered: new attempts get keys of their own")
            self.env["ecm.attempt"]._renew_key_prefix(keep=True)
            self._bind()

    def _is_neutralized(self):
        text = self.env["ir.config_parameter"].sudo().get_param("database.is_neutralized")
        return str2bool(text or "", False)

    def _get_bound(self):
        """The `Identity` that the keys belong to, None while nothing was ever sent."""
        text = self.env["ir.config_parameter"].sudo().get_param(PARAMETER)
        return Identity.loads(text) if text else None

    def _read(self):
        """The `Identity` of the database that this connection is in."""
        # A connection never changes its database, and the feeder asks several times.
        cache = self.env.cr.cache
        if PARAMETER not in cache:
            cache[PARAMETER] = self._query()
        return cache[PARAMETER]

    def _query(self):
        self.env.cr.execute(
            """SELECT oid, datname,
                      has_function_privilege('pg_control_system()', 'execute')
                      AND has_function_privilege('pg_control_checkpoint()', 'execute')
                 FROM pg_database WHERE datname = current_database()"""
        )
        oid, name, may_read_control = self.env.cr.fetchone()
        system = timeline = 0
        # Everybody may, unless the server's owner has taken it away: then the oid alone tells.
        if may_read_control:
            self.env.cr.execute(
                """SELECT system_identifier, timeline_id
                     FROM pg_control_system(), pg_control_checkpoint()"""
            )
            system, timeline = self.env.cr.fetchone()
        return Identity(str(system), str(oid), str(timeline), name)
