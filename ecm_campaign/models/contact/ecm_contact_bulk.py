"""The statements of bulk actions on the table of contacts."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ...const import CLOSED_STATES, PENDING
from ...sql import int_array, json_rows, values_of

# Who must not be called is never brought back.
REOPENED_STATES = tuple(state for state in CLOSED_STATES if state != "dnc_listed")

# What each action changes, and so what is kept to undo it. What every action looks at stands first.
LOOKED_AT = ("id", "last_attempt_at", "bulk_id")
TIMES = ("is_ready", "next_attempt_at", "due_at", "resume_at", "block_reason", "block_detail")
PLACE = ("channel", "number_to_call", "next_position", "cycle", "is_retry")
COUNTS = ("attempt_count", "uncounted_count")
CALLBACK = (
    "callback",
    "callback_agent",
    "callback_since",
    "callback_due",
    "callback_retained",
)
END = ("state", "closed_at", "close_reason", "withdraw_reason", "current_attempt_id")
TURN = ("target_group_id", "is_drawn")
CHANGED = {
    "reschedule": TIMES,
    "priority": ("priority",),
    "withdraw": (*TIMES, *END),
    "reopen": (*TIMES, *PLACE, *COUNTS, *CALLBACK, *END, "added_at"),
    "move": (*TIMES, *PLACE, *TURN, "campaign_id", "list_id", "origin_list_id"),
}

# Held is what waits for no time: somebody must act, or its target group's turn come.
HELD = SQL("(NOT c.is_ready AND c.next_attempt_at IS NULL)")
# OFFSET keeps a look into an index for each contact: joined, the planner might read the whole table.
NEVER_CALLED = SQL("NOT EXISTS (SELECT 1 FROM ecm_attempt a WHERE a.contact_id = c.id OFFSET 0)")
# Its result is awaited, whatever became of the contact meanwhile.
NOT_AWAITED = SQL(
    """NOT EXISTS (SELECT 1 FROM ecm_attempt a
                    WHERE a.contact_id = c.id AND a.state IN ('claimed', 'sent') OFFSET 0)"""
)


class Start(NamedTuple):
    """Where contacts begin that come into a campaign: the place in its strategy, and what is there."""

    campaign_id: int
    position: int
    channel: str
    phone_index: int


@dataclass(frozen=True, slots=True)
class Order:
    """What a bulk action does to contacts.

    :param bulk_id: of the job, which the contacts name from then on
    :param action: a key of `CHANGED`, or ``again``
    :param at: naive UTC; not before
    :param campaign_id: where they go; none for the campaign that they are in
    :param list_id: likewise
    :param goes_on: reopened contacts go on where they stopped, rather than at their `Start`
    :param has_callbacks: whether callbacks are rescheduled as well
    """

    bulk_id: int
    action: str
    now: datetime
    at: datetime
    campaign_id: int | None = None
    list_id: int | None = None
    priority: int = 0
    goes_on: bool = False
    has_callbacks: bool = False
    reason: str | None = None

    @property
    def is_due(self):
        """Whether contacts are due at once."""
        return self.at <= self.now

    @property
    def later(self):
        """When contacts are due, None for at once."""
        return None if self.is_due else self.at


class EcmContactBulk(models.AbstractModel):
    """What a supervisor changes of many contacts at once, a slice at a time.

    But for a withdrawal, none of it touches a contact that is being called: who is locked is passed
    over, and so is whose result is awaited. A slice goes by the ids of its contacts, in their order.
    """

    _name = "ecm.contact.bulk.mixin"
    _description = "Bulk Actions on Contacts"

    earlier_attempt_count = fields.Integer(
        "Earlier attempts",
        compute="_compute_earlier_attempt_count",
        help="Of earlier contacts of this customer in the campaign, and of those that this contact "
        "continues.",
    )

    # -- who may be changed -----------------------------------------------------------------------

    @api.model
    def _get_bulk_condition(self, order, ids):
        """Which contacts an action changes, as a condition on the contact ``c``.

        :param order: `Order` of an action that changes contacts where they are
        :param ids: of all contacts that are changed with it
        """
        conditions = {
            "reschedule": self._is_rescheduled,
            "priority": self._is_pending,
            "withdraw": self._is_withdrawn,
            "reopen": self._is_reopened,
            "move": self._is_moved,
        }
        return conditions[order.action](order, ids)

    def _is_pending(self, order, ids):
        return SQL("c.state = %s", PENDING)

    def _is_withdrawn(self, order, ids):
        # As `action_withdraw`: whoever is at the dialer gets no further call either.
        return SQL("c.state = ANY(%s)", list(self._get_open_states()))

    def _is_rescheduled(self, order, ids):
        pending = self._is_pending(order, ids)
        # A time that a customer asked for is kept, unless the supervisor says otherwise.
        return pending if order.has_callbacks else SQL("%s AND c.callback IS NULL", pending)

    def _is_reopened(self, order, ids):
        # A list that is over would close them again. Of a customer's contacts one is opened.
        return SQL(
            """c.state = ANY(%s) AND %s AND %s
               AND (c.list_id IS NULL
                    OR (SELECT l.status FROM ecm_contact_list l WHERE l.id = c.list_id)
                       IS DISTINCT FROM 'expired')""",
            list(REOPENED_STATES),
            NOT_AWAITED,
            self._is_last_and_alone(),
        )

    def _is_moved(self, order, ids):
        # A call is history of the campaign that it was made for: see `_continue_elsewhere`.
        return SQL(
            """c.state = %s
               AND (c.campaign_id = %s OR (%s AND %s AND %s AND c.chained_from_id IS NULL
                                           AND c.again_from_id IS NULL))""",
            PENDING,
            order.campaign_id,
            NEVER_CALLED,
            self._has_no_open_twin(SQL("%s", order.campaign_id)),
            self._is_first_of_movers(order, ids),
        )

    def _is_continued(self, order, ids):
        """Who waits for a retry, and may go on in another campaign as a new contact. A callback
        stays: the time and the agent were promised for its own campaign.
        """
        return SQL(
            """c.state = %s AND c.campaign_id <> %s AND c.callback IS NULL
               AND %s AND %s AND %s AND %s""",
            PENDING,
            order.campaign_id,
            NOT_AWAITED,
            self._has_no_open_twin(SQL("%s", order.campaign_id)),
            self._is_first_of_movers(order, ids),
            self._has_no_successor(SQL("%s", order.campaign_id)),
        )

    def _is_first_of_movers(self, order, ids):
        """That nobody with phone 1 of the contact ``c`` moves at the same moment (index
        ``_phone_campaign``): no statement sees whom it moves itself.
        """
        return SQL(
            """NOT EXISTS (SELECT 1 FROM %s AS mover
                            WHERE mover.id = ANY(%s) AND mover.id < c.id
                              AND mover.campaign_id <> %s AND mover.state = %s)""",
            self._look_up("phone_1", SQL("c.phone_1")),
            int_array(ids),
            order.campaign_id,
            PENDING,
        )

    def _has_no_open_twin(self, campaign):
        """That nobody else is open in a campaign with phone 1 of the contact ``c`` (index
        ``_phone_campaign``).

        :param SQL campaign: the campaign's id
        """
        return SQL(
            """NOT EXISTS (SELECT 1 FROM %s AS twin
                            WHERE twin.campaign_id = %s AND twin.id <> c.id
                              AND twin.state = ANY(%s))""",
            self._look_up("phone_1", SQL("c.phone_1")),
            campaign,
            list(self._get_open_states()),
        )

    def _is_last_of_person(self):
        """That the contact ``c`` is the person's last one in its campaign: what came of earlier
        ones is known no better by them (index ``_phone_campaign``).
        """
        return SQL(
            """NOT EXISTS (SELECT 1 FROM %s AS later
                            WHERE later.campaign_id = c.campaign_id AND later.id > c.id)""",
            self._look_up("phone_1", SQL("c.phone_1")),
        )

    def _is_last_and_alone(self):
        """`_is_last_of_person` and `_has_no_open_twin` in its own campaign, in one look into the
        index.
        """
        return SQL(
            """NOT EXISTS (SELECT 1 FROM %s AS other
                            WHERE other.campaign_id = c.campaign_id AND other.id <> c.id
                              AND (other.id > c.id OR other.state = ANY(%s)))""",
            self._look_up("phone_1", SQL("c.phone_1")),
            list(self._get_open_states()),
        )

    # -- changed where they are -------------------------------------------------------------------

    @api.model
    def _change_in_bulk(self, order, part, starts):
        """Change the contacts of a part of a job that fit, and keep in the part what they were.

        :param order: `Order`
        :param part: ``ecm.bulk.action.part``
        :param starts: list of `Start`, one for each campaign that contacts come into
        :return: how many were changed
        """
        names = (*LOOKED_AT, *CHANGED[order.action])
        # The ids stand twice: joined only, the planner might read the whole table.
        columns = SQL(", ").join(SQL.identifier("c", name) for name in names)
        self.env.cr.execute(
            SQL(
                """WITH old AS (
                       SELECT locked.* FROM unnest(%(ids)s) AS i(id)
                   CROSS JOIN LATERAL (SELECT %(columns)s FROM ecm_contact c
                                        WHERE c.id = i.id AND %(condition)s
                                          FOR NO KEY UPDATE SKIP LOCKED) AS locked
                   ), changed AS (
                       UPDATE ecm_contact c SET bulk_id = %(bulk)s, %(changes)s
                         FROM %(source)s
                        WHERE c.id = ANY(%(ids)s) AND c.id = old.id %(join)s
                   )
                   UPDATE ecm_bulk_action_part
                      SET is_done = TRUE, changed_count = (SELECT count(*) FROM old),
                          before = (SELECT %(kept)s FROM old)
                    WHERE id = %(part)s
                RETURNING changed_count""",
                columns=columns,
                kept=json_rows("old", self, names),
                ids=int_array(part.contact_ids),
                condition=self._get_bulk_condition(order, part.contact_ids),
                bulk=order.bulk_id,
                changes=self._get_bulk_changes(order),
                part=part.id,
                **self._join_starts(order, starts),
            )
        )
        count = self.env.cr.fetchone()[0]
        # Who comes into a campaign, or is open again, has a place in its order.
        if order.action in ("move", "reopen"):
            self._set_bulk_dial_keys(order, part)
        return count

    def _set_bulk_dial_keys(self, order, part):
        if not self._has_field_order():
            return
        self.invalidate_model()
        domain = [("id", "in", part.contact_ids), ("bulk_id", "=", order.bulk_id)]
        self.search(domain)._set_dial_keys()

    def _has_field_order(self):
        """Whether any campaign has one: most databases need not look at each contact."""
        by_field = [("dial_order", "=", "field")]
        return bool(self.env["ecm.campaign"].sudo().search_count(by_field, limit=1))

    def _join_starts(self, order, starts):
        """:return: parts of the statement that give each contact its `Start` as ``v``"""
        if not starts:
            return {"source": SQL("old"), "join": SQL()}
        source = SQL("old, %s", values_of(starts, Start))
        # Who stays in the campaign begins anew in its own.
        campaign = SQL("COALESCE(%s, c.campaign_id)", order.campaign_id)
        return {"source": source, "join": SQL("AND v.campaign_id = %s", campaign)}

    def _get_bulk_changes(self, order):
        """What an action makes of the contact ``c``: assignments for ``SET``."""
        changes = {
            "reschedule": self._get_rescheduled,
            "priority": self._get_prioritised,
            "withdraw": self._get_withdrawn,
            "reopen": self._get_reopened,
            "move": self._get_moved,
        }
        return changes[order.action](order)

    def _get_rescheduled(self, order):
        """What is held stays held, and is due then when it is let go."""
        return SQL(
            """is_ready = NOT %(held)s AND %(due)s,
               next_attempt_at = CASE WHEN NOT %(held)s THEN %(at)s::timestamp END,
               due_at = COALESCE(%(at)s::timestamp, %(now)s),
               resume_at = CASE WHEN %(held)s THEN %(at)s::timestamp END,
               block_reason = CASE WHEN %(held)s THEN c.block_reason END,
               block_detail = CASE WHEN %(held)s THEN c.block_detail END""",
            held=HELD,
            due=order.is_due,
            at=order.later,
            now=order.now,
        )

    def _get_prioritised(self, order):
        return SQL("priority = %s", order.priority)

    def _get_withdrawn(self, order):
        return SQL(
            "state = 'withdrawn', close_reason = 'withdrawn', withdraw_reason = %s, %s",
            order.reason,
            self._closing(order.now),
        )

    def _get_reopened(self, order):
        """Its time to live begins anew, or it would expire at once."""
        opened = SQL(
            """state = 'pending', added_at = %s, is_ready = %s, next_attempt_at = %s,
               due_at = %s, resume_at = NULL, block_reason = NULL, block_detail = NULL,
               closed_at = NULL, close_reason = NULL, withdraw_reason = NULL,
               current_attempt_id = NULL""",
            order.now,
            order.is_due,
            order.later,
            order.later,
        )
        if order.goes_on:
            return opened
        # What was tried so far counts for limits, which read the attempts, and no more.
        return SQL(
            """%s, %s, attempt_count = 0, uncounted_count = 0, callback = NULL,
               callback_agent = NULL, callback_since = NULL, callback_due = NULL,
               callback_retained = NULL""",
            opened,
            self._get_started(),
        )

    def _get_started(self):
        """A contact at its `Start` ``v``; who has no such number has the gate find another."""
        return SQL(
            """next_position = v.position, cycle = 1, is_retry = FALSE, channel = v.channel,
               number_to_call = %s""",
            self._get_start_number(),
        )

    def _get_start_number(self):
        phones = SQL("ARRAY[c.phone_1, c.phone_2, c.phone_3, c.phone_4, c.phone_5]")
        return SQL("COALESCE((%s)[v.phone_index], c.phone_1)", phones)

    def _get_moved(self, order):
        """What its list or selection held back is looked at anew; its time is kept, and the place
        of whoever was called. The list that brought it takes it back only within the campaign.
        """
        due = SQL("COALESCE(c.resume_at, c.next_attempt_at)")
        return SQL(
            """campaign_id = v.campaign_id, list_id = %(list)s,
               origin_list_id = CASE WHEN c.campaign_id = v.campaign_id THEN c.origin_list_id END,
               is_ready = (%(due)s IS NULL OR %(due)s <= %(now)s), next_attempt_at = %(due)s,
               resume_at = NULL, block_reason = NULL, block_detail = NULL,
               target_group_id = CASE WHEN %(called)s THEN c.target_group_id END,
               is_drawn = CASE WHEN %(called)s THEN c.is_drawn END,
               is_retry = %(called)s AND c.is_retry,
               cycle = CASE WHEN %(called)s THEN c.cycle ELSE 1 END,
               next_position = CASE WHEN %(called)s THEN c.next_position ELSE v.position END,
               channel = CASE WHEN %(called)s THEN c.channel ELSE v.channel END,
               number_to_call = CASE WHEN %(called)s THEN c.number_to_call ELSE %(number)s END""",
            list=order.list_id,
            due=due,
            now=order.now,
            # Within its campaign who was called goes on where it is.
            called=SQL("(c.last_attempt_at IS NOT NULL)"),
            number=self._get_start_number(),
        )

    # -- gone on with elsewhere -------------------------------------------------------------------

    @api.model
    def _continue_elsewhere(self, order, part, starts):
        """Have contacts of a part that were called and wait for a retry go on in another campaign:
        each gets a new contact there, due when it was, and is withdrawn with its history.

        :param order: `Order` of a move
        :param part: ``ecm.bulk.action.part``, after `_change_in_bulk`
        :param starts: list of the one `Start`
        :return: how many
        """
        kept = (*LOOKED_AT, *CHANGED["withdraw"])
        names = [*self._get_taken_along(), "business_parameters"]
        self.env.cr.execute(
            SQL(
                """WITH old AS (
                       SELECT locked.* FROM unnest(%(ids)s) AS i(id)
                   CROSS JOIN LATERAL (SELECT %(columns)s FROM ecm_contact c
                                        WHERE c.id = i.id AND %(condition)s
                                          FOR NO KEY UPDATE SKIP LOCKED) AS locked
                   ), new AS (
                       INSERT INTO ecm_contact (campaign_id, company_id, list_id, added_at, state,
                                                is_ready, next_attempt_at, is_retry, next_position,
                                                attempt_count, uncounted_count, cycle, channel,
                                                number_to_call, again_from_id, bulk_id, %(names)s)
                       SELECT v.campaign_id, c.company_id, %(list)s, %(now)s, 'pending',
                              %(due)s IS NULL OR %(due)s <= %(now)s, %(due)s, FALSE, v.position,
                              0, 0, 1, v.channel, %(number)s, c.id, %(bulk)s, %(values)s
                         FROM old JOIN ecm_contact c ON c.id = old.id, %(starts)s
                        WHERE c.id = ANY(%(ids)s)
                     ORDER BY c.id
                    RETURNING again_from_id
                   ), closed AS (
                       UPDATE ecm_contact c
                          SET bulk_id = %(bulk)s, state = 'withdrawn', close_reason = 'withdrawn',
                              withdraw_reason = %(reason)s, %(closing)s
                         FROM new WHERE c.id = ANY(%(ids)s) AND c.id = new.again_from_id
                   )
                   UPDATE ecm_bulk_action_part
                      SET changed_count = changed_count + (SELECT count(*) FROM new),
                          continued = (SELECT %(kept)s FROM old)
                    WHERE id = %(part)s
                RETURNING (SELECT count(*) FROM new)""",
                ids=int_array(part.contact_ids),
                columns=SQL(", ").join(SQL.identifier("c", name) for name in kept),
                kept=json_rows("old", self, kept),
                condition=self._is_continued(order, part.contact_ids),
                names=SQL(", ").join(SQL.identifier(name) for name in names),
                values=SQL(", ").join(SQL.identifier("c", name) for name in names),
                list=order.list_id,
                now=order.now,
                due=SQL("COALESCE(c.resume_at, c.next_attempt_at)"),
                number=self._get_start_number(),
                starts=values_of(starts, Start),
                bulk=order.bulk_id,
                reason=order.reason,
                closing=self._closing(order.now),
                part=part.id,
            )
        )
        count = self.env.cr.fetchone()[0]
        self.invalidate_model()
        new = [("again_from_id", "in", part.contact_ids), ("bulk_id", "=", order.bulk_id)]
        if count and self._has_field_order():
            self.search(new)._set_dial_keys()
        return count

    @api.model
    def _undo_continuing(self, order, part):
        """Open again what `_continue_elsewhere` has withdrawn, and delete what goes on elsewhere,
        as far as nobody was called or changed since.

        :return: how many
        """
        names = ("bulk_id", *CHANGED["withdraw"])
        given = [SQL("%s = b.%s", name, name) for name in map(SQL.identifier, names)]
        self.env.cr.execute(
            SQL(
                """WITH b AS (
                       SELECT b.* FROM ecm_bulk_action_part p,
                              json_populate_recordset(NULL::ecm_contact, p.continued::json) AS b
                        WHERE p.id = %(part)s AND p.continued IS NOT NULL
                   ), gone AS (
                       DELETE FROM ecm_contact
                        WHERE id IN (SELECT new.id FROM b
                                 CROSS JOIN LATERAL (SELECT FROM ecm_contact c
                                                      WHERE c.id = b.id AND c.bulk_id = %(bulk)s
                                                        AND c.state = 'withdrawn' AND %(alone)s
                                                        FOR NO KEY UPDATE SKIP LOCKED) AS old
                                 CROSS JOIN LATERAL (SELECT c.id FROM %(successors)s AS c
                                                      WHERE c.bulk_id = %(bulk)s
                                                        AND c.state = %(pending)s AND %(uncalled)s
                                                        FOR UPDATE SKIP LOCKED) AS new)
                    RETURNING again_from_id
                   )
                   UPDATE ecm_contact c SET %(given)s
                     FROM b JOIN gone ON gone.again_from_id = b.id
                    WHERE c.id = ANY(%(ids)s) AND c.id = b.id""",
                part=part.id,
                bulk=order.bulk_id,
                pending=PENDING,
                alone=self._has_no_open_twin(SQL("c.campaign_id")),
                successors=self._look_up("again_from_id", SQL("b.id")),
                uncalled=NEVER_CALLED,
                given=SQL(", ").join(given),
                ids=int_array(part.contact_ids),
            )
        )
        return self.env.cr.rowcount

    # -- called again -----------------------------------------------------------------------------

    @api.model
    def _call_again(self, order, part, starts):
        """Store a new contact for each closed one of a part of a job that may be called again; the
        earlier one stays as it is, with its history.

        :param order: `Order`
        :param part: ``ecm.bulk.action.part``
        :param starts: list of `Start`, one for each campaign that contacts come into
        :return: how many were stored
        """
        names = [name for name in self._get_taken_along() if name != "priority"]
        names.append("business_parameters")
        self.env.cr.execute(
            # Of those with the same phone 1 the last one comes in.
            SQL(
                """WITH new AS (
                       INSERT INTO ecm_contact (campaign_id, company_id, list_id, added_at, state,
                                                is_ready, next_attempt_at, is_retry, next_position,
                                                attempt_count, uncounted_count, cycle, channel,
                                                number_to_call, again_from_id, bulk_id, priority,
                                                %(columns)s)
                       SELECT DISTINCT ON (v.campaign_id, c.phone_1)
                              v.campaign_id, c.company_id, %(list)s, %(now)s, 'pending',
                              %(due)s, %(at)s::timestamp, FALSE, v.position,
                              0, 0, 1, v.channel,
                              %(number)s, c.id, %(bulk)s, c.priority,
                              %(values)s
                         FROM unnest(%(ids)s) AS i(id)
                   CROSS JOIN LATERAL %(contacts)s AS c
                   CROSS JOIN %(starts)s
                        WHERE v.campaign_id = COALESCE(%(campaign)s, c.campaign_id)
                          AND %(condition)s
                     ORDER BY v.campaign_id, c.phone_1, c.id DESC
                  ON CONFLICT (again_from_id, campaign_id) WHERE again_from_id IS NOT NULL
                              DO NOTHING
                    RETURNING id
                   )
                   UPDATE ecm_bulk_action_part
                      SET is_done = TRUE, changed_count = (SELECT count(*) FROM new),
                          before = (SELECT json_agg(id) FROM new)
                    WHERE id = %(part)s
                RETURNING changed_count""",
                columns=SQL(", ").join(SQL.identifier(name) for name in names),
                values=SQL(", ").join(SQL.identifier("c", name) for name in names),
                list=order.list_id,
                now=order.now,
                due=order.is_due,
                at=order.later,
                number=self._get_start_number(),
                bulk=order.bulk_id,
                contacts=self._look_up("id", SQL("i.id")),
                starts=values_of(starts, Start),
                ids=int_array(part.contact_ids),
                campaign=order.campaign_id,
                condition=self._is_called_again(),
                part=part.id,
            )
        )
        count = self.env.cr.fetchone()[0]
        part.invalidate_recordset(["before"])
        self.browse(json.loads(part.before or "[]"))._set_dial_keys()
        return count

    def _is_called_again(self):
        """Who may be called again in the campaign of its `Start` ``v``."""
        return SQL(
            # Nobody knows the number of one that was erased.
            "c.state = ANY(%s) AND c.erased_at IS NULL AND %s AND %s AND %s AND %s",
            list(REOPENED_STATES),
            NOT_AWAITED,
            self._is_last_of_person(),
            self._has_no_open_twin(SQL("v.campaign_id")),
            self._has_no_successor(SQL("v.campaign_id")),
        )

    def _has_no_successor(self, campaign):
        """That the contact ``c`` was not called again in a campaign yet (index ``_again_from``)."""
        return SQL(
            """NOT EXISTS (SELECT 1 FROM ecm_contact n
                            WHERE n.again_from_id = c.id AND n.campaign_id = %s OFFSET 0)""",
            campaign,
        )

    @api.model
    def _sort_for_calling_again(self, ids, campaign_id):
        """Who of these contacts may be called again, and why not.

        :param ids: of contacts
        :param campaign_id: where; none for each contact's own campaign
        :return: list of ``(contact id, campaign id, reason)``; the reason is ``fits``, ``busy``,
            ``open`` or ``earlier``
        """
        campaign = SQL("COALESCE(%s, c.campaign_id)", campaign_id)
        self.env.cr.execute(
            SQL(
                """SELECT c.id, %(campaign)s,
                          CASE WHEN c.state <> ALL(%(closed)s) OR NOT (%(settled)s) THEN 'busy'
                               WHEN NOT (%(alone)s) THEN 'open'
                               WHEN c.erased_at IS NOT NULL
                                 OR NOT (%(last)s AND %(first_time)s) THEN 'earlier'
                               ELSE 'fits' END
                     FROM unnest(%(ids)s) AS i(id)
               CROSS JOIN LATERAL %(contacts)s AS c
                 ORDER BY c.id""",
                contacts=self._look_up("id", SQL("i.id")),
                campaign=campaign,
                closed=list(CLOSED_STATES),
                settled=NOT_AWAITED,
                alone=self._has_no_open_twin(campaign),
                last=self._is_last_of_person(),
                first_time=self._has_no_successor(campaign),
                ids=int_array(ids),
            )
        )
        return self.env.cr.fetchall()

    # -- counted ----------------------------------------------------------------------------------

    @api.model
    def _count_being_called(self, ids):
        """How many of these contacts are being called now."""
        self.env.cr.execute(
            SQL(
                """SELECT count(*) FROM unnest(%s) AS i(id) CROSS JOIN LATERAL %s AS c
                    WHERE c.state = ANY(%s) OR c.state <> %s AND NOT (%s)""",
                int_array(ids),
                self._look_up("id", SQL("i.id")),
                list(self._get_awaiting_states()),
                PENDING,
                NOT_AWAITED,
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _get_campaign_ids(self, ids):
        """Whose contacts these are."""
        self.env.cr.execute(
            SQL(
                "SELECT DISTINCT c.campaign_id FROM unnest(%s) AS i(id) CROSS JOIN LATERAL %s AS c",
                int_array(ids),
                self._look_up("id", SQL("i.id")),
            )
        )
        return [campaign_id for (campaign_id,) in self.env.cr.fetchall()]

    # -- undone -----------------------------------------------------------------------------------

    @api.model
    def _undo_in_bulk(self, order, part):
        """Make the contacts of a part what they were, as far as nobody has called or changed them
        since.

        :param order: `Order`
        :param part: ``ecm.bulk.action.part``
        :return: how many
        """
        names = ("bulk_id", *CHANGED[order.action])
        given = [SQL("%s = b.%s", name, name) for name in map(SQL.identifier, names)]
        self.env.cr.execute(
            SQL(
                """WITH b AS (
                       SELECT b.* FROM ecm_bulk_action_part p,
                              json_populate_recordset(NULL::ecm_contact, p.before::json) AS b
                        WHERE p.id = %(part)s AND p.before IS NOT NULL
                   ), unchanged AS (
                       SELECT b.* FROM b
                   CROSS JOIN LATERAL (SELECT FROM ecm_contact c
                                        WHERE c.id = b.id AND c.bulk_id = %(bulk)s
                                          AND c.state = %(state)s AND c.erased_at IS NULL
                                          AND c.last_attempt_at
                                              IS NOT DISTINCT FROM b.last_attempt_at
                                          AND %(condition)s
                                          FOR NO KEY UPDATE SKIP LOCKED) AS locked
                   )
                   UPDATE ecm_contact c SET %(given)s
                     FROM unchanged AS b WHERE c.id = ANY(%(ids)s) AND c.id = b.id""",
                ids=int_array(part.contact_ids),
                part=part.id,
                bulk=order.bulk_id,
                state="withdrawn" if order.action == "withdraw" else PENDING,
                condition=self._may_be_undone(order),
                given=SQL(", ").join(given),
            )
        )
        return self.env.cr.rowcount

    def _may_be_undone(self, order):
        """Further condition on the contact ``c`` and on what it was before, ``b``."""
        # Their numbers may be open again since, and who was at the dialer may have got a result.
        if order.action == "withdraw":
            return SQL(
                """%s AND (b.current_attempt_id IS NULL
                           OR EXISTS (SELECT 1 FROM ecm_attempt a
                                       WHERE a.id = b.current_attempt_id
                                         AND a.state IN ('claimed', 'sent')))""",
                self._has_no_open_twin(SQL("c.campaign_id")),
            )
        # Where they came from may be deleted since, or somebody with their number be open there.
        if order.action == "move":
            return SQL(
                """EXISTS (SELECT 1 FROM ecm_campaign t WHERE t.id = b.campaign_id)
                   AND (b.list_id IS NULL
                        OR EXISTS (SELECT 1 FROM ecm_contact_list l WHERE l.id = b.list_id))
                   AND (b.campaign_id = c.campaign_id OR %s)""",
                self._has_no_open_twin(SQL("b.campaign_id")),
            )
        return SQL("TRUE")

    @api.model
    def _undo_calling_again(self, order, part):
        """Delete what a part has stored, as far as it was not called or changed since.

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """DELETE FROM ecm_contact
                    WHERE id IN (SELECT i.id FROM unnest(%s) AS i(id)
                             CROSS JOIN LATERAL (SELECT FROM ecm_contact c
                                                  WHERE c.id = i.id AND c.bulk_id = %s
                                                    AND c.state = %s AND %s
                                                    FOR UPDATE SKIP LOCKED) AS locked)""",
                int_array(json.loads(part.before or "[]")),
                order.bulk_id,
                PENDING,
                NEVER_CALLED,
            )
        )
        return self.env.cr.rowcount

    # -- earlier contacts of the same customer ----------------------------------------------------

    def _get_earlier(self):
        """The contacts that this one continues, and earlier ones of its phone 1 in its campaign."""
        self.ensure_one()
        same_phone = [
            ("campaign_id", "=", self.campaign_id.id),
            ("phone_1", "=", self.phone_1),
            # On a form that is being edited, the contact as it is stored.
            ("id", "<", self._origin.id or 0),
        ]
        # Those that were erased have no number by which they could belong together.
        earlier = self.browse() if self.erased_at else self.search(same_phone)
        contact = self
        # A contact continues one that is older, so the way ends.
        while contact.again_from_id:
            contact = contact.again_from_id.exists()
            earlier |= contact
        return earlier.filtered_domain([("company_id", "=", self.company_id.id)])

    def _compute_earlier_attempt_count(self):
        attempts = self.env["ecm.attempt"]
        for contact in self:
            of_earlier = [("contact_id", "in", contact._get_earlier().ids)]
            contact.earlier_attempt_count = attempts.search_count(of_earlier)
