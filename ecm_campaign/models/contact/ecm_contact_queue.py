"""Every statement on the table of contacts, named by what it does."""

from odoo import api, fields, models
from odoo.tools import SQL

from ...const import OPEN_STATES, SENT_TO_DIALER
from ...tools import strategy as decision
from ...tools.gates import Candidate

# What a customer takes along to another campaign.
TAKEN_ALONG = (
    "phone_1",
    "phone_2",
    "phone_3",
    "phone_4",
    "phone_5",
    "first_name",
    "last_name",
    "account_number",
    "email",
    "tz",
    "priority",
    "business_parameters",
)
# How contacts end that may move on: who must not be called does not.
MOVING_STATES = ("connected", "not_connected", "retries_completed")


class EcmContactQueue(models.AbstractModel):
    """The statements on ``ecm_contact``: claims, releases, decisions, holds and what closes
    contacts, many rows at a time.

    A pending contact is *waiting* until ``next_attempt_at`` and then *ready*; ready contacts are
    read in index order, so that feeding costs what is sent and not what is stored. The indexes
    stand on ``ecm.contact``.
    """

    _name = "ecm.contact.queue.mixin"
    _description = "Queue of Contacts"

    @api.model
    def _withdraw(self, ids, reason):
        """:param SQL ids: a query of contact ids
        :return: list of ``(customer key, phone 1, … phone 5)`` of the contacts that were open
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET state = 'withdrawn', close_reason = 'withdrawn', withdraw_reason = %s, closed_at = %s,
                          is_ready = FALSE, next_attempt_at = NULL, resume_at = NULL,
                          block_reason = NULL, block_detail = NULL
                    WHERE id = ANY(ARRAY(%s)) AND state = ANY(%s)
                RETURNING account_number, phone_1, phone_2, phone_3, phone_4, phone_5""",
                reason or None,
                fields.Datetime.now(),
                ids,
                list(OPEN_STATES),
            )
        )
        self.invalidate_model()
        return self.env.cr.fetchall()

    @api.model
    def _withdraw_matching(self, columns, values, where, reason):
        """Withdraw the open contacts that a file names.

        :param columns: the fields to look at: the phones, or account_number
        :param SQL where: further condition on the contact ``c``
        :return: as `_withdraw`
        """
        return self._withdraw(self._get_matching(columns, values, where), reason)

    @api.model
    def _get_matching(self, columns, values, where):
        """Open contacts with one of these values (indexes ``_phone_campaign``, ``_phone_2`` … and
        ``_account_number``).

        :return: a query of contact ids
        """
        look_ups = [
            SQL(
                """SELECT found.id
                     FROM unnest(%s::varchar[]) AS n(value)
               CROSS JOIN LATERAL (SELECT c.id FROM %s AS c
                                    WHERE c.state = ANY(%s) AND %s) AS found""",
                list(values),
                self._look_up(column, SQL("n.value")),
                list(OPEN_STATES),
                where,
            )
            for column in columns
        ]
        return SQL(" UNION ").join(look_ups)

    @api.model
    def _look_up(self, column, value):
        """The contacts with one value, for a ``FROM``: by the index that this column leads.

        OFFSET keeps other conditions outside. What is younger than the planner's statistics looks
        empty to it: it would take the index of the campaign or list, and read all of that for each
        value of an import.

        :param SQL value: of the surrounding query
        """
        return SQL(
            "(SELECT k.* FROM ecm_contact AS k WHERE %s = %s OFFSET 0)",
            SQL.identifier("k", column),
            value,
        )

    @api.model
    def _delete_of(self, column, owner_ids):
        """Delete the contacts that campaigns or lists leave behind; there is no foreign key to do so.

        :param str column: ``campaign_id`` or ``list_id``
        :param owner_ids: of records whose deletion was checked; their contacts were never called
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "DELETE FROM ecm_contact WHERE %s = ANY(%s)",
                SQL.identifier(column),
                list(owner_ids),
            )
        )
        self.invalidate_model()

    @api.model
    def _delete_uncalled(self, lists):
        """Delete the contacts that these lists brought and that were never called (index
        ``_list_state``).

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """DELETE FROM ecm_contact c
                    WHERE c.list_id = ANY(%s) AND c.origin_list_id = c.list_id
                      AND NOT EXISTS (SELECT 1 FROM ecm_attempt a WHERE a.contact_id = c.id)""",
                lists.ids,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _return_to_origin(self, lists):
        """Give contacts that these lists took over back to the lists that brought them, or to none
        where there is none any more (index ``_list_state``).

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET list_id = (SELECT l.id FROM ecm_contact_list l WHERE l.id = c.origin_list_id)
                    WHERE c.list_id = ANY(%s) AND c.origin_list_id IS DISTINCT FROM c.list_id""",
                lists.ids,
            )
        )
        return self.env.cr.rowcount

    # -- many contacts: the engine's statements -----------------------------------------------------

    @api.model
    def _promote_due(self, campaign, now, limit):
        """Make waiting contacts ready whose time has come (index ``_waiting``).

        :param datetime now: naive UTC
        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact SET is_ready = TRUE
                    WHERE id IN (SELECT id FROM ecm_contact
                                  WHERE campaign_id = %s AND next_attempt_at <= %s
                                    AND NOT is_ready AND state = 'pending'
                               ORDER BY next_attempt_at, priority DESC, id LIMIT %s
                                    FOR UPDATE SKIP LOCKED)""",
                campaign.id,
                now,
                limit,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _lock_ready(self, campaign, limit):
        """Take ready contacts of a campaign in its dial order, locked until the commit (requirement
        C6).

        :return: list of ``tools.gates.Candidate``
        """
        candidates = []
        strata = (True, False) if campaign.retry_order == "before" else (False, True)
        for is_retry in strata:
            if len(candidates) < limit:
                candidates += self._lock_ready_stratum(campaign, is_retry, limit - len(candidates))
        return candidates

    _dial_orders = {
        "fifo": SQL("id"),
        "lifo": SQL("id DESC"),
        "priority": SQL("priority DESC, id"),
    }

    def _lock_ready_stratum(self, campaign, is_retry, limit):
        # Indexes _ready_arrival and _ready_priority; is_retry is inlined so that it meets the
        # index's second column.
        self.env.cr.execute(
            SQL(
                """SELECT %s
                     FROM ecm_contact
                    WHERE campaign_id = %s AND is_retry = %s AND is_ready AND state = 'pending'
                 ORDER BY %s LIMIT %s
                      FOR UPDATE SKIP LOCKED""",
                self._candidate_columns,
                campaign.id,
                is_retry,
                self._dial_orders[campaign.dial_order],
                limit,
            )
        )
        return [self._make_candidate(row) for row in self.env.cr.fetchall()]

    _candidate_columns = SQL(
        """id, next_position, attempt_count, uncounted_count, first_name, last_name, account_number, tz, list_id,
           added_at, COALESCE(cycle, 1), callback, callback_since, callback_retained,
           phone_1, phone_2, phone_3, phone_4, phone_5"""
    )

    @api.model
    def _make_candidate(self, row):
        """:param row: values of ``_candidate_columns``"""
        contact_id, position, counted, uncounted, first_name, last_name, *other = row
        (
            account_number,
            tz,
            list_id,
            added_at,
            cycle,
            callback,
            callback_since,
            is_retained,
            *phones,
        ) = other
        return Candidate(
            contact_id,
            position,
            counted,
            uncounted,
            first_name or "",
            last_name or "",
            tuple(phones),
            account_number,
            tz,
            list_id,
            added_at,
            cycle,
            callback,
            callback_since,
            bool(is_retained),
        )

    def _get_candidates(self):
        """These contacts as the gates see them, whether they are due or not; nothing is locked."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT %s FROM ecm_contact WHERE id = ANY(%s) ORDER BY id",
                self._candidate_columns,
                self.ids,
            )
        )
        return [self._make_candidate(row) for row in self.env.cr.fetchall()]

    @api.model
    def _mark_sent(self, rows, state, now):
        """Claimed contacts leave *Pending*.

        :param rows: list of ``(contact id, attempt id, number, callback)``; the last says whose
        callback it is now
        """
        if not rows:
            return
        contact_ids, attempt_ids, numbers, callbacks = zip(*rows, strict=True)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = %s, is_ready = FALSE, next_attempt_at = NULL, last_attempt_at = %s,
                          block_reason = NULL, block_detail = NULL,
                          current_attempt_id = v.attempt_id, number_to_call = v.number, callback = v.callback
                     FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[])
                          AS v(contact_id, attempt_id, number, callback)
                    WHERE c.id = v.contact_id""",
                state,
                now,
                list(contact_ids),
                list(attempt_ids),
                list(numbers),
                list(callbacks),
            )
        )

    @api.model
    def _release(self, attempt_ids):
        """Contacts of tries that never took place go back to *Pending*, ready as before."""
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = 'pending', is_ready = TRUE, current_attempt_id = NULL
                     FROM ecm_attempt a
                    WHERE a.id = ANY(%s) AND c.id = a.contact_id AND c.current_attempt_id = a.id AND c.state = %s""",
                list(attempt_ids),
                SENT_TO_DIALER,
            )
        )

    @api.model
    def _apply_decisions(self, rows, now):
        """Write what was decided on contacts whose result came.

        :param rows: list of ``tools.results.Decided``
        """
        closing = [row for row in rows if isinstance(row.decision, decision.Close)]
        following = [row for row in rows if not isinstance(row.decision, decision.Close)]
        if following:
            self._apply_next(following, now)
        if closing:
            self._apply_close(closing, now)

    def _apply_next(self, rows, now):
        choices = [row.decision for row in rows]
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = 'pending', is_ready = (v.at <= %(now)s), is_retry = TRUE, next_attempt_at = v.at,
                          next_position = v.position, number_to_call = v.number, last_outcome_id = v.outcome_id,
                          attempt_count = v.counted, uncounted_count = v.uncounted, current_attempt_id = NULL,
                          cycle = v.cycle, priority = COALESCE(v.priority, c.priority),
                          callback = COALESCE(v.callback, c.callback), callback_retained = NULLIF(v.retained, FALSE),
                          callback_agent = CASE WHEN v.callback IS NOT NULL AND c.callback IS NULL THEN v.agent
                                                ELSE c.callback_agent END,
                          callback_since = CASE WHEN v.callback IS NOT NULL AND c.callback IS NULL THEN %(now)s
                                                ELSE c.callback_since END
                     FROM unnest(%(ids)s::int[], %(outcomes)s::int[], %(counted)s::int[], %(uncounted)s::int[],
                                 %(positions)s::int[], %(moments)s::timestamp[], %(numbers)s::text[],
                                 %(cycles)s::int[], %(priorities)s::int[], %(callbacks)s::text[], %(agents)s::text[],
                                 %(retained)s::bool[])
                          AS v(contact_id, outcome_id, counted, uncounted, position, at, number, cycle, priority,
                               callback, agent, retained)
                    WHERE c.id = v.contact_id""",
                now=now,
                ids=[row.contact_id for row in rows],
                outcomes=[row.outcome_id for row in rows],
                counted=[0 if row.decision.resets else row.counted for row in rows],
                uncounted=[0 if row.decision.resets else row.uncounted for row in rows],
                positions=[choice.position for choice in choices],
                moments=[choice.at.replace(tzinfo=None) for choice in choices],
                numbers=[choice.number for choice in choices],
                cycles=[choice.cycle for choice in choices],
                priorities=[choice.priority for choice in choices],
                callbacks=[choice.callback for choice in choices],
                agents=[row.agent for row in rows],
                retained=[choice.retained for choice in choices],
            )
        )

    def _apply_close(self, rows, now):
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = v.state, close_reason = v.reason, closed_at = %s, is_ready = FALSE,
                          next_attempt_at = NULL, last_outcome_id = COALESCE(v.outcome_id, c.last_outcome_id),
                          attempt_count = v.counted, uncounted_count = v.uncounted, current_attempt_id = NULL,
                          block_reason = NULL, block_detail = NULL
                     FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::text[], %s::text[])
                          AS v(contact_id, outcome_id, counted, uncounted, state, reason)
                    WHERE c.id = v.contact_id""",
                now,
                [row.contact_id for row in rows],
                [row.outcome_id for row in rows],
                [row.counted for row in rows],
                [row.uncounted for row in rows],
                [row.decision.state for row in rows],
                [row.decision.reason for row in rows],
            )
        )

    @api.model
    def _apply_waits(self, rows):
        """Move contacts to their next legal time, with the reason (requirement N4).

        :param rows: list of ``(contact id, tools.gates.Wait)``
        """
        if not rows:
            return
        contact_ids, waits = zip(*rows, strict=True)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET is_ready = FALSE, next_attempt_at = v.until, block_reason = v.reason, block_detail = v.detail
                     FROM unnest(%s::int[], %s::timestamp[], %s::text[], %s::text[])
                          AS v(contact_id, until, reason, detail)
                    WHERE c.id = v.contact_id""",
                list(contact_ids),
                [wait.until for wait in waits],
                [wait.reason for wait in waits],
                [wait.detail or None for wait in waits],
            )
        )

    @api.model
    def _apply_holds(self, rows):
        """Take contacts out of the feed's sight until somebody acts: promotion passes over an empty
        time.

        :param rows: list of ``(contact id, tools.gates.Hold)``
        """
        if not rows:
            return
        contact_ids, holds = zip(*rows, strict=True)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET is_ready = FALSE, resume_at = c.next_attempt_at, next_attempt_at = NULL,
                          block_reason = v.reason, block_detail = v.detail
                     FROM unnest(%s::int[], %s::text[], %s::text[]) AS v(contact_id, reason, detail)
                    WHERE c.id = v.contact_id""",
                list(contact_ids),
                [hold.reason for hold in holds],
                [hold.detail or None for hold in holds],
            )
        )

    @api.model
    def _get_known_phones(self, where, numbers):
        """Which of these numbers are phone 1 of a contact (index ``_phone_campaign``).

        :param SQL where: further condition on the contact ``c``
        :rtype: set
        """
        self.env.cr.execute(
            SQL(
                """SELECT n.phone
                     FROM unnest(%s::varchar[]) AS n(phone)
               CROSS JOIN LATERAL (SELECT 1 FROM %s AS c WHERE %s LIMIT 1) AS known""",
                list(numbers),
                self._look_up("phone_1", SQL("n.phone")),
                where,
            )
        )
        return {number for (number,) in self.env.cr.fetchall()}

    @api.model
    def _find_by_phone(self, campaign, numbers):
        """The contact of each number in a campaign, an open one where there is one (index
        ``_phone_campaign``).

        :return: ``{number: (contact id, list id, whether it is open)}``
        """
        self.env.cr.execute(
            SQL(
                """SELECT n.phone, known.id, known.list_id, known.is_open
                     FROM unnest(%(numbers)s::varchar[]) AS n(phone)
               CROSS JOIN LATERAL (SELECT c.id, c.list_id, c.state = ANY(%(open)s) AS is_open
                                     FROM %(contacts)s AS c
                                    WHERE c.campaign_id = %(campaign)s
                                 ORDER BY is_open DESC, c.id LIMIT 1) AS known""",
                numbers=list(numbers),
                contacts=self._look_up("phone_1", SQL("n.phone")),
                open=list(OPEN_STATES),
                campaign=campaign.id,
            )
        )
        return {number: tuple(row) for number, *row in self.env.cr.fetchall()}

    @api.model
    def _update_imported(self, rows, list_id=None):
        """Give open contacts what a file says of them; what it leaves empty stays, and so does the
        history.

        :param rows: list of ``(contact id, phone 2 … 5, first name, last name, account number,
            e-mail, tz, priority, business parameters as JSON)``
        :param int list_id: the list that they belong to from now on; none to leave them in theirs
        """
        if not rows:
            return
        names = (
            "phone_2",
            "phone_3",
            "phone_4",
            "phone_5",
            "first_name",
            "last_name",
            "account_number",
            "email",
            "tz",
        )
        columns = list(zip(*rows, strict=True))
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET %s, priority = COALESCE(NULLIF(v.priority, 0), c.priority),
                          business_parameters = COALESCE(c.business_parameters, '{}') || COALESCE(v.parameters, '{}'),
                          list_id = COALESCE(%s, c.list_id)
                     FROM unnest(%s::int[], %s::int[], %s::jsonb[], %s) AS v(id, priority, parameters, %s)
                    WHERE c.id = v.id""",
                SQL(", ").join(
                    SQL("%s = COALESCE(v.%s, c.%s)", *[SQL.identifier(name)] * 3) for name in names
                ),
                list_id,
                list(columns[0]),
                list(columns[10]),
                list(columns[11]),
                SQL(", ").join(SQL("%s::varchar[]", list(column)) for column in columns[1:10]),
                SQL(", ").join(map(SQL.identifier, names)),
            )
        )
        self._release_held(SQL("SELECT unnest(%s::int[])", [row[0] for row in rows]))

    @api.model
    def _close_uncalled(self, where, reason, limit):
        """Withdraw pending contacts that were never called.

        :param SQL where: which, a condition on the contact ``c`` that an index serves
        :param str reason: in words, for whoever asks later
        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET state = 'withdrawn', close_reason = 'withdrawn', withdraw_reason = %s, closed_at = %s,
                          is_ready = FALSE, next_attempt_at = NULL, resume_at = NULL,
                          block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT c.id FROM ecm_contact c
                                  WHERE %s AND c.state = 'pending'
                                    AND NOT EXISTS (SELECT 1 FROM ecm_attempt a WHERE a.contact_id = c.id)
                                  LIMIT %s)""",
                reason,
                fields.Datetime.now(),
                where,
                limit,
            )
        )
        return self.env.cr.rowcount

    # -- lists that are stopped or over -------------------------------------------------------------

    @api.model
    def _hold_lists(self, lists):
        """Take pending contacts of these lists out of the feed's sight: promotion passes over an
        empty time.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = FALSE, resume_at = next_attempt_at, next_attempt_at = NULL,
                          block_reason = 'list_stopped', block_detail = NULL
                    WHERE list_id = ANY(%s) AND state = 'pending' AND (is_ready OR next_attempt_at IS NOT NULL)""",
                lists.ids,
            )
        )
        self.invalidate_model()
        lists.invalidate_recordset()

    @api.model
    def _resume_lists(self, lists, now):
        """Undo `_hold_lists`: what was planned meanwhile is due, the rest waits for its time."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = (resume_at IS NULL OR resume_at <= %(now)s),
                          next_attempt_at = resume_at, resume_at = NULL, block_reason = NULL, block_detail = NULL
                    WHERE list_id = ANY(%(lists)s) AND state = 'pending'
                      AND NOT is_ready AND next_attempt_at IS NULL""",
                now=now,
                lists=lists.ids,
            )
        )
        self.invalidate_model()
        lists.invalidate_recordset()

    @api.model
    def _expire_lists(self, lists, now, limit):
        """Close pending contacts of lists that are over (index ``_list_state``).

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET state = 'expired', close_reason = 'expired', closed_at = %s, is_ready = FALSE,
                          next_attempt_at = NULL, resume_at = NULL, block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT id FROM ecm_contact
                                  WHERE list_id = ANY(%s) AND state = 'pending' LIMIT %s)""",
                now,
                lists.ids,
                limit,
            )
        )
        return self.env.cr.rowcount

    # -- whose turn it is -----------------------------------------------------------------------------

    @api.model
    def _filter_ready(self, campaigns, now):
        """Campaigns that have contacts to send: a look into indexes ``_ready_arrival`` and
        ``_waiting`` each.

        The orders are those of the indexes: without them the planner may read the table for the
        first that matches.

        :param datetime now: naive UTC
        """
        self.env.cr.execute(
            SQL(
                """SELECT p.id
                     FROM unnest(%s::int[]) AS p(id)
                    WHERE (SELECT TRUE FROM ecm_contact c
                            WHERE c.campaign_id = p.id AND c.is_ready AND c.state = 'pending'
                         ORDER BY c.is_retry, c.id LIMIT 1)
                       OR (SELECT TRUE FROM ecm_contact c
                            WHERE c.campaign_id = p.id AND NOT c.is_ready AND c.state = 'pending'
                              AND c.next_attempt_at <= %s
                         ORDER BY c.next_attempt_at LIMIT 1)""",
                list(campaigns.ids),
                now,
            )
        )
        ready_ids = {campaign_id for (campaign_id,) in self.env.cr.fetchall()}
        ready = campaigns.filtered(lambda campaign: campaign.id in ready_ids)
        # A target group's queue is drawn from when it is the campaign's turn.
        waiting = (campaigns - ready).target_group_ids
        return campaigns & (ready | self._filter_queued(waiting).campaign_id) if waiting else ready

    @api.model
    def _count_at_dialer(self, campaigns):
        """Contacts at the dialer, counted in index ``_campaign_state``: costs what is there, not
        what is stored.

        :return: ``{campaign id: count}``
        """
        self.env.cr.execute(
            SQL(
                """SELECT p.id, n.held
                     FROM unnest(%s::int[]) AS p(id)
               CROSS JOIN LATERAL (SELECT count(*) AS held FROM ecm_contact c
                                    WHERE c.campaign_id = p.id AND c.state = 'sent_to_dialer') AS n""",
                list(campaigns.ids),
            )
        )
        return dict(self.env.cr.fetchall())

    # -- time to live ---------------------------------------------------------------------------------

    @api.model
    def _expire_old(self, now, limit):
        """Close pending contacts whose time to live is over (index ``_time_to_live``).

        :param datetime now: naive UTC
        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET state = 'expired', close_reason = 'ttl', closed_at = %(now)s, is_ready = FALSE,
                          next_attempt_at = NULL, resume_at = NULL, block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT old.id FROM ecm_campaign p, LATERAL (
                                     SELECT c.id FROM ecm_contact c
                                      WHERE c.campaign_id = p.id AND c.state = 'pending'
                                        AND c.added_at < %(now)s::timestamp - make_interval(days => p.ttl_days)
                                   ORDER BY c.added_at LIMIT %(limit)s
                                        FOR UPDATE SKIP LOCKED) AS old
                                  WHERE p.ttl_days > 0 LIMIT %(limit)s)""",
                now=now,
                limit=limit,
            )
        )
        return self.env.cr.rowcount

    # -- selection and target groups ------------------------------------------------------------------

    @api.model
    def _release_held(self, ids):
        """Contacts that were held back are due when they were, and are looked at again then.

        :param SQL ids: a query of contact ids
        :return: ids of those that were held
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = (resume_at IS NULL OR resume_at <= %s), next_attempt_at = resume_at,
                          resume_at = NULL, block_reason = NULL, block_detail = NULL, target_group_id = NULL
                    WHERE id IN (%s) AND block_reason IN ('selection', 'target_group') AND state = 'pending'
                RETURNING id""",
                fields.Datetime.now(),
                ids,
            )
        )
        return [contact_id for (contact_id,) in self.env.cr.fetchall()]

    @api.model
    def _release_next(self, campaign, after, limit):
        """The next held contacts of a campaign (index ``_held``).

        :param int after: only ids above
        :return: the last id, None when there are no more
        """
        ids = SQL(
            """SELECT id FROM ecm_contact
                WHERE campaign_id = %s AND id > %s AND block_reason IN ('selection', 'target_group')
                  AND state = 'pending'
             ORDER BY id LIMIT %s FOR UPDATE""",
            campaign.id,
            after,
            limit,
        )
        return max(self._release_held(ids), default=None)

    @api.model
    def _enqueue(self, rows):
        """:param rows: list of ``(contact id, target group id)`` of held contacts"""
        contact_ids, group_ids = zip(*rows, strict=True)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c SET target_group_id = v.group_id
                     FROM unnest(%s::int[], %s::int[]) AS v(contact_id, group_id) WHERE c.id = v.contact_id""",
                list(contact_ids),
                list(group_ids),
            )
        )

    @api.model
    def _filter_drawn(self, contact_ids):
        """Which of these contacts it is the turn of.

        :rtype: set
        """
        self.env.cr.execute(
            SQL("SELECT id FROM ecm_contact WHERE id = ANY(%s) AND is_drawn", list(contact_ids))
        )
        return {contact_id for (contact_id,) in self.env.cr.fetchall()}

    @api.model
    def _filter_queued(self, groups):
        """Target groups that have contacts in their queue (index ``_queue_arrival``)."""
        self.env.cr.execute(
            SQL(
                """SELECT g.id FROM unnest(%s::int[]) AS g(id)
                    WHERE (SELECT TRUE FROM ecm_contact c
                            WHERE c.target_group_id = g.id AND c.block_reason = 'target_group' AND c.state = 'pending'
                         ORDER BY c.id LIMIT 1)""",
                list(groups.ids),
            )
        )
        queued = {group_id for (group_id,) in self.env.cr.fetchall()}
        return groups.filtered(lambda group: group.id in queued)

    @api.model
    def _count_drawn(self, campaign):
        """Contacts whose turn it is and that are not called yet (index ``_drawn``)."""
        self.env.cr.execute(
            SQL(
                """SELECT count(*) FROM ecm_contact
                    WHERE campaign_id = %s AND is_drawn AND is_ready AND state = 'pending'""",
                campaign.id,
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _draw(self, group, limit):
        """It is the turn of the first contacts in a target group's queue (indexes ``_queue_…``).

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = TRUE, is_drawn = TRUE, next_attempt_at = resume_at, resume_at = NULL,
                          block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT id FROM ecm_contact
                                  WHERE target_group_id = %s AND block_reason = 'target_group' AND state = 'pending'
                               ORDER BY %s LIMIT %s FOR UPDATE SKIP LOCKED)""",
                group.id,
                self._dial_orders[group.campaign_id.dial_order],
                limit,
            )
        )
        return self.env.cr.rowcount

    # -- from campaign to campaign --------------------------------------------------------------------

    @api.model
    def _chain(self, ends, now):
        """Let contacts go on to the campaigns that their outcome leads to.

        Nobody comes in who is open there with the same phone 1 (index ``_phone_campaign``), and
        nobody comes back to a campaign that the way led through: so a circle of campaigns ends.

        :param SQL ends: a query of ``contact_id, outcome_id, is_result``; a result copies too, what
            else closes a contact only moves
        :return: the new contacts
        """
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_contact (campaign_id, company_id, added_at, state, is_ready, is_retry, next_position,
                                            attempt_count, uncounted_count, cycle, number_to_call, chained_from_id,
                                            chain_line_id, %(columns)s)
                   SELECT DISTINCT ON (l.target_id, c.phone_1)
                          l.target_id, t.company_id, %(now)s, 'pending', TRUE, FALSE, 1, 0, 0, 1, c.phone_1, c.id, l.id,
                          %(values)s
                     FROM (%(ends)s) AS e(contact_id, outcome_id, is_result)
                     JOIN ecm_contact c ON c.id = e.contact_id
                     JOIN ecm_campaign_chain l ON l.campaign_id = c.campaign_id AND l.outcome_id = e.outcome_id
                     JOIN ecm_campaign t ON t.id = l.target_id AND t.active
                    WHERE CASE l.mode WHEN 'copy' THEN e.is_result AND c.state <> 'dnc_listed'
                                      ELSE c.state = ANY(%(moving)s) END
                      AND (SELECT o.id FROM %(same_phone)s AS o
                            WHERE o.campaign_id = l.target_id AND o.state = ANY(%(open)s)
                            LIMIT 1) IS NULL
                      AND l.target_id <> ALL (%(way)s)
                 ORDER BY l.target_id, c.phone_1, c.id
              ON CONFLICT (chained_from_id, campaign_id) WHERE chained_from_id IS NOT NULL DO NOTHING
                RETURNING id""",
                columns=SQL(", ").join(SQL.identifier(name) for name in TAKEN_ALONG),
                values=SQL(", ").join(SQL.identifier("c", name) for name in TAKEN_ALONG),
                now=now,
                ends=ends,
                moving=list(MOVING_STATES),
                same_phone=self._look_up("phone_1", SQL("c.phone_1")),
                open=list(OPEN_STATES),
                way=self._get_way(),
            )
        )
        chained = self.browse([contact_id for (contact_id,) in self.env.cr.fetchall()])
        chained._plan_first_attempt()
        return chained

    def _get_way(self):
        """Campaigns that the contact ``c`` of a surrounding query came through."""
        return SQL(
            """WITH RECURSIVE way AS (
                   SELECT c.chained_from_id AS contact_id
                    UNION
                   SELECT f.chained_from_id FROM way JOIN ecm_contact f ON f.id = way.contact_id
               )
               SELECT f.campaign_id FROM way JOIN ecm_contact f ON f.id = way.contact_id"""
        )

    @api.model
    def _count_chained(self, lines):
        """:return: ``{id of the chain line: contacts that went this way}`` (index ``_chain_line``)"""
        groups = self.sudo()._read_group(
            [("chain_line_id", "in", lines.ids)], ["chain_line_id"], ["__count"]
        )
        return {line.id: count for line, count in groups}
