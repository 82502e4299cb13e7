from collections import Counter
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...actions import open_form, open_window
from ...tools import strategy as decision
from ...tools import strategy_check

MAX_ATTEMPTS = 100

# Outcomes after which a simple strategy tries the same number once more; after the others it takes
# the next.
TRIED_AGAIN = ("busy", "call_abandoned", "call_failed", "agent_rejected", "agent_no_answer")
# Outcomes that say that the number is no good.
BAD_NUMBER = ("invalid_number", "fax")

# Fields of a rule that decide whether a strategy is usable.
RULE_FIELDS = (
    "outcome_id",
    "action",
    "next_attempt_id",
    "branch_attempt_id",
    "then_close",
    "max_retry",
    "delay_days",
    "delay_hours",
    "delay_minutes",
)


def get_key(attempt):
    """An attempt's identity: the same in a form that is being changed."""
    return attempt._origin.id or attempt.id


class EcmStrategy(models.Model):
    """An ordered plan of attempts and what follows each outcome (requirements S1, S8)."""

    _name = "ecm.strategy"
    _description = "Strategy"
    _inherit = ["ecm.logged.mixin", "ecm.copy.name.mixin", "mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [("simple", "Simple"), ("advanced", "Advanced"), ("callback", "Callback")],
        required=True,
        default="advanced",
        tracking=True,
        help="Simple: the numbers are tried in order, with the same rules for each, once in each "
        "cycle. Advanced: each step has its own rules. Callback: like Advanced; takes over when "
        "the customer asked to be called back.",
    )
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, help="Empty: all companies."
    )
    description = fields.Text(translate=True)
    phone_fallback = fields.Selection(
        [
            ("first", "Call phone 1"),
            ("skip", "Skip the step"),
            ("next_valid", "Call the next phone that is filled"),
        ],
        string="When a phone is empty",
        required=True,
        default="first",
        tracking=True,
        help="What a step on phone 2 to 5 does for a contact that has no such phone.",
    )
    at_limit = fields.Selection(
        [
            ("wait", "Wait until it may be called"),
            ("next", "Call the next step's number"),
        ],
        string="When a number is at a limit",
        required=True,
        default="wait",
        tracking=True,
        help="A limit of this strategy or of a region that counts each number by itself. Where no "
        "step is left with another number, the contact waits in any case.",
    )
    is_capped = fields.Boolean(
        string="Limit all attempts",
        tracking=True,
        help="Otherwise it follows from the steps. Needed when a rule leads back to an earlier "
        "attempt.",
    )
    max_attempts = fields.Integer(
        string="Attempts at most",
        compute="_compute_max_attempts",
        store=True,
        readonly=False,
        tracking=True,
        help="All attempts on a contact together, whatever their outcomes. Without a limit of its own, "
        "one of each with its retries; the retries of a campaign's wrap-ups come on top.",
    )
    max_uncounted = fields.Integer(
        string="Failed tries at most",
        default=10,
        required=True,
        tracking=True,
        help="Tries that do not count as an attempt (a refused preview, a gateway error) before "
        "the contact is closed.",
    )
    max_cycles = fields.Integer(
        "Cycles",
        default=1,
        required=True,
        tracking=True,
        help="How often the steps are run through. The next cycle begins when the last "
        "attempt's retries are used up, or when a cycle has made as many attempts as it may.",
    )
    cycle_days = fields.Integer("Days between cycles", tracking=True)
    cycle_hours = fields.Integer("Hours between cycles", tracking=True)
    cycle_minutes = fields.Integer("Minutes between cycles", tracking=True)
    cycle_limit = fields.Integer(
        "Attempts in a cycle at most",
        tracking=True,
        help="Then the next cycle begins. 0: no such limit.",
    )
    callback_minutes = fields.Integer(
        "Called back after (minutes)",
        tracking=True,
        help="When a customer asks to be called back and no rule or wrap-up says when. 0: at once.",
    )
    limit_ids = fields.One2many("ecm.strategy.limit", "strategy_id", string="Limits", copy=True)
    simple_rule_ids = fields.One2many(
        "ecm.strategy.rule",
        "strategy_id",
        string="Rules of every step",
        domain=[("attempt_id", "=", False)],
        copy=False,
        help="A simple strategy has the same rules for each step.",
    )
    attempt_ids = fields.One2many("ecm.strategy.attempt", "strategy_id", string="Steps", copy=False)
    attempt_count = fields.Integer(compute="_compute_attempt_count")
    unused_rule_count = fields.Integer(
        compute="_compute_unused_rule_count",
        help="Rules that are kept, but do not hold for this kind of strategy.",
    )
    campaign_ids = fields.One2many("ecm.campaign", "strategy_id", string="Campaigns")
    callback_campaign_ids = fields.One2many(
        "ecm.campaign", "callback_strategy_id", string="Campaigns of callbacks"
    )
    campaign_count = fields.Integer(compute="_compute_campaign_count")
    is_locked = fields.Boolean(
        compute="_compute_is_locked",
        help="A campaign that uses this strategy is running: stop it or duplicate this.",
    )
    warnings = fields.Text(
        compute="_compute_warnings", help="What would keep this strategy from working as drawn."
    )

    _max_attempts_positive = models.Constraint(
        "CHECK(max_attempts BETWEEN 0 AND 100)", "A strategy makes between 1 and 100 attempts."
    )
    _max_uncounted_positive = models.Constraint(
        "CHECK(max_uncounted BETWEEN 0 AND 100)", "Failed tries at most: a number from 0 to 100."
    )

    _cycles_positive = models.Constraint(
        "CHECK(max_cycles BETWEEN 1 AND 100 AND cycle_limit BETWEEN 0 AND 100)",
        "A strategy has 1 to 100 cycles, and a cycle at most 100 attempts.",
    )
    _cycle_interval_positive = models.Constraint(
        "CHECK(cycle_days BETWEEN 0 AND 365 AND cycle_hours BETWEEN 0 AND 999 AND cycle_minutes "
        "BETWEEN 0 AND 9999)",
        "Between two cycles lie 0 minutes to 365 days.",
    )

    _callback_minutes_range = models.Constraint(
        "CHECK(callback_minutes BETWEEN 0 AND 525600)",
        "A callback comes after 0 minutes to a year.",
    )

    @api.depends(
        "attempt_ids.rule_ids.max_retry",
        "attempt_ids.rule_ids.action",
        "simple_rule_ids.max_retry",
        "simple_rule_ids.action",
        "is_capped",
        "max_cycles",
        "kind",
    )
    def _compute_max_attempts(self):
        for record in self:
            if record.is_capped and record.max_attempts:
                continue
            plan = record._make_plan(max_attempts=None)
            record.max_attempts = min(plan.budget, MAX_ATTEMPTS)

    @api.depends("attempt_ids")
    def _compute_attempt_count(self):
        for record in self:
            record.attempt_count = len(record.attempt_ids)

    @api.depends("kind", "attempt_ids.rule_ids", "simple_rule_ids")
    def _compute_unused_rule_count(self):
        for record in self:
            is_simple = record.kind == "simple"
            unused = record.attempt_ids.rule_ids if is_simple else record.simple_rule_ids
            record.unused_rule_count = len(unused)

    def _compute_campaign_count(self):
        counts = Counter()
        campaigns = self.env["ecm.campaign"]
        # No campaign uses one strategy both ways, so the counts add up.
        for name in ("strategy_id", "callback_strategy_id"):
            domain = [(name, "in", self.ids)]
            for record, count in campaigns._read_group(domain, [name], ["__count"]):
                counts[record.id] += count
        for record in self:
            record.campaign_count = counts[record.id]

    @api.depends("campaign_ids.is_running", "callback_campaign_ids.is_running")
    def _compute_is_locked(self):
        running = self._get_running()
        for record in self:
            record.is_locked = record._origin in running

    @api.depends(
        "is_capped",
        "max_attempts",
        "kind",
        "phone_fallback",
        "attempt_ids.sequence",
        "attempt_ids.channel",
        "attempt_ids.phone_index",
        *(f"attempt_ids.rule_ids.{name}" for name in RULE_FIELDS),
        *(f"simple_rule_ids.{name}" for name in RULE_FIELDS),
    )
    def _compute_warnings(self):
        for record in self:
            record.warnings = "\n".join(record._get_problem_texts()) or False

    def _get_running(self):
        """Strategies of this set that a running campaign uses, in whatever company."""
        campaigns = self._get_campaigns().filtered("is_running")
        return (campaigns.strategy_id | campaigns.callback_strategy_id) & self

    def _get_campaigns(self):
        """Campaigns that call by these strategies or hand their callbacks over to them, in whatever
        company.
        """
        domain = [
            "|",
            ("strategy_id", "in", self.ids),
            ("callback_strategy_id", "in", self.ids),
        ]
        campaigns = self.env["ecm.campaign"].sudo()
        # Whoever restores an archived campaign finds its strategy as it was.
        return campaigns.with_context(active_test=False).search(domain)

    def _check_editable(self):
        """Requirement S8: a strategy changes only while no campaign that uses it runs.

        :raise UserError: naming the running campaigns
        """
        running = self._get_running()
        if not running:
            return
        names = ", ".join(running._get_campaigns().filtered("is_running").mapped("name"))
        raise UserError(
            self.env._(
                "This strategy is in use by a running campaign (%(campaigns)s). Stop the campaign "
                "first, or duplicate the strategy and change the copy.",
                campaigns=names,
            )
        )

    _plan_fields = (
        "phone_fallback",
        "at_limit",
        "is_capped",
        "max_attempts",
        "max_uncounted",
        "kind",
        "attempt_ids",
        "simple_rule_ids",
        "limit_ids",
        "max_cycles",
        "cycle_days",
        "cycle_hours",
        "cycle_minutes",
        "cycle_limit",
        "callback_minutes",
        "active",
    )

    @api.constrains("kind")
    def _check_kind(self):
        for record in self:
            campaigns = record._get_campaigns()
            # The campaigns' field that strategies of this kind cannot stand in.
            other_field = "strategy_id" if record.kind == "callback" else "callback_strategy_id"
            if record in campaigns[other_field]:
                raise ValidationError(
                    self.env._(
                        "Campaigns use this strategy (%s): it cannot become one for callbacks, or "
                        "stop being one. Duplicate it instead.",
                        ", ".join(campaigns.mapped("name")),
                    )
                )

    def write(self, vals):
        if any(name in vals for name in self._plan_fields):
            self._check_editable()
        result = super().write(vals)
        if "at_limit" in vals:
            self._note_changed_limits()
        return result

    def _note_changed_limits(self):
        """Contacts that wait for a limit are looked at again, when their campaigns start."""
        if campaigns := self._get_campaigns():
            campaigns._on_times_changed()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self._get_campaigns():
            raise UserError(self.env._("Campaigns use this strategy. Archive it instead."))

    def copy(self, default=None):
        copies = super().copy(default)
        for record, new in zip(self, copies, strict=True):
            record._copy_attempts_to(new)
        return copies

    def _copy_attempts_to(self, new):
        """Attempts and rules, with each rule's target translated to the copy's attempt."""
        self.ensure_one()
        # A target that is empty stays empty.
        none = self.env["ecm.strategy.attempt"]
        twins = {none: none}
        for attempt in self.attempt_ids:
            twins[attempt] = attempt.copy({"strategy_id": new.id})

        # Only now: a rule may lead to any attempt.
        for rule in self.attempt_ids.rule_ids | self.simple_rule_ids:
            values = {"strategy_id": new.id}
            for name in ("attempt_id", "next_attempt_id", "branch_attempt_id"):
                target = rule[name]
                values[name] = twins[target].id
            rule.copy(values)

    def _get_plan(self):
        """The strategy as the decision sees it.

        :rtype: tools.strategy.Plan
        """
        return self._make_plan(self._get_chosen_budget())

    def _get_first_plan(self):
        """The strategy as far as it says where a contact's first attempt goes: without rules, which
        speak of what follows, and take several statements to read.

        :rtype: tools.strategy.Plan
        """
        return self._make_plan(self._get_chosen_budget(), has_rules=False)

    def _get_chosen_budget(self):
        return self.max_attempts if self.is_capped else None

    def _make_plan(self, max_attempts, has_rules=True):
        self.ensure_one()
        # Rules name the attempt that follows by its place, which a form may be changing.
        attempts = self._get_ordered_attempts()
        positions = {get_key(attempt): number for number, attempt in enumerate(attempts, start=1)}
        planned = [attempt._get_planned_attempt(positions, has_rules) for attempt in attempts]
        interval = timedelta(
            days=self.cycle_days, hours=self.cycle_hours, minutes=self.cycle_minutes
        )
        return decision.Plan(
            attempts=tuple(planned),
            max_attempts=max_attempts,
            max_uncounted=self.max_uncounted,
            phone_fallback=self.phone_fallback,
            cycles=self.max_cycles,
            cycle_interval=interval,
            cycle_limit=self.cycle_limit or None,
            passes_limits=self.at_limit == "next",
        )

    def _get_ordered_attempts(self):
        """The attempts in their order, also while a form changes it."""
        return self.attempt_ids.sorted("sequence")

    def _get_limits(self):
        """:return: tuple of ``tools.limits.Limit``"""
        return tuple(limit._get_limit() for limit in self.limit_ids)

    @api.model
    def _get_channels(self):
        """Codes of the channels that attempts may use: those that are installed."""
        return {model._channel for model in self.env["ecm.engine"]._get_target_models()}

    def _get_problem_texts(self, errors_only=False):
        """:return: list of sentences; with ``errors_only`` what only warns is left out"""
        self.ensure_one()
        problems = self._find_problems()
        if errors_only:
            problems = [problem for problem in problems if problem.severity == "error"]
        texts = [self._describe_problem(problem) for problem in problems]
        # In a simple strategy every attempt has the same rules, and the same problems.
        return list(dict.fromkeys(texts))

    def _find_problems(self):
        """:return: list of ``tools.strategy_check.Problem``"""
        outcomes = self.env["ecm.outcome"].search([])
        uncounted = outcomes.filtered(lambda outcome: not outcome.counts_as_attempt)
        suppressing = outcomes.filtered("suppresses")
        return strategy_check.validate(
            self._get_plan(),
            self._get_channels(),
            set(uncounted.mapped("code")),
            set(suppressing.mapped("code")),
        )

    def _describe_problem(self, problem):
        """One sentence for a supervisor about what ``tools.strategy_check.validate`` found."""
        named = [("code", "=", problem.outcome_code)]
        outcome = self.env["ecm.outcome"].search(named, limit=1)
        parameters = {"channel": "", **problem.parameters, "outcome": outcome.name}
        # The rules of a simple strategy belong to no attempt of their own.
        if self.kind == "simple" and problem.outcome_code:
            count = len(self.attempt_ids)
            parameters["position"] = self.env._("1 to %s", count)

        # What has no sentence of its own here is said in English.
        sentences = self._get_problem_sentences(parameters)
        text = sentences.get(problem.code)
        return text or strategy_check.PROBLEMS[problem.code] % parameters

    def _get_problem_sentences(self, parameters):
        """:return: ``{code of tools.strategy_check: translated sentence}``"""
        return {
            "no_attempts": self.env._("The strategy has no steps."),
            "bad_budget": self.env._("“Attempts at most” must allow at least one."),
            "unknown_channel": self.env._(
                "Step %(position)s uses a channel that is not installed (%(channel)s).",
                **parameters,
            ),
            "missing_attempt": self.env._(
                "Step %(position)s, outcome %(outcome)s: the step that should follow does "
                "not exist.",
                **parameters,
            ),
            "uncapped_loop": self.env._(
                "Step %(position)s, outcome %(outcome)s goes round without end: limit its "
                "retries, or limit all attempts.",
                **parameters,
            ),
            "instant_loop": self.env._(
                "Step %(position)s, outcome %(outcome)s goes round without a delay: numbers may "
                "be called over and over within a minute. Give it a delay, or limit its retries.",
                **parameters,
            ),
            "unused_rule": self.env._(
                "Step %(position)s, outcome %(outcome)s: this rule is never used, the outcome "
                "closes the contact as DNC Listed.",
                **parameters,
            ),
            "unreachable_attempt": self.env._("No rule leads to step %(position)s.", **parameters),
        }

    def _check_usable(self):
        """:raise ValidationError: when a campaign could not run by this strategy."""
        self.ensure_one()
        problems = self._get_problem_texts(errors_only=True)
        if problems:
            raise ValidationError(
                "\n".join([self.env._("The strategy %s cannot be used:", self.name), *problems])
            )

    def action_view_campaigns(self):
        """Open the campaigns that use this strategy."""
        self.ensure_one()
        is_callback = self.kind == "callback"
        default = "default_callback_strategy_id" if is_callback else "default_strategy_id"
        return open_window(
            self.env,
            "ecm_campaign.ecm_campaign_action",
            domain=["|", ("strategy_id", "=", self.id), ("callback_strategy_id", "=", self.id)],
            context={default: self.id},
        )

    def action_add_default_rules(self):
        """Give a simple strategy the usual rules, or every attempt that has none and is followed by
        another.
        """
        self.ensure_one()
        self.check_access("write")
        if self.kind == "simple":
            self._add_default_simple_rules()
            return True
        # The last one has nothing to lead to.
        empty = self.attempt_ids[:-1].filtered(lambda attempt: not attempt.rule_ids)
        if not empty:
            raise UserError(
                self.env._("Rules lead from one step to the next: add the steps first.")
            )
        for attempt in empty:
            attempt._add_default_rules()
        return True

    def _add_default_simple_rules(self):
        self.ensure_one()
        tried_again = self.env["ecm.outcome"].search([("code", "in", TRIED_AGAIN)])
        delays, attempts = {}, self.env["ecm.strategy.attempt"]
        for channel in sorted(set(self.attempt_ids.mapped("channel")) or {"voice"}):
            delays |= attempts._get_usual_delays(channel)
        vals_list = self._prepare_default_rules(self.simple_rule_ids, delays)
        for vals in vals_list:
            vals["strategy_id"] = self.id
            if vals["outcome_id"] in tried_again.ids:
                vals.update(action="again", max_retry=1)
            else:
                vals["action"] = "next"
        self.env["ecm.strategy.rule"].create(vals_list)

    @api.model
    def _prepare_default_rules(self, present, delays):
        """Outcomes and delays of the usual rules.

        :param present: rules that are there already; their outcomes are left out
        :param delays: see ``_get_usual_delays`` of ``ecm.strategy.attempt``
        :return: list of values of ``ecm.strategy.rule``, without what the rule does
        """
        outcomes = self.env["ecm.outcome"].search([("code", "in", list(delays))])
        by_code = (outcomes - present.outcome_id).grouped("code")
        vals_list = []
        for number, (code, minutes) in enumerate(delays.items(), start=1):
            # An outcome may be archived, or have a rule already.
            if code not in by_code:
                continue
            vals = {
                "outcome_id": by_code[code].id,
                "sequence": number,
                "delay_hours": minutes // 60,
                "delay_minutes": minutes % 60,
                "other_number": code in BAD_NUMBER,
            }
            vals_list.append(vals)
        return vals_list

    def action_duplicate(self):
        """Open a copy that can be changed while this one is in use."""
        self.ensure_one()
        return open_form(self.copy())
