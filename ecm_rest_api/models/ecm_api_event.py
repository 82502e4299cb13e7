from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import table_exists

from ..const import MAX_PAGE_SIZE
from ..exceptions import WrongValue
from ..fields import BigInteger
from ..tools import cursors
from ..tools.times import as_text
from odoo.addons.ecm_campaign.fields import UncheckedMany2one

# Events that get their places in one statement.
PLACED_ROWS = 20_000
SEQUENCE = "ecm_api_event_place_seq"


class EcmApiEvent(models.Model):
    """What other systems are told of: a result, in the transaction that stores it (requirement R4).

    Readers follow a cursor. Ids come from a sequence, and a transaction with a low id may commit
    after one with a higher: who reads up to the highest id would never see the lower. So an event
    gets its place in the order only when it is committed, from one transaction after the other
    (docs/decisions/outcomes-feed.md).
    """

    _name = "ecm.api.event"
    _description = "API Event"
    _inherit = ["ecm.transaction.mixin"]
    _order = "place, id"
    _log_access = False
    _rec_name = "kind"

    kind = fields.Selection(
        [("outcome", "Outcome"), ("outcome_corrected", "Outcome, corrected")],
        required=True,
        readonly=True,
    )
    noted_at = fields.Datetime("Noted on", required=True, readonly=True)
    place = BigInteger(
        readonly=True, aggregator=None, help="In the order of the feed; none: not read yet."
    )
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    campaign_id = UncheckedMany2one("ecm.campaign", required=True, readonly=True)
    contact_id = UncheckedMany2one("ecm.contact", required=True, readonly=True)
    attempt_id = UncheckedMany2one("ecm.attempt", required=True, readonly=True, index=True)
    outcome_id = UncheckedMany2one("ecm.outcome", readonly=True)
    business_outcome_id = UncheckedMany2one("ecm.business.outcome", "Wrap-up", readonly=True)
    contact_state = fields.Char("State of the contact", readonly=True, help="After the result.")

    _place = models.UniqueIndex("(place) WHERE place IS NOT NULL", "A place is one event's.")
    _without_place = models.Index("(id) WHERE place IS NULL")
    _noted_at_index = models.Index("(noted_at)")

    def init(self):
        """Places are numbered on, whatever was deleted; the sequence goes with the column."""
        # Odoo calls this without having made the table, where another module is updated first.
        if not table_exists(self.env.cr, self._table):
            return
        self.env.cr.execute(
            SQL(
                "CREATE SEQUENCE IF NOT EXISTS %s OWNED BY ecm_api_event.place",
                SQL.identifier(SEQUENCE),
            )
        )

    # -- writing -----------------------------------------------------------------------------------

    @api.model
    def _note(self, attempt_ids):
        """Note results that this transaction has recorded, in one statement.

        :param attempt_ids: of attempts
        """
        if not attempt_ids:
            return
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_api_event (kind, noted_at, company_id, campaign_id, contact_id,
                                              attempt_id, outcome_id, business_outcome_id, contact_state)
                   SELECT CASE WHEN EXISTS (SELECT FROM ecm_api_event e WHERE e.attempt_id = a.id)
                               THEN 'outcome_corrected' ELSE 'outcome' END,
                          %(now)s, a.company_id, a.campaign_id, a.contact_id, a.id, a.outcome_id,
                          a.business_outcome_id, c.state
                     FROM ecm_attempt a JOIN ecm_contact c ON c.id = a.contact_id
                    WHERE a.id = ANY(%(attempts)s) AND a.outcome_id IS NOT NULL
                 ORDER BY a.id""",
                now=fields.Datetime.now(),
                attempts=list(attempt_ids),
            )
        )
        self._on_noted()

    @api.model
    def _on_noted(self):
        """Have receivers of webhooks told soon, if there are any."""
        if self.env["ecm.webhook"].sudo().search_count([], limit=1):
            self.env["ecm.webhook"]._trigger()

    # -- reading -----------------------------------------------------------------------------------

    @api.model
    def api_read_outcomes(self, cursor=None, limit=100, campaign=None):
        """Results of calls and messages in the order in which they became known (requirement R4).

        Begin without a cursor for all that are kept, or with *latest* for those to come, and give
        back the cursor of the answer each time, however long after. Nothing is skipped and nothing
        comes twice, however long a transaction takes that stores results.

        :param str cursor: of the answer before, or *latest*
        :param int limit: events at most, 1 to 500
        :param campaign: see ``api_get`` of ``ecm.campaign``; none: those of all campaigns
        :return: ``{"items", "next_cursor", "has_more"}``; see `_describe` for the items
        :raise ValidationError: the cursor or the limit is none
        """
        self.check_access("read")
        if type(limit) is not int or not 1 <= limit <= MAX_PAGE_SIZE:
            text = self.env._("It is a number from 1 to %s.", MAX_PAGE_SIZE)
            raise WrongValue(text, "limit")
        domain = Domain.TRUE
        if campaign:
            domain = Domain("campaign_id", "=", self.env["ecm.campaign"]._api_find(campaign).id)
        place = None if cursor == "latest" else self._read_cursor(cursor)
        with self._after_placing() as events:
            return events._read_page(place, domain, limit)

    def _read_page(self, place, domain, limit):
        if place is None:
            found, place = self.browse(), self._get_last_place()
        else:
            found = self.search(domain & Domain("place", ">", place), limit=limit + 1)
        events = found[:limit]
        return {
            "items": events._describe(),
            "next_cursor": cursors.encode(events[-1:].place or place),
            "has_more": len(found) > limit,
        }

    @contextmanager
    def _after_placing(self):
        """Give committed events their places, and read in the transaction after that: the caller's
        own may have begun before the last of them was committed.

        :return: this model in that transaction, with the rights of the user
        """
        with self.env.registry.cursor() as cursor:
            events = self.with_env(self.env(cr=cursor))
            events._see_others_commits()
            events.sudo()._place_all()
            cursor.commit()
            yield events

    @api.model
    def _place_all(self):
        """Number what is committed and has no place (index ``_without_place``). One process at a time:
        whoever has a place is committed before others get a higher one.
        """
        # A standby shows what the primary has numbered.
        self.env.cr.execute("SELECT pg_is_in_recovery()")
        if self.env.cr.fetchone()[0]:
            return
        self.env.cr.execute(
            SQL("SELECT pg_advisory_xact_lock(hashtext(%s), 0)", f"ecm:{self._name}")
        )
        statement = SQL(
            """WITH due AS MATERIALIZED (
                    SELECT id FROM ecm_api_event WHERE place IS NULL ORDER BY id LIMIT %s),
                    placed AS MATERIALIZED (SELECT id, nextval(%s) AS place FROM due)
               UPDATE ecm_api_event e SET place = p.place FROM placed p WHERE e.id = p.id""",
            PLACED_ROWS,
            SEQUENCE,
        )
        self.env.cr.execute(statement)
        while self.env.cr.rowcount == PLACED_ROWS:
            self.env.cr.execute(statement)
        self.invalidate_model()

    @api.model
    def _get_last_place(self):
        """The place of the last event, whatever became of it."""
        self.env.cr.execute(
            SQL(
                "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM %s",
                SQL.identifier(SEQUENCE),
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _read_cursor(self, cursor):
        """:raise WrongValue: it is none of ours"""
        if not cursor:
            return 0
        try:
            [place] = cursors.decode(str(cursor), int)
        except ValueError as error:
            text = self.env._("Give back next_cursor of the answer before, as it is.")
            raise WrongValue(text, "cursor") from error
        # What is beyond all numbers ends the list.
        return max(0, min(place, 2**62))

    def _describe(self):
        """What other systems are told.

        :return: list of dicts; what was deleted since is null
        """
        records = self.sudo()
        attempts = {one.id: one for one in records.attempt_id.exists()}
        contacts = {one.id: one for one in records.contact_id.exists()}
        campaigns = {one.id: one for one in records.campaign_id.exists()}
        items = []
        for event in records:
            attempt = attempts.get(event.attempt_id.id, records.attempt_id.browse())
            contact = contacts.get(event.contact_id.id, records.contact_id.browse())
            campaign = campaigns.get(event.campaign_id.id, records.campaign_id.browse())
            items.append(event._describe_one(attempt, contact, campaign))
        return items

    def _describe_one(self, attempt, contact, campaign):
        return {
            "id": self.id,
            "type": self.kind,
            "noted_at": as_text(self.noted_at),
            "campaign_id": self.campaign_id.id,
            "crm_campaign_id": campaign.crm_campaign_id or None,
            "contact_id": self.contact_id.id,
            "account_number": contact.account_number or None,
            "contact_state": self.contact_state,
            "attempt_id": self.attempt_id.id,
            "channel": attempt.channel or None,
            "number": attempt.number or None,
            "outcome": self.outcome_id.code or None,
            "wrap_up": self.business_outcome_id.name or attempt.wrap_up or None,
            "agent": attempt.agent or None,
            "called_at": as_text(attempt.called_at),
            "duration_seconds": attempt.duration_seconds,
            "is_late": attempt.is_late,
        }

    @api.autovacuum
    def _gc_events(self):
        """Delete what is older than the settings say.

        :return: how many were deleted, and whether some may be left
        """
        days = self.env["ecm.api"]._get_setting("event_days")
        before = fields.Datetime.now() - timedelta(days=days)
        return self.env["ecm.api"]._delete_before(self, "noted_at", before)
