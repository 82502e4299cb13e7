from datetime import timedelta
from functools import partial

from odoo import models
from odoo.tools import SQL

from ..exceptions import CallbackRefused
from ..tools import rules
from ..tools.rules import Places, Request, Terms
from ..tools.slots import nearest_free, slot_of, slots_between
from ..tools.states import OPEN
from odoo.addons.ecm_campaign.formatting import format_moment
from odoo.addons.ecm_campaign.models.dnc.ecm_dnc_list import BLACKLIST

OFFERED = 3


class EcmCallbackTerms(models.AbstractModel):
    """What can be promised (requirement B2): the terms of a skill and an agent, read for the pure
    checks of ``tools.rules``, and the sentences of their codes.
    """

    _name = "ecm.callback.terms.mixin"
    _description = "What Callbacks Can Be Promised"

    def _check_request(self, promise, now):
        """The six checks, and whether the number may be called.

        :param promise: `Promise`
        :raise CallbackRefused: naming the first that does not pass, with the nearest free slots
        """
        # Where nobody lives no hours can be asked for.
        if not promise.number:
            raise self._refuse_promise(rules.INVALID_NUMBER, promise)
        terms = self._get_terms(promise, now)
        problem = rules.find_problem(Request(promise.number, promise.at), terms)
        if not problem and self._is_barred(promise):
            problem = rules.DO_NOT_CONTACT
        if problem:
            raise self._refuse_promise(problem, promise, terms)

    def _refuse_promise(self, code, promise, terms=None):
        """:rtype: CallbackRefused"""
        sentence, slots = self._get_problem_text(code, promise, terms), []
        if terms and code in rules.ABOUT_TIME:
            slots = self._offer_slots(promise, terms)
        if slots:
            moments = [format_moment(self.env, slot, promise.tz) for slot in slots]
            free = self.env._(
                "Free: %(slots)s (%(zone)s).", slots="; ".join(moments), zone=promise.tz
            )
            sentence = f"{sentence} {free}"
        return CallbackRefused(sentence, code, slots, promise.tz)

    # -- terms ------------------------------------------------------------------------------------

    def _get_terms(self, promise, now):
        """:rtype: tools.rules.Terms"""
        skill, agent, number = promise.skill.sudo(), promise.agent.sudo(), promise.number
        campaign = promise.campaign.sudo()
        hours = campaign._get_campaign_hours(now)[campaign.id].without_drain()
        return Terms(
            now=now,
            hours=skill._get_hours(now),
            calling_hours=hours.for_contact(promise.tz, number, "voice", [number]),
            places=self._get_places("skill_id", skill, now, promise.besides),
            lead=timedelta(minutes=skill.lead_minutes),
            horizon=timedelta(days=skill.horizon_days),
            agent_hours=agent._get_hours(now) if agent else None,
            agent_places=self._get_places("agent_id", agent, now, promise.besides)
            if agent
            else None,
            agent_open=self._count_open(agent, promise.besides) if agent else 0,
            agent_limit=agent.open_limit,
        )

    def _get_places(self, column, owner, now, besides):
        """:param column: ``skill_id`` or ``agent_id``
        :param besides: the callbacks that do not count, since they are moved
        :rtype: tools.rules.Places
        """
        slot, seat = "slot_at", "seat"
        if column == "agent_id":
            slot, seat = "agent_slot_at", "agent_seat"
        self.env.flush_all()
        # By the index of the seats.
        self.env.cr.execute(
            SQL(
                """SELECT %(slot)s, count(*) FROM ecm_callback
                    WHERE %(column)s = %(owner)s AND state = ANY(%(open)s) AND %(slot)s >= %(since)s
                      AND %(seat)s > 0 AND id <> ALL(%(besides)s)
                 GROUP BY 1""",
                slot=SQL.identifier(slot),
                seat=SQL.identifier(seat),
                column=SQL.identifier(column),
                owner=owner.id,
                open=list(OPEN),
                since=now - timedelta(days=1),
                besides=besides.ids,
            )
        )
        taken = dict(self.env.cr.fetchall())
        return Places(int(owner.slot_length), owner.tz, owner.capacity, taken)

    def _count_open(self, agent, besides):
        """How many callbacks an agent has promised already."""
        domain = [
            ("agent_id", "=", agent.id),
            ("state", "in", OPEN),
            ("id", "not in", besides.ids),
        ]
        return self.env["ecm.callback"].sudo().search_count(domain)

    def _is_barred(self, promise):
        """Whether nobody may call the number, although the customer asks for it."""
        campaign, lists = promise.campaign.sudo(), self.env["ecm.dnc.list"].sudo()
        counting = set().union(*lists._get_applying(campaign).values())
        keys = [promise.account_number] if promise.account_number else []
        found = lists._find_entries([counting], [promise.number], keys)
        hits = {id_ for ids in (*found.numbers.values(), *found.keys.values()) for id_ in ids}
        hits &= counting
        if promise.skill.sudo().dnc_policy == "lift":
            lifted = lists.browse(hits - {BLACKLIST})._get_lifted_by_request()
            hits -= set(lifted.ids)
        return bool(hits)

    # -- what is free -----------------------------------------------------------------------------

    def _offer_slots(self, promise, terms, count=OFFERED):
        """The free slots that are nearest to what was asked for.

        :return: list of naive UTC, in their order
        """
        places = terms.places
        slots = partial(slots_between, terms.hours, places.minutes, places.zone)
        return nearest_free(
            slots,
            lambda slot: rules.find_time_problem(slot, terms) is None,
            promise.at or terms.now,
            terms.now + terms.lead,
            terms.now + terms.horizon,
            count,
        )

    def _get_slot(self, owner, at):
        """The beginning of the slot of a skill or an agent that a moment lies in."""
        return slot_of(at, int(owner.slot_length), owner.tz) if owner and at else False

    # -- words ------------------------------------------------------------------------------------

    def _get_problem_text(self, code, promise, terms):
        """A code of ``tools.rules`` as a sentence."""
        skill, agent = promise.skill.sudo(), promise.agent.sudo()
        texts = {
            rules.INVALID_NUMBER: self.env._(
                "This is not a number that can be called. Write it with its country code, for "
                "example +49 30 123456."
            ),
            rules.INVALID_TIME: self.env._(
                "This is not a time: write day and time, for example 2026-07-01T14:30."
            ),
            rules.IN_THE_PAST: self.env._("This time is over."),
            rules.SKILL_CLOSED: self.env._("%s is not open at this time.", skill.name),
            rules.TOO_SOON: self.env._(
                "This is too soon: ask at least %s minutes before.", skill.lead_minutes
            ),
            rules.TOO_FAR: self.env._(
                "This is too far away: callbacks are promised for the next %s days.",
                skill.horizon_days,
            ),
            rules.OUTSIDE_HOURS: self.env._(
                "The customer must not be called at this time: it is outside the calling hours "
                "where the number is at home."
            ),
            rules.AGENT_AWAY: self.env._("%s is not there at this time.", agent.name),
            rules.SLOT_FULL: self.env._("%s takes no more callbacks at this time.", skill.name),
            rules.AGENT_FULL: self.env._("%s has another callback at this time.", agent.name),
            rules.AGENT_LIMIT: self.env._(
                "%(agent)s has %(count)s open callbacks, which are as many as are allowed. Let "
                "another agent or the skill make this one.",
                agent=agent.name,
                count=agent.open_limit,
            ),
            rules.HOLIDAY: self.env._("This is a holiday."),
            rules.DO_NOT_CONTACT: self.env._(
                "This number must not be called: it is on a do-not-contact list. Take it off the "
                "list first, if the customer wants that."
            ),
            rules.ALREADY_OPEN: self.env._(
                "A callback of this number is open already. Move or cancel that one."
            ),
        }
        return texts[code]
