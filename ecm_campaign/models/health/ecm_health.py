from datetime import timedelta

from odoo import api, fields, models

from ...const import HEALTH_MINUTES, HEALTH_PARAMETER
from ...tools.circuit import CLOSED
from ...tools.health import Reading, judge, seconds_late

# A backlog is counted up to here: what is longer is long.
MOST_COUNTED = 10_000
# A job that failed so often in a row calls for somebody.
JOB_FAILURES = 3
RATE_TIME = timedelta(hours=1)


class EcmHealth(models.AbstractModel):
    """Everything of the suite that has to work by itself, and whether it does (requirements R9, P4).

    A module extends ``_get_health_readings`` with its own, ``_get_health_kinds`` with what people
    call them, ``_get_late_parameters`` with the setting that says when they are late, and
    ``_retry_reading`` with what *Try now* does.
    """

    _name = "ecm.health"
    _description = "Health"
    _inherit = ["ecm.transaction.mixin"]

    # -- hooks ------------------------------------------------------------------------------------

    @api.model
    def _get_health_readings(self):
        """What is known of everything, at this moment, for all companies.

        :return: list of ``tools.health.Reading``
        """
        return [*self._read_feeders(), *self._read_files(), *self._read_jobs()]

    @api.model
    def _get_health_kinds(self):
        """:return: list of ``(kind of a reading, what people call it)``"""
        return [
            ("feeder", self.env._("Sending")),
            ("file", self.env._("Files to import")),
            ("job", self.env._("Scheduled job")),
        ]

    @api.model
    def _get_late_parameters(self):
        """:return: ``{kind: name in const.HEALTH_MINUTES}``; all others are jobs"""
        return {"feeder": "feed"}

    @api.model
    def _retry_reading(self, kind, record):
        """What *Try now* does.

        :param record: of the reading, with all rights
        """
        if kind == "feeder":
            record.action_try_now()
        elif kind == "job":
            record._trigger()
        elif kind == "file":
            self._get_jobs_of(record._name)._trigger()

    # -- judging ----------------------------------------------------------------------------------

    @api.model
    def _judge_all(self):
        """:return: list of ``(tools.health.Reading, tools.health.Verdict)``"""
        late = self._get_late_seconds()
        readings = self.sudo()._get_health_readings()
        return [(reading, judge(reading, late[reading.kind])) for reading in readings]

    def _get_late_seconds(self):
        """:return: ``{kind: seconds behind that are too many}``"""
        names, late = self._get_late_parameters(), {}
        for kind, _label in self._get_health_kinds():
            late[kind] = 60 * self._get_late_minutes(names.get(kind, "job"))
        return late

    @api.model
    def _get_late_minutes(self, name):
        """:param name: in const.HEALTH_MINUTES"""
        parameters = self.env["ir.config_parameter"].sudo()
        value = parameters.get_param(HEALTH_PARAMETER % name, "")
        return int(value) if value.isdecimal() and int(value) else HEALTH_MINUTES[name]

    @api.model
    def _cron_watch(self):
        """*Health*: look at everything; whoever is concerned is told once of each incident."""
        judged = self._judge_all()
        lines = self.env["ecm.health.line"]
        self._atomically(lambda: lines._note(judged))
        self._atomically(lambda: lines._follow(judged))

    # -- feeders ----------------------------------------------------------------------------------

    def _read_feeders(self):
        may_call = self._may_call()
        rates, readings = self._get_rates(), []
        for model in self.env["ecm.engine"]._get_owner_models():
            for owner in model.search([]):
                readings.append(self._read_feeder(owner, may_call, rates))
        return readings

    def _may_call(self):
        """Whether this database is one that calls: nothing is expected of a copy."""
        return not self.env["ecm.database.identity"]._get_stop_reason()

    def _read_feeder(self, owner, may_call, rates):
        """What is known of what an owner of feed targets sends."""
        now, targets = fields.Datetime.now(), owner._get_targets()
        campaigns = self._get_open_campaigns(targets)
        busy = campaigns.mapped(targets._attempt_field) if campaigns else targets.browse()
        failing = busy.filtered(lambda target: target.failure_count >= owner.failures_to_open)
        contacts, channel = self.env["ecm.contact"], targets._channel
        backlog = contacts._count_sendable(campaigns, channel, MOST_COUNTED + 1)
        fed = [moment for moment in targets.mapped("last_feed_at") if moment]
        is_on, action = bool(may_call and owner._is_on()), owner.cron_id
        return Reading(
            kind="feeder",
            key=f"{owner._name},{owner.id},feeder",
            name=owner.display_name,
            model=owner._name,
            res_id=owner.id,
            is_on=is_on,
            last_success_at=max(fed, default=None),
            behind=max(self._get_lag(owner, busy, campaigns), seconds_late(action.nextcall, now)),
            backlog=min(backlog, MOST_COUNTED),
            backlog_is_more=backlog > MOST_COUNTED,
            rate=float(sum(rates.get((target._attempt_field, target.id), 0) for target in targets)),
            failures=max([owner.sending_failures, *busy.mapped("failure_count")]),
            is_failing=owner._get_circuit_state("sending", now) != CLOSED or bool(failing),
            is_stopped=is_on and not action.active,
            error=owner.sending_error or next(filter(None, busy.mapped("last_error")), ""),
            company_id=self._get_company_id(owner),
            user_ids=frozenset(campaigns.user_id.ids),
        )

    def _get_company_id(self, record):
        return record.company_id.id if "company_id" in record._fields else None

    def _get_open_campaigns(self, targets):
        """Running campaigns on these targets that are inside their hours."""
        if not targets:
            return self.env["ecm.campaign"]
        running = [(targets._attempt_field, "in", targets.ids), ("is_running", "=", True)]
        campaigns = self.env["ecm.campaign"].search(running)
        return self.env["ecm.engine"]._filter_open(campaigns, targets._channel)

    def _get_lag(self, owner, targets, campaigns):
        """For how many seconds the target that waits longest was not fed, although it had campaigns
        to send for.
        """
        lag, now = 0.0, fields.Datetime.now()
        for target in targets:
            own = campaigns.filtered(lambda each, at=target: each[at._attempt_field] == at)
            # A turn comes once a minute, open hours or not: but not before its campaign started,
            # nor while its owner is switched off.
            started = min((each.started_at for each in own if each.started_at), default=None)
            last = max(
                filter(None, (target.last_feed_at, started, owner.turns_since)), default=None
            )
            lag = max(lag, seconds_late(last, now))
        return lag

    def _get_rates(self):
        """What was sent in the last hour.

        :return: ``{(field of the attempt, target's id): count}``
        """
        attempts, since = self.env["ecm.attempt"], fields.Datetime.now() - RATE_TIME
        first, rates = attempts._find_first_since(since), {}
        for model in self.env["ecm.engine"]._get_target_models():
            name = model._attempt_field
            for target_id, count in attempts._count_since(name, first, since).items():
                rates[name, target_id] = count
        return rates

    # -- files and jobs ---------------------------------------------------------------------------

    def _read_files(self):
        """Files that wait for their import, of each kind."""
        now, readings = fields.Datetime.now(), []
        for name in sorted(self.env.registry["ecm.file.job"]._inherit_children):
            model = self.env[name]
            if model._abstract:
                continue
            waiting = model.search([("state", "=", "queued")], order="create_date")
            oldest = waiting[:1].write_date
            readings.append(
                Reading(
                    kind="file",
                    key=f"{name},0,file",
                    name=model._description,
                    model=name,
                    behind=seconds_late(oldest, now),
                    backlog=len(waiting),
                )
            )
        return readings

    def _read_jobs(self):
        """The suite's scheduled actions, without those of feeders."""
        now, may_call = fields.Datetime.now(), self._may_call()
        readings = []
        for job in self._get_jobs():
            readings.append(
                Reading(
                    kind="job",
                    key=f"ir.cron,{job.id},job",
                    name=job.cron_name.partition(": ")[2] or job.cron_name,
                    model="ir.cron",
                    res_id=job.id,
                    is_on=may_call and job.active,
                    last_success_at=job.lastcall or None,
                    behind=seconds_late(job.nextcall, now),
                    failures=job.failure_count,
                    is_failing=job.failure_count >= JOB_FAILURES,
                    is_stopped=may_call and not job.active,
                )
            )
        return readings

    def _get_jobs(self):
        """Scheduled actions on the suite's models, those that are switched off too."""
        feeders = self.env["ir.cron"]
        for model in self.env["ecm.engine"]._get_owner_models():
            feeders |= model.with_context(active_test=False).search([]).cron_id
        own = [("model_id.model", "=like", "ecm.%"), ("id", "not in", feeders.ids)]
        return self.env["ir.cron"].with_context(active_test=False).search(own)

    def _get_jobs_of(self, model_name):
        return self._get_jobs().filtered(
            lambda job: job.active and job.model_id.model == model_name
        )
