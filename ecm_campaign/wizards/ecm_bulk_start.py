import ast
from collections import Counter
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..actions import open_window
from ..const import CLOSED_STATES, REACHED_STATES
from ..models.contact.ecm_contact_bulk import REOPENED_STATES

# Of so many contacts the preview is exact; more are judged by a sample of as many.
SAMPLE = 1000
# A selection of as many as the web client hands over at most is all that the filter finds.
SELECTED_AT_MOST = 20_000
CHOICES = (
    "action",
    "company_id",
    "campaign_id",
    "list_id",
    "start_at",
    "goes_on",
    "start_position",
    "priority",
    "has_callbacks",
    "reason",
)
# What the gates say, by the count that it goes into.
PREVIEWED = {"suppressed": "dnc", "limit": "limit"}
SOURCES = {"ecm.campaign": "campaign_id", "ecm.contact.list": "list_id"}


class EcmBulkStart(models.TransientModel):
    """What becomes of chosen contacts, of a list's, a campaign's, or of all that a filter finds; how
    many that would be is said before.
    """

    _name = "ecm.bulk.start"
    _inherit = ["ecm.bulk.choices.mixin"]
    _description = "Start a Bulk Action"

    source = fields.Char("Contacts of", readonly=True)
    source_domain = fields.Char(required=True, default="[('id', '=', 0)]")
    who = fields.Selection(
        [("not_reached", "Not reached"), ("outcome", "By last outcome"), ("all", "All closed")],
        required=True,
        default="not_reached",
    )
    outcome_ids = fields.Many2many("ecm.outcome", string="Outcomes")
    has_withdrawn = fields.Boolean(
        "Withdrawn ones as well", help="Somebody decided that these are not called."
    )

    chosen_count = fields.Integer("Chosen", compute="_compute_preview")
    fitting_count = fields.Integer("Will be changed", compute="_compute_preview")
    busy_count = fields.Integer("Being called now", compute="_compute_preview")
    open_count = fields.Integer("Open there already", compute="_compute_preview")
    earlier_count = fields.Integer(
        "Called again before",
        compute="_compute_preview",
        help="There is a later contact of the same number.",
    )
    dnc_count = fields.Integer("On a do-not-contact list", compute="_compute_preview")
    limit_count = fields.Integer(
        "Wait for a limit first",
        compute="_compute_preview",
        help="They were tried as often as allowed, and are called when they may be.",
    )
    callback_count = fields.Integer("Callbacks, kept", compute="_compute_preview")
    is_estimate = fields.Boolean(compute="_compute_preview")

    # -- opened -----------------------------------------------------------------------------------

    @api.model
    def _open(self, records, action):
        """Ask about chosen contacts, or those of campaigns or lists.

        :param records: what the button was pressed on
        :param str action: what is offered first
        :raise AccessError: the user may change no contacts
        """
        self.env["ecm.contact"].check_access("write")
        context = self.env.context
        domain = self._get_source_domain(records)
        wizard_context = {
            "default_action": action,
            "default_source_domain": repr(list(domain)),
            "default_source": self._get_source_label(records),
            "default_company_id": self._get_company(records, domain).id,
            "ecm_is_again": action == "again",
        }
        labels = dict(self._fields["action"]._description_selection(self.env))
        name = labels[action] if action in ("again", "withdraw") else self.env._("Change contacts")
        return open_window(
            self.env,
            "ecm_campaign.ecm_bulk_start_action",
            name=name,
            context={**context, **wizard_context},
        )

    def _get_source_domain(self, records):
        """:rtype: Domain"""
        if column := SOURCES.get(records._name):
            return Domain(column, "in", records.ids)
        # Nothing is chosen, or everything: the filter says whom.
        filtered = self.env.context.get("active_domain")
        if filtered is not None and not 0 < len(records) < SELECTED_AT_MOST:
            return Domain(filtered)
        return Domain("id", "in", records.ids)

    def _get_source_label(self, records):
        if records._name in SOURCES:
            return ", ".join(records.mapped("display_name"))
        if 0 < len(records) < SELECTED_AT_MOST:
            return self.env._("Selection")
        if not self.env.context.get("active_domain"):
            return self.env._("All contacts")
        return self.env._("All that the filter finds")

    def _get_company(self, records, domain):
        """One company's contacts are changed at a time."""
        if records._name in SOURCES:
            return records.company_id[:1]
        first = self.env["ecm.contact"].search(domain, limit=1)
        return first.company_id or self.env.company

    # -- who --------------------------------------------------------------------------------------

    def _get_domain(self):
        """Whom the action is about.

        :rtype: Domain
        """
        self.ensure_one()
        # A domain of values only: what it finds is bounded by the user's rights.
        source = Domain(ast.literal_eval(self.source_domain))
        source &= Domain("company_id", "=", self.company_id.id)
        choices = {"again": self._get_again_domain, "reopen": self._get_closed_domain}
        choose = choices.get(self.action, self._get_open_domain)
        return source & choose()

    def _get_open_domain(self):
        return Domain("state", "not in", CLOSED_STATES)

    def _get_closed_domain(self):
        return Domain("state", "in", REOPENED_STATES)

    def _get_again_domain(self):
        states = set(REOPENED_STATES)
        if not self.has_withdrawn:
            states.discard("withdrawn")
        if self.who == "not_reached":
            states.difference_update(REACHED_STATES)
        domain = Domain("state", "in", sorted(states))
        if self.who == "outcome":
            domain &= Domain("last_outcome_id", "in", self.outcome_ids.ids)
        return domain

    # -- preview ----------------------------------------------------------------------------------

    @api.depends(
        "action",
        "campaign_id",
        "who",
        "outcome_ids",
        "has_withdrawn",
        "has_callbacks",
        "start_position",
        "source_domain",
    )
    def _compute_preview(self):
        for wizard in self:
            domain = wizard._get_domain()
            wizard.chosen_count = self.env["ecm.contact"].search_count(domain)
            wizard.is_estimate = False
            counts = wizard._count_again(domain) if wizard.action == "again" else None
            counts = counts or wizard._count_changes(domain)
            for name in ("busy", "open", "earlier", "dnc", "limit", "callback"):
                wizard[f"{name}_count"] = counts[name]
            left = ("busy", "open", "earlier", "dnc", "callback")
            out = sum(counts[name] for name in left)
            wizard.fitting_count = max(wizard.chosen_count - out, 0)

    def _count_changes(self, domain):
        """Who stays as it is, of contacts that are changed where they are.

        :rtype: Counter
        """
        contacts, counts = self.env["ecm.contact"], Counter()
        # Who is withdrawn may be at the dialer, and who is opened again is not.
        if self.action in ("reopen", "withdraw"):
            return counts
        awaiting = Domain("state", "in", contacts._get_awaiting_states())
        counts["busy"] = contacts.search_count(domain & awaiting)
        if staying := self._get_staying_callbacks():
            counts["callback"] = contacts.search_count(domain & staying & ~awaiting)
        return counts

    def _get_staying_callbacks(self):
        """Callbacks that the action leaves as they are; None where it takes them like others.

        :rtype: Domain
        """
        callbacks = Domain("callback", "!=", False)
        if self.action == "reschedule" and not self.has_callbacks:
            return callbacks
        # What was promised to the customer, with its agent, is its own campaign's.
        if self.action == "move" and self.campaign_id:
            return callbacks & Domain("campaign_id", "!=", self.campaign_id.id)
        return None

    def _count_again(self, domain):
        """What becomes of contacts that are called again, counted in a sample and projected.

        :rtype: Counter
        """
        ids = self._get_sample(domain)
        if not ids:
            return Counter()
        sorted_ids = self.env["ecm.contact"]._sort_for_calling_again(
            ids, self.campaign_id._origin.id or None
        )
        counts = Counter(reason for _id, _campaign, reason in sorted_ids)
        fitting = {contact: campaign for contact, campaign, why in sorted_ids if why == "fits"}
        counts.update(self._judge(fitting))
        self.is_estimate = self.chosen_count > len(ids)
        share = self.chosen_count / len(ids)
        return Counter({name: round(count * share) for name, count in counts.items()})

    def _get_sample(self, domain):
        """Ids that a hash chooses: the same ones each time, from all of them."""
        contacts = self.env["ecm.contact"]
        contacts.flush_model()
        query = contacts._search(domain)
        self.env.cr.execute(
            SQL(
                "SELECT id FROM ecm_contact WHERE id IN %s ORDER BY hashint4(id) LIMIT %s",
                query.subselect(),
                SAMPLE,
            )
        )
        return [contact_id for (contact_id,) in self.env.cr.fetchall()]

    def _judge(self, fitting):
        """Ask the gates, as the feeder would.

        :param fitting: ``{contact id: id of the campaign that it comes into}``
        :return: counts of ``dnc`` and ``limit``
        """
        counts = Counter()
        if not fitting:
            return counts
        now, engine = fields.Datetime.now(), self.env["ecm.engine"].sudo()
        campaigns = self.env["ecm.campaign"].sudo().browse(set(fitting.values()))
        candidates = []
        for candidate in self.env["ecm.contact"].sudo().browse(fitting)._get_candidates():
            campaign_id = fitting[candidate.contact_id]
            candidates.append(_start_anew(candidate, campaign_id, self.start_position, now))
        _passed, verdicts = engine._judge(engine._get_rules(campaigns, now), candidates, now)
        for verdict in verdicts.values():
            if verdict.reason in PREVIEWED:
                counts[PREVIEWED[verdict.reason]] += 1
        return counts

    # -- started ----------------------------------------------------------------------------------

    def action_start(self):
        """Have it done.

        :raise UserError: a choice is missing, or there is nobody
        """
        self.ensure_one()
        self._check_choices()
        values = self._convert_to_write({name: self[name] for name in CHOICES})
        values["source"] = self.source
        return self.env["ecm.bulk.action"]._ask_for(values, self._get_domain())._answer()

    def _check_choices(self):
        """:raise UserError: says what to choose"""
        if self.campaign_id:
            self.campaign_id.check_access("write")
        if self.action == "move" and not self.campaign_id:
            raise UserError(self.env._("Choose the campaign that the contacts move to."))
        if self.list_id and self.list_id.campaign_id != self.campaign_id:
            raise UserError(self.env._("Choose a list of the campaign that the contacts go to."))
        if self.action == "withdraw" and not self.reason:
            raise UserError(self.env._("Say why: the reason is kept with the contacts."))
        attempts = self.campaign_id.strategy_id.attempt_ids
        if self.campaign_id and not 1 <= self.start_position <= len(attempts):
            raise UserError(
                self.env._(
                    "The strategy of %(campaign)s has steps 1 to %(count)s.",
                    campaign=self.campaign_id.display_name,
                    count=len(attempts),
                )
            )


def _start_anew(candidate, campaign_id, position, now):
    """A closed contact as the gates will see it when it is called again."""
    return replace(
        candidate,
        campaign_id=campaign_id,
        list_id=None,
        position=position,
        counted=0,
        uncounted=0,
        cycle=1,
        added_at=now,
        callback=None,
        callback_since=None,
        callback_due=None,
        is_drawn=True,
    )
