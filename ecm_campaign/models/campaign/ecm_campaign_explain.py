from collections import Counter
from datetime import timedelta

from odoo import api, fields, models

from ...formatting import get_label, say_moment
from ...tools.explain import CLOSES, HELD, NOT_REACHED, PASSES, WAITS, Finding, decisive

# Scheduled actions that begin every minute are late after so long.
FEEDER_LATE = timedelta(minutes=5)
VERDICTS = {"ready": PASSES, "sent": PASSES, "held": HELD, "closed": CLOSES}


class EcmCampaignExplainMixin(models.AbstractModel):
    """Why a campaign is not dialling (requirement R6): the checks that the feeder makes, and the
    counted reasons.
    """

    _name = "ecm.campaign.explain.mixin"
    _description = "Why a Campaign Does Not Dial"

    status = fields.Selection(
        [
            ("stopped", "Stopped"),
            ("waiting", "Outside calling hours"),
            ("blocked", "Cannot dial"),
            ("running", "Running"),
            ("finished", "Finished"),
            ("ended", "Ended"),
        ],
        compute="_compute_status",
    )
    status_reason = fields.Char(compute="_compute_status")
    next_opening_at = fields.Datetime(compute="_compute_status", string="Next opening")
    feeder_problem = fields.Char(compute="_compute_feeder_problem")

    # -- state of the feed ------------------------------------------------------------------------

    @api.depends(
        "is_running",
        "calendar_id",
        "tz",
        "date_start",
        "date_end",
        "start_due",
        "hours_zone",
        "drain_minutes",
    )
    def _compute_status(self):
        now = fields.Datetime.now()
        windows = self._get_windows(now)
        with_ready = self.filtered("is_running")._find_with_ready()
        for campaign in self:
            window = windows[campaign.id]
            has_ready = campaign._origin.id in with_ready
            campaign.next_opening_at = not window.is_open and window.opens_at
            campaign.status, campaign.status_reason = campaign._get_status(window, has_ready)

    def _get_status(self, window, has_ready):
        """:param has_ready: whether a contact is ready to be called
        :return: ``(status, sentence or False)``
        """
        if self._is_over(fields.Datetime.now()):
            return "ended", self._get_over_text()
        if not self.is_running:
            return "stopped", self._get_start_text()
        if self.contact_count and self.closed_count == self.contact_count:
            return "finished", self.env._("Every contact is closed. Upload a list to go on.")
        if not window.is_open:
            return "waiting", self._get_waiting_reason(window)
        if reason := self._get_blocking_reason():
            return "blocked", reason

        # Open as a whole is not enough: all that are left may wait for hours of their own.
        if not has_ready and (opens_at := self._get_contacts_opening()):
            sentence = self.env._(
                "All contacts wait for calling hours where they are. The next may be called on "
                "%(opening)s (%(zone)s).",
                **self._describe_moment(opens_at),
            )
            return "waiting", sentence
        return "running", False

    def _get_start_text(self):
        """When a stopped campaign starts by itself, as a sentence, or False."""
        if not self.start_due:
            return False
        return self.env._("It starts by itself on %s.", say_moment(self.env, self.start_due))

    def _get_blocking_reason(self):
        """Why an open campaign cannot be fed, as a sentence, or False."""
        obstacle = next(iter(self._get_obstacles(fields.Datetime.now())), None)
        return obstacle.detail if obstacle else False

    def _get_obstacles(self, now, channel=None):
        """What keeps an open campaign from being fed; extensions add theirs.

        :param channel: the one that is asked about; none for all that it contacts on
        :return: list of ``tools.explain.Finding``, none of which passes
        """
        self.ensure_one()
        obstacles = []
        # A copied database goes first: nothing else matters there.
        if reason := self.env["ecm.database.identity"]._get_stop_reason():
            obstacles.append(Finding("database", HELD, reason))

        if group := self._get_switched_off_group():
            sentence = self.env._("The campaign group %s is switched off.", group.name)
            obstacles.append(Finding("group", HELD, sentence))
        if sentence := self._get_missing_target_text(channel):
            obstacles.append(Finding("target", HELD, sentence))
        if outdated := self.env["ecm.dnc.list"]._get_outdated(self, channel):
            names = ", ".join(outdated.mapped("name"))
            sentence = self.env._("A do-not-contact list is too old: %s. Load it again.", names)
            obstacles.append(Finding("registry", HELD, sentence))

        for target in self._get_channel_targets(channel):
            if obstacle := target._get_obstacle(now):
                obstacles.append(obstacle)
        return obstacles

    def _get_target_warnings(self, channel=None):
        """What is wrong with targets that take contacts all the same; extensions add theirs.

        :param channel: the one that is asked about; none for all that the campaign contacts on
        :return: list of sentences
        """
        return []

    def _get_channel_targets(self, channel=None):
        """Feed targets that send on a channel; none for all of them.

        :return: list of single records
        """
        targets = self._get_feed_targets()
        return [target for target in targets if channel in (None, target._channel)]

    def _get_missing_target_text(self, channel=None):
        """Which channels of the strategies nothing of this campaign sends on, as a sentence, or
        False.

        :param channel: the only one to look at
        """
        targets = self._get_feed_targets()
        if not targets:
            return self.env._("No dialer is assigned to this campaign.")
        served = {target._channel for target in targets}
        missing = set(self._get_channels()) - served
        # Who is called is not kept waiting by a letter that nobody could send.
        if channel:
            missing &= {channel}
        if not missing:
            return False

        labels = dict(self.env["ecm.engine"]._get_channels())
        names = ", ".join(labels.get(code, code) for code in sorted(missing))
        return self.env._(
            "The strategy contacts on a channel that nothing in this campaign sends on: %s.", names
        )

    # -- Explain ----------------------------------------------------------------------------------

    def explain(self):
        """Every check of one campaign in order, and why its contacts are where they are.

        Moments are naive UTC, written as ``YYYY-MM-DD HH:MM:SS``. A verdict is one of ``passes``,
        ``waits``, ``held``, ``closes``, ``not_reached``.

        :return: ``{"id", "name", "status", "verdict", "summary", "next_at", "checks": [{"check",
            "name", "verdict", "detail", "until"}], "groups": [{"code", "reason", "name", "verdict",
            "count", "next_at", "domain"}]}``; the groups count every contact once, their domains
            find exactly these
        """
        self.ensure_one()
        self.check_access("read")
        return self.sudo()._explain(fields.Datetime.now())

    def action_explain(self):
        """Show why this campaign is not dialling."""
        self.ensure_one()
        title = self.env._("Why is it not dialling?")
        if self._get_only_channel():
            title = self.env._("Why is it not sending?")
        return self._prepare_explain_action(self, title)

    def _prepare_explain_action(self, record, title):
        params = {"model": record._name, "id": record.id, "title": title}
        return {"type": "ir.actions.client", "tag": "ecm_explain", "name": title, "params": params}

    def _explain(self, now):
        findings = [*self._get_schedule_findings(now), *self._get_feed_findings(now)]
        stops = decisive(findings)

        # What becomes of the contacts says it where nothing stands in the campaign's way.
        tallies = self.env["ecm.contact"]._tally_reasons(self, now)
        next_at = self._get_next_moment(stops, tallies, now)
        return {
            "id": self.id,
            "name": self.display_name,
            "status": self.status,
            "verdict": stops.verdict if stops else PASSES,
            "summary": stops.detail if stops else self._summarise(tallies),
            "next_at": fields.Datetime.to_string(next_at) if next_at else False,
            "checks": self._describe_findings(findings),
            "groups": [self._describe_tally(tally, now) for tally in tallies],
        }

    def _get_next_moment(self, stops, tallies, now):
        """When the next contact may be sent, as far as is known."""
        if stops and (stops.verdict != WAITS or not stops.until):
            return None
        due = [tally.next_at for tally in tallies if tally.next_at]
        if any(tally.code == "ready" for tally in tallies):
            due.append(now)
        if not due:
            return None
        # Before the campaign opens nobody is called, whoever is due.
        opens_at = stops.until if stops else now
        return max(min(due), opens_at)

    def _summarise(self, tallies):
        """What goes on when nothing stands in the way, as a sentence."""
        counts = Counter()
        for tally in tallies:
            counts[tally.code] += tally.count
        if not tallies:
            return self.env._("It has no contacts. Upload a list.")
        if set(counts) == {"closed"}:
            return self.env._("Every contact is closed. Upload a list to go on.")

        # The nearest to a call comes first.
        if counts["ready"]:
            return self.env._(
                "Nothing is in the way: %s contacts are sent as soon as their turn comes.",
                counts["ready"],
            )
        if counts["sent"]:
            return self.env._(
                "All that may be called now is at the dialer: %s contacts.", counts["sent"]
            )
        if counts["planned"] or counts["blocked"]:
            return self.env._(
                "No contact may be called now. All that are left wait for their time."
            )
        return self.env._("No contact may be called: all that are left are held back.")

    # -- checks -----------------------------------------------------------------------------------

    def _get_schedule_findings(self, at, channel=None):
        """Whether it runs, and whether it is open at a moment.

        :param at: naive UTC
        :param channel: the one that is asked about; none for any
        """
        self.ensure_one()
        return [self._get_running_finding(), self._get_window_finding(at, channel)]

    def _get_running_finding(self):
        if not self.active:
            return Finding("running", HELD, self.env._("The campaign is archived."))
        if self._is_over(fields.Datetime.now()):
            return Finding("running", HELD, self._get_over_text())
        if self.is_running:
            return Finding("running", PASSES, self.env._("The campaign is running."))
        if self.start_due:
            return Finding("running", WAITS, self._get_start_text(), self.start_due)
        return Finding("running", HELD, self.env._("The campaign is stopped. Start it."))

    def _get_window_finding(self, at, channel):
        window = self._get_windows(at, channel)[self.id]
        if not window.is_open:
            verdict = WAITS if window.opens_at else HELD
            reason = self._get_waiting_reason(window)
            return Finding("schedule", verdict, reason, window.opens_at)

        sentence = self.env._("It is open.")
        # Without calling hours it never closes.
        if window.closes_at:
            until = say_moment(self.env, window.closes_at)
            sentence = self.env._("It is open until %s.", until)
        return Finding("schedule", PASSES, sentence)

    def _get_feed_findings(self, now, channel=None):
        """Registries, dialers, their room, and whether the feeder itself runs.

        :param channel: the one that is asked about; none for all that the campaign contacts on
        """
        # Of several obstacles of one kind, the first is told.
        obstacles = {}
        for obstacle in reversed(self._get_obstacles(now, channel)):
            obstacles[obstacle.check] = obstacle

        # Registries and dialers are checks that are always shown, the others only as obstacles.
        registry = obstacles.pop("registry", None)
        if not registry:
            registry = Finding("registry", PASSES, self.env._("No do-not-contact list is too old."))
        target = obstacles.pop("target", None)
        if not target:
            target = Finding("target", PASSES, self._get_targets_text(channel))

        return [
            registry,
            target,
            *obstacles.values(),
            *self._get_room_findings(channel),
            self._get_feeder_finding(now),
        ]

    def _get_targets_text(self, channel):
        names = [target.display_name for target in self._get_channel_targets(channel)]
        sentence = self.env._("%s takes contacts.", ", ".join(names))
        warnings = self._get_target_warnings(channel)
        return " ".join([sentence, *warnings])

    def _get_room_findings(self, channel):
        targets = self._get_channel_targets(channel)
        if not targets:
            sentence = self.env._("No dialer is assigned to this campaign.")
            return [Finding("room", NOT_REACHED, sentence)]

        findings = []
        for target in targets:
            findings.append(self._describe_room(target.display_name, target._get_room()))
        # A group may hold less than the dialer has room for.
        if group := self._get_acting_group():
            room = group._get_rooms()[group.id]
            findings.append(self._describe_room(group.name, room, "group"))
        return findings

    def _describe_room(self, name, room, check="room"):
        if room:
            sentence = self.env._("%(name)s has room for %(room)s contacts.", name=name, room=room)
            return Finding(check, PASSES, sentence)
        sentence = self.env._(
            "%s holds as many contacts as it may. The next is sent when a result has come back.",
            name,
        )
        return Finding(check, WAITS, sentence)

    @api.depends("is_running")
    def _compute_feeder_problem(self):
        now = fields.Datetime.now()
        late = self._find_late_upkeep(now)
        for campaign in self:
            # Who is stopped waits for nobody.
            problem = campaign.is_running and (late or campaign._find_turn_problem(now))
            campaign.feeder_problem = problem

    def _get_feeder_finding(self, now):
        # Why nothing is fed although all else would allow it.
        if problem := self._find_late_upkeep(now) or self._find_turn_problem(now):
            return Finding("feeder", HELD, problem)
        return Finding("feeder", PASSES, self.env._("It looks for contacts to send every minute."))

    @api.model
    def _find_late_upkeep(self, now):
        """Whether Odoo's scheduled actions do not run, as a sentence, or False."""
        upkeep = self.env.ref("ecm_campaign.ir_cron_keep_feeders", raise_if_not_found=False)
        upkeep = upkeep and upkeep.sudo()
        # It runs every minute and is done at once: where it is late, all are.
        if upkeep and upkeep.active and upkeep.nextcall < now - FEEDER_LATE:
            return self.env._(
                "Nothing is sent and no results are read since %s: Odoo's scheduled actions do "
                "not run. Ask an administrator to look at the server.",
                say_moment(self.env, upkeep.nextcall),
            )
        return False

    def _find_turn_problem(self, now):
        """Why those who feed this campaign do not come to it, as a sentence, or False."""
        for owner in self._get_feed_owners():
            # That something is switched off is said of it itself.
            if owner._is_on() and (problem := owner._get_turn_problem(now)):
                return problem
        return False

    # -- for people and for API clients -----------------------------------------------------------

    def _describe_findings(self, findings):
        names = self.env["ecm.engine"]._get_check_names()
        described = []
        # A check of another module may have no name but its code.
        for finding in findings:
            until = finding.until and fields.Datetime.to_string(finding.until)
            described.append(
                {
                    "check": finding.check,
                    "name": names.get(finding.check, finding.check),
                    "verdict": finding.verdict,
                    "detail": finding.detail,
                    "until": until or False,
                }
            )
        return described

    def _describe_tally(self, tally, now):
        domain = self.env["ecm.contact"]._get_tally_domain(self, tally, now)
        next_at = tally.next_at and fields.Datetime.to_string(tally.next_at)
        return {
            "code": tally.code,
            "reason": tally.reason[1] if tally.code == "closed" else tally.reason,
            "name": self._get_tally_name(tally),
            "verdict": VERDICTS.get(tally.code, WAITS),
            "count": tally.count,
            "next_at": next_at or False,
            # The list behind the count, for whoever wants to see them.
            "domain": _make_plain(domain),
        }

    def _get_tally_name(self, tally):
        # Closed contacts go by state and reason, those that are sent by state.
        if tally.code == "closed":
            state, reason = tally.reason
            reason = self.env["ecm.contact"]._get_close_text(state, reason) if reason else ""
            state = get_label(self.env, "ecm.contact", "state", state)
            return f"{state}: {reason}" if reason else state
        if tally.code == "sent":
            return get_label(self.env, "ecm.contact", "state", tally.reason)

        # All others are pending: by the gate that stopped them, else by where they are.
        if tally.reason:
            return get_label(self.env, "ecm.contact", "block_reason", tally.reason)
        names = {
            "ready": self.env._("Ready to be called"),
            "planned": self.env._("Wait for their next attempt"),
            "held": self.env._("Held back"),
        }
        return names[tally.code]


def _make_plain(domain):
    """A domain that JSON can carry."""
    plain = []
    for item in domain:
        is_operator = isinstance(item, str)
        plain.append(item if is_operator else [_make_plain_value(part) for part in item])
    return plain


def _make_plain_value(value):
    """Moments are written as text; all else stays."""
    return fields.Datetime.to_string(value) if hasattr(value, "hour") else value
