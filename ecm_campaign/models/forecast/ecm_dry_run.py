import logging
import math
import time
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...actions import open_form, open_window
from ...const import PENDING
from ...formatting import format_moment, say_moment
from ...tools.crash_points import reach
from ...tools.dry_run import Forecast, Simulation, open_hours
from ...tools.dry_run_dialer import Capacity
from .ecm_forecast_reader import Assumptions

_logger = logging.getLogger(__name__)

RUN_AT_ONCE = 2000  # contacts
RECENT_ATTEMPTS = 20_000
ENOUGH_RESULTS = 50
DEFAULT_CALLS_PER_HOUR = 85
# Where nothing was called yet: shares of outcomes in per cent, as a list of fresh numbers in
# business hours has them.
SHIPPED_RATES = {
    "voice": 30,
    "no_answer": 30,
    "answering_machine": 18,
    "busy": 8,
    "invalid_number": 4,
    "call_failed": 3,
    "customer_abandoned": 2,
    "callback": 2,
    "wrong_number": 1,
    "call_abandoned": 1,
    "do_not_call": 1,
}


# States of a run that is not at its end.
GOING = ("queued", "running")


class Cancelled(Exception):
    """Somebody has cancelled the run."""


class EcmDryRun(models.Model):
    """What a campaign would do from a moment on, before anything is dialled (requirement S9).

    The decisions are those of production (``tools.dry_run``). Contacts are read and never written.
    """

    _name = "ecm.dry.run"
    _inherit = ["ecm.engine.fields.mixin", "ecm.transaction.mixin"]
    _description = "Dry Run"
    _order = "id desc"
    _fixed_fields = ("campaign_id", "rates_source")
    _check_company_auto = True

    campaign_id = fields.Many2one("ecm.campaign", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="campaign_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users", "Made by", default=lambda self: self.env.user, readonly=True
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("queued", "Queued"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    strategy_id = fields.Many2one(
        "ecm.strategy",
        check_company=True,
        domain="[('kind', '!=', 'callback')]",
        ondelete="set null",
        help="What if the campaign had another strategy? Empty: its own.",
    )
    calling_hours_id = fields.Many2one(
        "ecm.calling.hours",
        "Calling hours",
        check_company=True,
        ondelete="set null",
        help="What if it called in other hours? Empty: its own.",
    )
    list_id = fields.Many2one(
        "ecm.contact.list",
        "Contact list",
        check_company=True,
        ondelete="set null",
        help="What if it called the pending contacts of this list only, also of another campaign's "
        "list? Empty: all of its own pending contacts.",
    )
    start_at = fields.Datetime("From", required=True, default=fields.Datetime.now)
    horizon_days = fields.Integer("Days", required=True, default=14, help="How far ahead to look.")
    calls_per_hour = fields.Float(
        "Calls an hour",
        required=True,
        default=DEFAULT_CALLS_PER_HOUR,
        digits=(10, 1),
        help="How many calls the dialer and its agents make in an hour in which the campaign is "
        "open, for it and for the campaigns that share the dialer with it.",
    )
    others = fields.Char("Shared with", readonly=True, help="Running campaigns on the same dialer.")
    others_percent = fields.Float(
        "Taken by others (%)",
        digits=(5, 1),
        help="The part of the calls that other campaigns on the same dialer take, while they have "
        "contacts.",
    )
    others_calls = fields.Integer(
        "Calls of others",
        help="So many they make until they are through; then all calls are this campaign's. At "
        "first one for each of their pending contacts.",
    )
    group_id = fields.Many2one(
        "ecm.campaign.group",
        "Campaign group",
        check_company=True,
        ondelete="set null",
        help="What if it were in another group, with its buffer and time zones? Empty: its own.",
    )
    wrap_up_ids = fields.One2many(
        "ecm.dry.run.wrap.up", "run_id", string="Assumed wrap-ups", copy=True
    )
    has_wrap_ups = fields.Boolean(compute="_compute_has_wrap_ups")
    call_minutes = fields.Float(
        "Minutes to the result",
        required=True,
        default=3.0,
        help="From the start of a call to its result here.",
    )
    sample_size = fields.Integer(
        "Contacts at most",
        required=True,
        default=20_000,
        help="Of a larger campaign a sample of so many contacts is taken, and the figures are "
        "scaled up.",
    )
    seed = fields.Integer(
        default=1,
        required=True,
        help="Outcomes are drawn by chance. The same seed draws the same ones again.",
    )
    rate_ids = fields.One2many("ecm.dry.run.rate", "run_id", string="Assumed outcomes", copy=True)
    rates_source = fields.Char("Where the assumptions are from", readonly=True)
    rate_total = fields.Float(compute="_compute_rate_total", string="In all (%)")

    progress = fields.Float(readonly=True, copy=False)
    contact_count = fields.Integer("Pending contacts", readonly=True, copy=False)
    sampled_count = fields.Integer("Looked at", readonly=True, copy=False)
    attempt_count = fields.Integer("Calls", readonly=True, copy=False)
    never_called_count = fields.Integer("Never called", readonly=True, copy=False)
    last_attempt_at = fields.Datetime("Last call", readonly=True, copy=False)
    seconds = fields.Float("Took (s)", readonly=True, copy=False)
    hints = fields.Text(readonly=True, copy=False)
    warnings = fields.Text(readonly=True, copy=False)
    error = fields.Char(readonly=True, copy=False)
    line_ids = fields.One2many("ecm.dry.run.line", "run_id", string="Calls by hour", readonly=True)
    group_ids = fields.One2many(
        "ecm.dry.run.group", "run_id", string="What became of them", readonly=True
    )
    closed_ids = fields.One2many(
        "ecm.dry.run.group", "run_id", domain=[("kind", "=", "closed")], readonly=True
    )
    blocked_ids = fields.One2many(
        "ecm.dry.run.group", "run_id", domain=[("kind", "!=", "closed")], readonly=True
    )

    _horizon_range = models.Constraint(
        "CHECK(horizon_days BETWEEN 1 AND 60)", "A dry run looks 1 to 60 days ahead."
    )
    _pace_positive = models.Constraint(
        "CHECK(calls_per_hour > 0 AND call_minutes >= 0)",
        "Calls an hour: more than 0. Minutes: 0 or more.",
    )
    _others_range = models.Constraint(
        "CHECK(others_percent BETWEEN 0 AND 99 AND others_calls >= 0)",
        "Taken by others: 0 to 99 per cent. Calls of others: 0 or more.",
    )
    _sample_range = models.Constraint(
        "CHECK(sample_size BETWEEN 100 AND 100000)", "A dry run looks at 100 to 100,000 contacts."
    )
    _waiting = models.Index("(id) WHERE state IN ('queued', 'running')")

    @api.depends("campaign_id", "start_at")
    def _compute_display_name(self):
        for run in self:
            day = format_moment(self.env, run.start_at) if run.start_at else ""
            run.display_name = self.env._(
                "%(campaign)s from %(day)s", campaign=run.campaign_id.name, day=day
            )

    @api.depends("campaign_id")
    def _compute_has_wrap_ups(self):
        for run in self:
            run.has_wrap_ups = bool(run.campaign_id.business_outcome_group_id)

    @api.depends("rate_ids.percent")
    def _compute_rate_total(self):
        for run in self:
            run.rate_total = sum(run.rate_ids.mapped("percent"))

    @api.model_create_multi
    def create(self, vals_list):
        runs = super().create(vals_list)
        for run in runs.filtered(lambda run: not run.rate_ids):
            run._assume_rates()
            run._assume_wrap_ups()
        return runs

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        if "running" in self.mapped("state"):
            raise UserError(self.env._("Cancel the dry run before you delete it."))

    # -- assumptions ------------------------------------------------------------------------------

    def _assume_rates(self):
        """Shares of outcomes as this campaign had them, else those of its strategy, else its
        company's, else shipped ones."""
        self.ensure_one()
        shares, source = self._find_rates()
        self.sudo().rates_source = source
        vals_list = []
        for outcome in self.env["ecm.outcome"].search([]):
            # What never happened has no line; people may add one.
            if outcome.code in shares:
                percent = shares[outcome.code]
                vals_list.append({"run_id": self.id, "outcome_id": outcome.id, "percent": percent})
        self.env["ecm.dry.run.rate"].create(vals_list)

    def _find_rates(self):
        """:return: ``({outcome code: per cent}, where from)``"""
        campaign = self.campaign_id
        campaigns = self.env["ecm.campaign"].with_context(active_test=False)
        same_strategy = campaigns.search([("strategy_id", "=", campaign.strategy_id.id)])
        company = campaigns.search([("company_id", "=", campaign.company_id.id)])

        # The nearest that has results enough to go by.
        for candidates, source in (
            (campaign, self.env._("this campaign's last results")),
            (same_strategy, self.env._("the last results of campaigns with this strategy")),
            (company, self.env._("the company's last results")),
        ):
            counts = self.env["ecm.attempt"]._tally_recent(candidates, RECENT_ATTEMPTS)
            if sum(counts.values()) >= ENOUGH_RESULTS:
                return _get_shares(counts), source
        return SHIPPED_RATES, self.env._("shipped assumptions: there are no results yet")

    def _assume_wrap_ups(self):
        """What agents said of this campaign's last conversations; nothing where it is new."""
        shares = self.env["ecm.attempt"]._tally_wrap_ups(self.campaign_id, RECENT_ATTEMPTS)
        group = self.campaign_id.business_outcome_group_id
        vals_list = []
        for wrap_up in group.outcome_ids:
            if percent := shares.get(wrap_up.id):
                values = {"run_id": self.id, "business_outcome_id": wrap_up.id, "percent": percent}
                vals_list.append(values)
        self.env["ecm.dry.run.wrap.up"].create(vals_list)

    # -- buttons ----------------------------------------------------------------------------------

    def action_run(self):
        """Run at once when there are few contacts, else in the background.

        :raise UserError: the assumptions make no sense
        """
        self.check_access("write")
        for run in self:
            run._check_assumptions()
            count = min(run._count_pending(), run.sample_size)
            is_small = count <= RUN_AT_ONCE
            state = "running" if is_small else "queued"
            run.sudo().write({"state": state, "progress": 0, "error": False})
            if is_small:
                run.sudo()._simulate()

        # What takes long must not keep a person waiting.
        if "queued" in self.mapped("state"):
            self.env.ref("ecm_campaign.ir_cron_dry_run").sudo()._trigger()
        return True

    def action_cancel(self):
        """Stop; nothing of it is kept but the assumptions."""
        self.check_access("write")
        going = self.filtered(lambda run: run.state in GOING)
        going.sudo().write({"state": "cancelled"})
        return True

    def action_again(self):
        """Open a copy with the same assumptions, to change some of them."""
        self.ensure_one()
        start_at = max(self.start_at, fields.Datetime.now())
        return open_form(self.copy({"start_at": start_at}))

    def action_view_calls(self):
        """Open the calls as a graph, by hour or by day (context key ``ecm_interval``)."""
        self.ensure_one()
        # The search bar knows no hours (Odoo's INTERVAL_OPTIONS): these are the graph's own groups.
        by_day = {"search_default_group_day": 1, "search_default_group_outcome": 2}
        is_by_day = self.env.context.get("ecm_interval") == "day"
        return open_window(
            self.env,
            "ecm_campaign.ecm_dry_run_line_action",
            domain=[("run_id", "=", self.id)],
            context=by_day if is_by_day else {},
        )

    def _check_assumptions(self):
        if sum(self.wrap_up_ids.mapped("percent")) > 100.5:
            raise UserError(self.env._("The shares of the wrap-ups are more than 100 % in all."))
        has_negative = any(rate.percent < 0 for rate in self.rate_ids)
        if has_negative or not self.rate_total > 0:
            raise UserError(
                self.env._("Give at least one outcome a share of more than 0 per cent.")
            )

    # -- background -------------------------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Work through queued dry runs, and those that were cut off."""
        runs = self.search([("state", "in", GOING)], order="id")
        self._commit(remaining=len(runs))
        for run in runs:
            with self._exclusively(run) as is_ours:
                if is_ours:
                    run._run_safely()
            if not self._commit(processed=1):
                break

    def _run_safely(self):
        try:
            if self._atomically(partial(self._go_on, 0.0)):
                reach("dry_run.begun")
                self._simulate(self._note_progress)
        # Who cancelled it has written so: nothing is left to store.
        except Cancelled:
            self._rollback()
        except Exception:
            if self._is_lost():
                raise
            _logger.exception("Dry run %s failed", self.id)
            self._rollback()
            message = self.env._("Unexpected error: see the server's log.")
            self._atomically(lambda: self.write({"state": "failed", "error": message}))

    def _note_progress(self, share):
        """:raise Cancelled: somebody has cancelled it"""
        if not self._atomically(partial(self._go_on, share)):
            raise Cancelled

    def _go_on(self, share):
        """:return: whether nobody has cancelled it; the progress is stored then"""
        self.invalidate_recordset(["state"])
        if self.state not in GOING:
            return False
        # All of it is done only when the figures are stored.
        self.write({"state": "running", "progress": min(99.0, 100 * share)})
        return True

    # -- simulation -------------------------------------------------------------------------------

    def _simulate(self, notify=None):
        """Read the contacts, let time pass, and store what came of it."""
        begun = time.monotonic()
        start, end = self.start_at, self.start_at + timedelta(days=self.horizon_days)
        total = self._count_pending()
        share = min(1.0, self.sample_size / total) if total else 1.0
        reader = self.env["ecm.forecast.reader"]
        with reader._assuming(self.campaign_id, self._get_other_values()):
            sample = reader._read_contacts(self.campaign_id, start, share, self.list_id)

            # The dialer makes as many calls for the sample as the sample is part of the campaign.
            factor = total / sample.count if sample.count else 1.0
            assumed = self._get_assumptions(start, end, factor)
            scenario = reader._get_scenario(self.campaign_id, sample.rules, assumed)
        forecast = Simulation(scenario, sample.contacts, self.seed).run(notify)

        hours = open_hours(scenario.hours, start, end)
        figures = self._prepare_figures(forecast, sample, factor, hours)
        seconds = time.monotonic() - begun
        counts = {"contact_count": total, "sampled_count": sample.count, "seconds": seconds}
        store = partial(self._store, {**counts, **figures}, forecast, sample, factor)
        if notify:
            self._atomically(store)
            reach("dry_run.stored")
        else:
            store()

    def _get_assumptions(self, start, end, factor):
        """:param factor: how many contacts each contact of the sample stands for
        :rtype: Assumptions
        """
        capacity = Capacity(
            calls_per_hour=self.calls_per_hour / factor,
            call_time=timedelta(minutes=self.call_minutes),
            taken=self.others_percent / 100,
            others_calls=self.others_calls / factor,
            scale=factor,
        )
        rates = {rate.outcome_id.code: rate.percent for rate in self.rate_ids}
        wrap_ups = []
        for line in self.wrap_up_ids:
            wrap_ups.append((line.business_outcome_id.sudo()._get_wrap_up(), line.percent))
        return Assumptions(start, end, capacity, rates, wrap_ups)

    def _get_other_values(self):
        """What is different from the campaign as it is.

        :return: ``{field of the campaign: record}``
        """
        values = {}
        if self.strategy_id:
            values["strategy_id"] = self.strategy_id
        if self.group_id:
            values["group_id"] = self.group_id
        if self.calling_hours_id:
            # Odoo keeps working schedules for its own administrators.
            values["calendar_id"] = self.calling_hours_id.sudo().calendar_id
        return values

    def _count_pending(self):
        if self.list_id:
            domain = [("list_id", "=", self.list_id.id), ("state", "=", PENDING)]
            return self.env["ecm.contact"].sudo().search_count(domain)
        campaign = self.campaign_id.sudo()
        return campaign._get_state_tallies()[campaign.id]["pending"]

    def _store(self, values, forecast, sample, factor):
        # Somebody may have cancelled it in the meantime: then nothing of it is kept.
        self.invalidate_recordset(["state"])
        if self.state != "running":
            return
        self.line_ids.unlink()
        self.group_ids.unlink()
        self.env["ecm.dry.run.line"]._create_from(self, forecast, factor)
        self.env["ecm.dry.run.group"]._create_from(self, forecast, sample, factor)
        self.write({"state": "done", "progress": 100.0, **values})

    # -- what it means ----------------------------------------------------------------------------

    def _prepare_figures(self, forecast: Forecast, sample, factor, hours):
        stopped = sum(map(len, sample.stopped.values()))
        never_called = round((forecast.never_called + stopped) * factor)
        # Figures alone do not say what to do.
        hints = self._get_hints(forecast, factor, hours)
        warnings = self._get_warnings(forecast, sample, hours)
        return {
            "attempt_count": round(forecast.calls * factor),
            "never_called_count": never_called,
            "last_attempt_at": forecast.last_at,
            "hints": "\n".join(hints),
            "warnings": "\n".join(warnings) or False,
        }

    def _get_hints(self, forecast, factor, hours):
        """What the figures mean, as sentences.

        :param factor: how many contacts each contact of the sample stands for
        :param hours: in which the campaign is open
        """
        hints = []
        left = round(forecast.never_called * factor)
        if forecast.last_at:
            hints.append(self._get_pace_hint(forecast, factor))
        if left:
            hints.append(self.env._("%s contacts would never be called in this time.", f"{left:,}"))

        # More calls help where nothing but the pace keeps contacts from being called.
        if hours and forecast.left.get("capacity"):
            needed = math.ceil(self._get_needed_pace(forecast, factor, hours))
            sentence = self.env._(
                "To call all of them, about %s calls an hour are needed.", f"{needed:,}"
            )
            hints.append(sentence)
        if factor > 1.001:
            hints.append(self.env._("The figures are scaled up from a sample."))
        return hints

    def _get_pace_hint(self, forecast, factor):
        calls = round(forecast.calls * factor)
        days = (forecast.last_at.date() - self.start_at.date()).days + 1
        return self.env._(
            "At %(pace)s calls an hour, %(calls)s calls are made. The last is on day %(days)s: "
            "%(when)s.",
            pace=f"{self.calls_per_hour:,.0f}",
            calls=f"{calls:,}",
            days=days,
            when=say_moment(self.env, forecast.last_at),
        )

    def _get_needed_pace(self, forecast, factor, hours):
        """Calls an hour with which everybody is called: as many for each contact as those had who
        were called.
        """
        looked_at = forecast.count_contacts()
        called = (looked_at - forecast.never_called) * factor
        left = round(forecast.never_called * factor)
        calls = round(forecast.calls * factor)
        calls_each = calls / max(1, called)
        return calls_each * (called + left) / hours

    def _get_warnings(self, forecast, sample, hours):
        """What stands in the way of it all, as sentences."""
        obstacles = self.campaign_id._get_obstacles(fields.Datetime.now())
        warnings = [obstacle.detail for obstacle in obstacles]
        warnings += self.campaign_id._get_target_warnings()
        if not hours:
            warnings.append(self.env._("The campaign is not open at any time in these days."))

        # Figures of nobody look like an answer, and are none.
        if sample.count and not forecast.calls:
            warnings.append(self.env._("Nobody would be called. Look at the reasons below."))
        if not sample.count:
            warnings.append(self.env._("The campaign has no pending contacts."))
        if abs(self.rate_total - 100) > 1:
            warnings.append(
                self.env._(
                    "The shares of the outcomes do not add up to 100 %: they are taken in "
                    "proportion."
                )
            )
        return warnings


def _get_shares(counts):
    """Per cent of each outcome.

    :param counts: by outcome code
    """
    total = sum(counts.values())
    return {code: round(100 * count / total, 2) for code, count in counts.items()}
