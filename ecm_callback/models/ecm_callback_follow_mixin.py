from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import states

FOLLOW_BATCH = 500


class Followed(NamedTuple):
    """A callback whose contact has gone on."""

    callback_id: int
    contact_state: str
    next_attempt_at: object
    kind: str | None
    agent: str | None
    called_at: object
    attempt_count: int


class EcmCallbackFollow(models.AbstractModel):
    """Callbacks follow the engine's contacts (requirements B5, S7): what the dialer says of the call,
    retries, whether it is still its agent's. And what was arranged on the dialer, or by a strategy,
    becomes a callback here.
    """

    _name = "ecm.callback.follow.mixin"
    _description = "Callbacks Follow Their Contacts"

    @api.model
    def _follow_attempts(self, attempt_ids):
        """What attempts came to, in the transaction of their results."""
        if not attempt_ids:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """SELECT DISTINCT b.id FROM ecm_attempt a
                     JOIN ecm_callback b ON b.contact_id = a.contact_id
                    WHERE a.id = ANY(%s) AND b.state = ANY(%s)""",
                list(attempt_ids),
                list(states.OPEN),
            )
        )
        if ids := [id_ for (id_,) in self.env.cr.fetchall()]:
            self._follow(ids)
        self._adopt(attempt_ids)

    @api.model
    def _follow(self, ids=None):
        """Bring open callbacks to where their contacts are.

        :param ids: of the callbacks to look at; all by default, a batch at a time
        :return: how many have changed
        """
        self.env.flush_all()
        now = fields.Datetime.now()
        forgotten = self._close_forgotten(ids)
        rows = self._get_followed(now, ids)
        self.browse([row.callback_id for row in rows]).invalidate_recordset()
        for row in rows:
            self.browse(row.callback_id).sudo()._follow_one(row, now)
        return len(rows) + forgotten

    def _close_forgotten(self, ids):
        """Open callbacks whose contact was deleted: nobody calls any more, and they say so. A new
        contact could be called a second time.

        :param ids: of the callbacks to look at; all by default
        :return: how many were closed
        """
        self.env.flush_all()
        # By the index of contacts with open callbacks.
        self.env.cr.execute(
            SQL(
                """SELECT b.id FROM ecm_callback b
                    WHERE b.state = ANY(%(open)s) AND b.contact_id IS NOT NULL AND %(chosen)s
                      AND NOT EXISTS (SELECT FROM ecm_contact c WHERE c.id = b.contact_id)
                 ORDER BY b.id LIMIT %(limit)s
                      FOR UPDATE OF b SKIP LOCKED""",
                open=list(states.OPEN),
                chosen=_choose(ids),
                limit=FOLLOW_BATCH,
            )
        )
        forgotten = self.sudo().browse([id_ for (id_,) in self.env.cr.fetchall()])
        forgotten.invalidate_recordset()
        forgotten._note({"contact_id": False, "contact_state": False, "next_attempt_at": False})
        forgotten._close("cancel", {"cancel_reason": self.env._("Its contact was deleted.")})
        return len(forgotten)

    def _get_followed(self, now, ids):
        """:return: list of `Followed`, of those whose contacts have gone on"""
        # By the index of contacts with open callbacks; attempts by that of their contacts.
        self.env.cr.execute(
            SQL(
                """SELECT b.id, c.state, c.next_attempt_at, c.callback, c.callback_agent,
                          calls.first_at, calls.count
                     FROM ecm_callback b
                     JOIN ecm_contact c ON c.id = b.contact_id
               CROSS JOIN LATERAL (
                          SELECT min(COALESCE(a.called_at, a.callback_at, a.claimed_at)) AS first_at,
                                 count(*) AS count
                            FROM ecm_attempt a
                           WHERE a.contact_id = c.id AND a.state IN ('done', 'dangling')
                             AND a.id > COALESCE(b.after_attempt_id, 0)
                          ) AS calls
                    WHERE b.state = ANY(%(open)s) AND b.contact_id IS NOT NULL AND %(chosen)s
                      AND (b.contact_state IS DISTINCT FROM c.state
                           OR b.next_attempt_at IS DISTINCT FROM c.next_attempt_at
                           OR b.kind IS DISTINCT FROM COALESCE(c.callback, b.kind)
                           OR b.state = 'scheduled' AND c.state = 'pending'
                              AND COALESCE(c.next_attempt_at, '-infinity') <= %(now)s)
                    ORDER BY b.id LIMIT %(limit)s
                      FOR UPDATE OF b SKIP LOCKED""",
                open=list(states.OPEN),
                chosen=_choose(ids),
                now=now,
                limit=FOLLOW_BATCH if ids is None else len(ids),
            )
        )
        return [Followed(*row) for row in self.env.cr.fetchall()]

    def _follow_one(self, row, now):
        """:param row: `Followed`"""
        event = states.event_of_contact(row.contact_state, row.next_attempt_at, now)
        state = states.after_contact(self.state, event)
        values = {
            "state": state,
            "contact_state": row.contact_state,
            "next_attempt_at": row.next_attempt_at,
            "attempt_count": row.attempt_count,
        }
        if row.called_at:
            late = int((row.called_at - self.promised_at).total_seconds() // 60)
            values |= {"called_at": row.called_at, "late_minutes": max(late, 0)}
        if row.kind and row.kind != self.kind:
            # Its agent was not there: anybody of the skill takes it.
            values["kind"] = row.kind
        if state not in states.OPEN:
            values["closed_at"] = now
        tolerance = self.skill_id.tolerance_minutes
        called_at = values.get("called_at", self.called_at)
        kept = states.punctuality(state, self.promised_at, called_at, tolerance)
        self._note({**values, "kept": kept or False})
        if state not in states.OPEN:
            self._end_activities()

    @api.model
    def _forget_contacts(self, contact_ids):
        """Contacts that were deleted: open callbacks are closed, no other leads to them."""
        domain = [("contact_id", "in", contact_ids), ("state", "in", states.OPEN)]
        if waiting := self.search(domain).ids:
            self._close_forgotten(waiting)
        for name in ("contact_id", "origin_contact_id"):
            column = SQL.identifier(name)
            self.env.cr.execute(
                SQL(
                    "UPDATE ecm_callback SET %s = NULL WHERE %s = ANY(%s)",
                    column,
                    column,
                    list(contact_ids),
                )
            )
        self.invalidate_model(["contact_id", "origin_contact_id"])

    # -- what others arranged ---------------------------------------------------------------------

    @api.model
    def _adopt(self, attempt_ids):
        """Contacts that became callbacks by these attempts, or were asked for anew, have one here.

        A contact whose callback the customer has asked for by other means meanwhile is withdrawn:
        one promise, one call.
        """
        self.env.cr.execute(
            SQL(
                """SELECT c.id, b.id FROM ecm_contact c
                LEFT JOIN ecm_callback b ON b.contact_id = c.id AND b.state = ANY(%(open)s)
                    WHERE c.id IN (SELECT contact_id FROM ecm_attempt WHERE id = ANY(%(ids)s))
                      AND c.callback IS NOT NULL AND c.callback_since IS NOT NULL
                      AND c.closed_at IS NULL
                      AND (b.id IS NULL OR b.asked_at < c.callback_since
                           OR c.state <> 'pending' AND b.due_at <> c.callback_due)""",
                ids=list(attempt_ids),
                open=list(states.OPEN),
            )
        )
        for contact_id, callback_id in self.env.cr.fetchall():
            contact = self.env["ecm.contact"].sudo().browse(contact_id)
            self.browse(callback_id or ()).sudo()._adopt_contact(contact)

    def _adopt_contact(self, contact):
        """Make the contact's promise this callback's, or that of a new one.

        Called on the open callback of the contact, or on none.
        """
        contact.invalidate_recordset()
        if not self and self._has_other_promise(contact):
            contact.action_withdraw(self.env._("The customer asked for another time."))
            return
        values = self._prepare_adopted(contact)
        skill = contact.campaign_id.callback_skill_id or self.skill_id
        if self and skill.repeat_policy != "new":
            self._note({**self._get_fresh_values(), **values, "move_count": self.move_count + 1})
            callback = self
        else:
            # The customer was called back, and wants another call.
            self._close("connect")
            callback = self._create_adopted(contact, values)
        # Nobody was asked whether there is room: the promise is made.
        callback._take_seats(0, 0, 0)
        callback._plan_activity()

    def _has_other_promise(self, contact):
        """Whether another open callback came of this contact's call."""
        domain = [("origin_contact_id", "=", contact.id), ("state", "in", states.OPEN)]
        return bool(self.sudo().search_count(domain, limit=1))

    def _prepare_adopted(self, contact):
        """What the contact says of the promise."""
        company, name = contact.company_id, contact.callback_agent
        at_dialer = contact.state != "pending"
        due_at = contact.callback_due or contact.next_attempt_at or contact.callback_since
        agent = self.env["ecm.callback.agent"]._find_by_name(company, name)
        event = states.event_of_contact(
            contact.state, contact.next_attempt_at, fields.Datetime.now()
        )
        state = {"dial": states.DIALING, "wait": states.SCHEDULED}.get(event, states.QUEUED)
        return {
            "number": contact.number_to_call or contact.phone_1,
            "due_at": due_at,
            "promised_at": due_at,
            "asked_at": contact.callback_since,
            "agent_id": agent.id if contact.callback == "personal" else False,
            "agent": name or False,
            "kind": contact.callback,
            "state": state,
            "contact_state": contact.state,
            "next_attempt_at": contact.next_attempt_at,
            "source": "dialer" if name or at_dialer else "strategy",
            "after_attempt_id": self._get_last_attempt_id(contact),
        }

    def _get_last_attempt_id(self, contact):
        """The last attempt before the promise: one that the dialer makes itself is the current."""
        if contact.current_attempt_id:
            return contact.current_attempt_id.id - 1
        return max(contact.attempt_ids.ids, default=0)

    def _create_adopted(self, contact, values):
        """:rtype: ecm.callback"""
        campaign = contact.campaign_id
        vals = {
            **values,
            "company_id": contact.company_id.id,
            "contact_id": contact.id,
            "origin_contact_id": contact.id,
            "campaign_id": campaign.id,
            "skill_id": campaign.callback_skill_id.id,
            "presented_number": campaign.presented_number,
            "first_name": contact.first_name,
            "last_name": contact.last_name,
            "account_number": contact.account_number,
            "email": contact.email,
            "tz": contact.tz,
        }
        return self.sudo()._create_unchecked(vals)


def _choose(ids):
    """:param ids: of callbacks; None for all"""
    return SQL("TRUE") if ids is None else SQL("b.id = ANY(%s)", list(ids))
