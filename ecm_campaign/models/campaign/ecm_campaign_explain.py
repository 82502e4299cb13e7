from datetime import timedelta

from odoo import fields, models

from ...formatting import format_moment, get_label
from ...tools.explain import CLOSES, HELD, NOT_REACHED, PASSES, WAITS, Finding, decisive

# The feeder runs every minute: after so long without a run nothing is being sent.
FEEDER_LATE = timedelta(minutes=15)
VERDICTS = {"ready": PASSES, "sent": PASSES, "held": HELD, "closed": CLOSES}


class EcmCampaignExplainMixin(models.AbstractModel):
    """Why a campaign is not dialling (requirement R6): the checks that the feeder makes, and the
    counted reasons.
    """

    _name = "ecm.campaign.explain.mixin"
    _description = "Why a Campaign Does Not Dial"

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
        return self._prepare_explain_action(self, self.env._("Why is it not dialling?"))

    def _prepare_explain_action(self, record, title):
        params = {"model": record._name, "id": record.id, "title": title}
        return {"type": "ir.actions.client", "tag": "ecm_explain", "name": title, "params": params}

    def _explain(self, now):
        findings = [*self._get_schedule_findings(now), *self._get_feed_findings(now)]
        contacts = self.env["ecm.contact"]
        tallies = contacts._tally_reasons(self, now)
        stops = decisive(findings)
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
        due = [now] if any(tally.code == "ready" for tally in tallies) else []
        due += [tally.next_at for tally in tallies if tally.next_at]
        return max(min(due), stops.until if stops else now) if due else None

    def _summarise(self, tallies):
        """What goes on when nothing stands in the way, as a sentence."""
        counts = {}
        for tally in tallies:
            counts[tally.code] = counts.get(tally.code, 0) + tally.count
        if not tallies:
            return self.env._("It has no contacts. Upload a list.")
        if set(counts) == {"closed"}:
            return self.env._("Every contact is closed. Upload a list to go on.")
        if counts.get("ready"):
            return self.env._(
                "Nothing is in the way: %s contacts are sent as soon as their turn comes.",
                counts["ready"],
            )
        if counts.get("sent"):
            return self.env._(
                "All that may be called now is at the dialer: %s contacts.", counts["sent"]
            )
        if counts.get("planned") or counts.get("blocked"):
            return self.env._(
                "No contact may be called now. All that are left wait for their time."
            )
        return self.env._("No contact may be called: all that are left are held back.")

    # -- checks ---------------------------------------------------------------------------------------

    def _get_schedule_findings(self, at):
        """Whether it runs, and whether it is open at a moment.

        :param at: naive UTC
        """
        self.ensure_one()
        return [self._get_running_finding(), self._get_window_finding(at)]

    def _get_running_finding(self):
        if not self.active:
            return Finding("running", HELD, self.env._("The campaign is archived."))
        if not self.is_running:
            return Finding("running", HELD, self.env._("The campaign is stopped. Start it."))
        return Finding("running", PASSES, self.env._("The campaign is running."))

    def _get_window_finding(self, at):
        window = self._get_windows(at)[self.id]
        if not window.is_open:
            verdict = WAITS if window.opens_at else HELD
            return Finding("schedule", verdict, self._get_waiting_reason(window), window.opens_at)
        if not window.closes_at:
            return Finding("schedule", PASSES, self.env._("It is open."))
        until = format_moment(self.env, window.closes_at)
        return Finding("schedule", PASSES, self.env._("It is open until %s.", until))

    def _get_feed_findings(self, now, channel=None):
        """Registries, dialers, their room, and whether the feeder itself runs.

        :param channel: the one that is asked about; none for all that the campaign contacts on
        """
        found = self._get_obstacles(now, channel)
        obstacles = {finding.check: finding for finding in reversed(found)}
        findings = [
            obstacles.get("registry")
            or Finding("registry", PASSES, self.env._("No registry is too old.")),
            obstacles.get("target") or Finding("target", PASSES, self._get_targets_text(channel)),
        ]
        others = [
            finding for check, finding in obstacles.items() if check not in ("registry", "target")
        ]
        return [
            *findings,
            *others,
            *self._get_room_findings(channel),
            self._get_feeder_finding(now),
        ]

    def _get_targets_text(self, channel):
        names = ", ".join(target.display_name for target in self._get_channel_targets(channel))
        return self.env._("%s takes contacts.", names)

    def _get_room_findings(self, channel):
        targets = self._get_channel_targets(channel)
        if not targets:
            return [
                Finding("room", NOT_REACHED, self.env._("No dialer is assigned to this campaign."))
            ]
        findings = [
            self._describe_room(target.display_name, target._get_room()) for target in targets
        ]
        if self.group_id:
            group = self.group_id
            findings.append(self._describe_room(group.name, group._get_rooms()[group.id], "group"))
        return findings

    def _describe_room(self, name, room, check="room"):
        if room:
            return Finding(
                check,
                PASSES,
                self.env._("%(name)s has room for %(room)s contacts.", name=name, room=room),
            )
        sentence = self.env._(
            "%s holds as many contacts as it may. The next is sent when a result has come back.",
            name,
        )
        return Finding(check, WAITS, sentence)

    def _get_feeder_finding(self, now):
        cron = self.env.ref("ecm_campaign.ir_cron_feed", raise_if_not_found=False)
        cron = cron and cron.sudo()
        if not cron or not cron.active:
            sentence = self.env._(
                "The scheduled action Contacts Feeder is switched off. An administrator can switch it on under "
                "Settings, Technical, Scheduled Actions."
            )
            return Finding("feeder", HELD, sentence)
        if cron.nextcall < now - FEEDER_LATE:
            sentence = self.env._(
                "The scheduled action Contacts Feeder should have run on %s: scheduled actions do not run here.",
                format_moment(self.env, cron.nextcall),
            )
            return Finding("feeder", HELD, sentence)
        return Finding("feeder", PASSES, self.env._("It looks for contacts to send every minute."))

    # -- for people and for API clients ---------------------------------------------------------------

    def _describe_findings(self, findings):
        names = self.env["ecm.engine"]._get_check_names()
        return [
            {
                "check": finding.check,
                "name": names.get(finding.check, finding.check),
                "verdict": finding.verdict,
                "detail": finding.detail,
                "until": fields.Datetime.to_string(finding.until) if finding.until else False,
            }
            for finding in findings
        ]

    def _describe_tally(self, tally, now):
        contacts = self.env["ecm.contact"]
        return {
            "code": tally.code,
            "reason": tally.reason[1] if tally.code == "closed" else tally.reason,
            "name": self._get_tally_name(tally),
            "verdict": VERDICTS.get(tally.code, WAITS),
            "count": tally.count,
            "next_at": fields.Datetime.to_string(tally.next_at) if tally.next_at else False,
            "domain": _make_plain(contacts._get_tally_domain(self, tally, now)),
        }

    def _get_tally_name(self, tally):
        if tally.code == "closed":
            state, reason = tally.reason
            state = get_label(self.env, "ecm.contact", "state", state)
            reason = get_label(self.env, "ecm.contact", "close_reason", reason)
            return f"{state}: {reason}" if reason else state
        if tally.code == "sent":
            return get_label(self.env, "ecm.contact", "state", tally.reason)
        if tally.reason:
            return get_label(self.env, "ecm.contact", "block_reason", tally.reason)
        return {
            "ready": self.env._("Ready to be called"),
            "planned": self.env._("Wait for their next attempt"),
            "held": self.env._("Held back"),
        }[tally.code]


def _make_plain(domain):
    """A domain that JSON can carry."""
    return [
        item
        if isinstance(item, str)
        else [fields.Datetime.to_string(part) if _is_moment(part) else part for part in item]
        for item in domain
    ]


def _is_moment(value):
    return hasattr(value, "hour")
