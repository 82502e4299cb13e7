from collections import Counter, defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.dashboard import get_penetration
from odoo.addons.ecm_campaign.const import CLOSED_STATES, PENDING, REACHED_STATES
from odoo.addons.ecm_campaign.formatting import get_label
from odoo.addons.ecm_campaign.tools.campaign_results import percent

# Lines of a panel; the list behind it has all of them.
SHOWN_CAMPAIGNS = 12
SHOWN_LISTS = 12
SHOWN_ROOMS = 20
SOON = timedelta(hours=1)


class EcmDashboardNowMixin(models.AbstractModel):
    """How things stand: contacts by state and by what they wait for, lists, dialers, callbacks."""

    _name = "ecm.dashboard.now.mixin"
    _description = "Dashboard: How Things Stand"

    @api.model
    def _get_now_panels(self):
        return {
            "contacts": self._read_contacts,
            "campaigns": self._read_campaigns,
            "lists": self._read_lists,
            "rooms": self._read_rooms,
            "callbacks": self._read_callbacks,
        }

    # -- contacts ---------------------------------------------------------------------------------

    def _read_contacts(self, scope):
        """Contacts by state, by what pending ones wait for, and by how many attempts they had.

        :return: dict of ``totals``, ``states``, ``waiting`` and ``penetration``
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT n.state, n.waiting, n.tries, n.is_reached, sum(n.count)::int
                     FROM ecm_report_count n WHERE %s AND n.at IS NULL
                 GROUP BY 1, 2, 3, 4 HAVING sum(n.count) <> 0""",
                scope.counters,
            )
        )
        states, waiting = Counter(), Counter()
        tries = defaultdict(lambda: (0, 0))
        for state, reason, made, is_reached, count in rows:
            states[state] += count
            if reason:
                waiting[reason] += count
            contacts, reached = tries[made]
            tries[made] = contacts + count, reached + (count if is_reached else 0)
        return {
            "totals": self._get_totals(states),
            "states": self._describe_states(states),
            "waiting": self._describe_waiting(waiting),
            "penetration": get_penetration(tries),
        }

    def _get_totals(self, states):
        awaiting = self.env["ecm.contact"]._get_awaiting_states()
        total = sum(states.values())
        closed = sum(states[state] for state in CLOSED_STATES)
        return {
            "contacts": total,
            "pending": states[PENDING],
            "awaiting": sum(states[state] for state in awaiting),
            "connected": sum(states[state] for state in REACHED_STATES),
            "closed": closed,
            "closed_percent": percent(closed, total),
        }

    def _describe_states(self, states):
        """In the order in which a contact goes through them."""
        labels = self.env["ecm.contact"]._fields["state"]._description_selection(self.env)
        total = sum(states.values())
        lines = []
        for state, label in labels:
            if states[state]:
                share = percent(states[state], total)
                line = {"id": state, "name": label, "count": states[state], "percent": share}
                lines.append({**line, "is_closed": state in CLOSED_STATES})
        return lines

    def _describe_waiting(self, waiting):
        """Pending contacts by what stands in their way, in Explain's words."""
        names = {
            "ready": self.env._("Ready to be called"),
            "planned": self.env._("Wait for their next attempt"),
        }
        total = sum(waiting.values())
        lines = []
        for reason, count in waiting.most_common():
            name = names.get(reason) or get_label(self.env, "ecm.contact", "block_reason", reason)
            is_held = reason not in names
            share = percent(count, total)
            line = {"id": reason, "name": name, "count": count, "percent": share}
            lines.append({**line, "is_held": is_held})
        return sorted(lines, key=lambda line: line["is_held"])

    # -- side by side -----------------------------------------------------------------------------

    def _read_campaigns(self, scope):
        """The campaigns with most attempts in the period, running ones first.

        :return: dict of ``lines`` and ``total``
        """
        campaigns = scope.campaigns
        made = self._count_made(scope)
        found = self._count_reached_by(scope, SQL("n.campaign_id"))
        states = self._count_states(scope)
        awaiting = set(self.env["ecm.contact"]._get_awaiting_states())
        ranked = campaigns.sorted(
            key=lambda campaign: (not campaign.is_running, -made[campaign.id][0], campaign.id)
        )
        lines = []
        for campaign in ranked[:SHOWN_CAMPAIGNS]:
            own = states[campaign.id]
            attempts, reached_attempts = made[campaign.id]
            line = {
                "id": campaign.id,
                "name": campaign.display_name,
                "is_running": campaign.is_running,
                "pending": own[PENDING],
                "awaiting": sum(own[state] for state in awaiting),
                "made": attempts,
                "made_percent": percent(reached_attempts, attempts),
            }
            lines.append({**line, **self._describe_reach(found[campaign.id])})
        return {"lines": lines, "total": len(campaigns)}

    def _count_made(self, scope):
        """:return: ``{campaign id: (attempts in the period, of which reached)}``"""
        live = self.env["ecm.attempt"]._get_live_outcomes().ids
        rows = self.env.execute_query(
            SQL(
                """SELECT n.campaign_id, sum(n.attempts)::int,
                          COALESCE(sum(n.attempts) FILTER (WHERE n.outcome_id = ANY(%s)), 0)::int
                     FROM ecm_results_count n WHERE %s GROUP BY 1""",
                live,
                scope.in_period,
            )
        )
        counts = {campaign: (made, reached) for campaign, made, reached in rows}
        return defaultdict(lambda: (0, 0), counts)

    def _count_states(self, scope):
        """:return: ``{campaign id: {state: contacts}}``"""
        rows = self.env.execute_query(
            SQL(
                """SELECT n.campaign_id, n.state, sum(n.count)::int FROM ecm_report_count n
                    WHERE %s AND n.at IS NULL GROUP BY 1, 2""",
                scope.counters,
            )
        )
        states = defaultdict(Counter)
        for campaign, state, count in rows:
            states[campaign][state] = count
        return states

    def _count_reached_by(self, scope, key):
        """What became of contacts.

        :param SQL key: of counters ``n``
        :return: ``{key: (loaded, called, reached, success)}``
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT %s, sum(n.loaded)::int, sum(n.called)::int, sum(n.reached)::int,
                          sum(n.success)::int
                     FROM ecm_results_count n WHERE %s AND n.at IS NULL
                 GROUP BY 1 HAVING sum(n.loaded) <> 0""",
                key,
                scope.counters,
            )
        )
        counts = {found: tuple(numbers) for found, *numbers in rows}
        return defaultdict(lambda: (0, 0, 0, 0), counts)

    def _describe_reach(self, counts):
        loaded, called, reached, success = counts
        return {
            "loaded": loaded,
            "called": called,
            "reached": reached,
            "reached_percent": percent(reached, called),
            "success": success,
            "success_percent": percent(success, reached),
        }

    def _read_lists(self, scope):
        """The newest lists.

        :return: dict of ``lines`` and ``total``
        """
        found = self._count_reached_by(scope, SQL("COALESCE(n.list_id, 0)"))
        newest = sorted(found, reverse=True)[:SHOWN_LISTS]
        lists = self.env["ecm.contact.list"].sudo().browse([key for key in newest if key])
        named = {record.id: record for record in lists.exists()}
        lines = []
        for key in newest:
            record = named.get(key)
            line = {"id": key or False, "name": record.name if record else self.env._("No list")}
            line["campaign"] = record.campaign_id.name if record else False
            lines.append({**line, **self._describe_reach(found[key])})
        return {"lines": lines, "total": len(found)}

    # -- dialers ----------------------------------------------------------------------------------

    def _read_rooms(self, scope):
        """Where running campaigns are sent: what is there, and for how much there is room.

        :return: list of dicts of ``field``, ``id``, ``name``, ``held``, ``room``, ``most`` and
            ``problem``
        """
        now = fields.Datetime.now()
        lines = []
        for target in self._get_targets(scope)[:SHOWN_ROOMS]:
            obstacle = target._get_obstacle(now)
            lines.append(
                {
                    "field": target._attempt_field,
                    "id": target.id,
                    "name": target.display_name,
                    "held": self.env["ecm.attempt"].search_count(self._get_held_domain(target)),
                    "room": target._get_room(),
                    "most": target._get_most_held(),
                    "problem": obstacle.detail if obstacle else False,
                }
            )
        return lines

    def _get_targets(self, scope):
        running = scope.campaigns.filtered("is_running").sudo()
        names = sorted(running._get_target_fields())
        targets = []
        for name in names:
            targets += list(running.mapped(name))
        return targets

    def _get_held_domain(self, target):
        """Attempts whose results are awaited from there (index ``_awaiting``)."""
        return [(target._attempt_field, "=", target.id), ("state", "in", ("claimed", "sent"))]

    # -- callbacks --------------------------------------------------------------------------------

    def _read_callbacks(self, scope):
        """Callbacks that are due or missed, where they are installed.

        :return: list of dicts of ``id``, ``name`` and ``count``; None where there are none to be had
        """
        domains = self._get_callback_domains(scope)
        if not domains:
            return None
        names = {
            "due": self.env._("Due"),
            "soon": self.env._("In the next hour"),
            "dialing": self.env._("At the dialer"),
            "missed": self.env._("Missed in the period"),
        }
        lines = []
        for key, domain in domains.items():
            count = self.env["ecm.callback"].search_count(domain)
            lines.append({"id": key, "name": names[key], "count": count})
        return lines

    def _get_callback_domains(self, scope):
        """:return: ``{what is counted: domain}``"""
        if "ecm.callback" not in self.env or not self.env["ecm.callback"].has_access("read"):
            return {}
        now = fields.Datetime.now()
        own = [("skill_id.campaign_id", "in", scope.campaigns.ids)]
        period = scope.period
        in_period = [("due_at", ">=", period.start), ("due_at", "<", period.end)]
        soon = [("state", "=", "scheduled"), ("due_at", "<", now + SOON)]
        return {
            "due": [*own, ("state", "=", "queued")],
            "soon": [*own, *soon],
            "dialing": [*own, ("state", "=", "dialing")],
            "missed": [*own, ("kept", "=", "missed"), *in_period],
        }
