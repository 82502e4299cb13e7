from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from odoo import models

from ...formatting import format_moment, get_label
from ...tools import explain
from ...tools.explain import CLOSES, HELD, NOT_REACHED, PASSES, WAITS, Finding
from ...tools.gates import Hold, Queue, Wait
from ...tools.limits import used


class EcmEngine(models.AbstractModel):
    """What the gates say of one contact (requirement R6): the very methods that the feeder calls.

    Whoever adds a gate names it in `_get_check_names`, and may say more than its verdict does in a
    method ``_explain_<gate>(campaign, before, candidate, verdict, at)`` that returns a sentence.
    """

    _inherit = "ecm.engine"

    def _get_check_names(self):
        """:return: ``{gate or check: what people call it}``"""
        return {
            "state": self.env._("State"),
            "running": self.env._("Campaign"),
            "schedule": self.env._("Schedule"),
            "list": self.env._("Contact list"),
            "expiry": self.env._("Time to live"),
            "selection": self.env._("Selection"),
            "dnc": self.env._("Do not contact"),
            "number": self.env._("Number"),
            "hours": self.env._("Calling hours"),
            "limits": self.env._("Limits"),
            "queue": self.env._("Queue"),
            "database": self.env._("Database"),
            "registry": self.env._("Registries"),
            "dialer": self.env._("Dialer"),
            "room": self.env._("Room at the dialer"),
            "group": self.env._("Campaign group"),
            "feeder": self.env._("Contacts Feeder"),
        }

    def _explain_gates(self, campaign, candidate, at):
        """Ask every gate, also after one has stopped the contact, as far as it can be judged.

        :param candidate: ``tools.gates.Candidate``; it stays as it is
        :param at: naive UTC
        :return: list of ``tools.explain.Finding``
        """
        candidate, findings, needs_attempt = candidate.copy(), [], False
        for name in self._get_gates():
            if needs_attempt and not candidate.attempt:
                findings.append(
                    Finding(name, NOT_REACHED, self.env._("There is no number to judge."))
                )
            else:
                findings.append(self._explain_gate(campaign, name, candidate, at))
            needs_attempt = needs_attempt or name == "number"
        return findings

    def _explain_gate(self, campaign, name, candidate, at):
        before = candidate.copy()
        verdict = getattr(self, f"_gate_{name}")(campaign, [candidate], at).get(
            candidate.contact_id
        )
        detail = self._describe_verdict(verdict)
        if hasattr(self, f"_explain_{name}"):
            detail = (
                getattr(self, f"_explain_{name}")(campaign, before, candidate, verdict, at)
                or detail
            )
        if isinstance(verdict, Wait):
            return Finding(name, WAITS, detail, verdict.until)
        if verdict is None:
            return Finding(name, PASSES, detail)
        if isinstance(verdict, Queue):
            return Finding(name, WAITS, detail)
        return Finding(name, HELD if isinstance(verdict, Hold) else CLOSES, detail)

    def _describe_verdict(self, verdict):
        """What a gate says, by the label of its reason."""
        if verdict is None:
            return self.env._("Nothing stands against it.")
        field = "block_reason" if isinstance(verdict, Wait | Hold) else "close_reason"
        label = get_label(self.env, "ecm.contact", field, verdict.reason)
        detail = getattr(verdict, "detail", "")
        return f"{label}: {detail}" if detail else f"{label}."

    def _find_legal(self, campaign, candidate, at):
        """The next moment from ``at`` on that schedule and gates may allow; None for never."""
        window = campaign._get_windows(at)[campaign.id]
        if not window.is_open:
            return window.opens_at
        _passed, verdicts = self._judge(campaign, [candidate.copy()], at)
        verdict = verdicts.get(candidate.contact_id)
        if verdict is None:
            return at
        return verdict.until if isinstance(verdict, Wait) else None

    def _find_next(self, campaign, candidate, at):
        """The earliest moment from ``at`` on that schedule and gates allow; None for never as
        things stand.
        """
        return explain.earliest_moment(
            lambda moment: self._find_legal(campaign, candidate, moment), at
        )

    # -- sentences ------------------------------------------------------------------------------------

    def _explain_list(self, _campaign, before, _candidate, verdict, _at):
        contact_list = self.env["ecm.contact.list"].sudo().browse(before.list_id or ())
        if not contact_list:
            return self.env._("It belongs to no list.")
        name = contact_list.name
        if verdict is None:
            return self.env._("The list %s is active.", name)
        if contact_list.status == "planned":
            when = format_moment(self.env, contact_list.date_start)
            return self.env._("The list %(name)s starts on %(when)s.", name=name, when=when)
        if contact_list.status == "stopped":
            return self.env._("The list %s is stopped. Restart it to go on.", name)
        return self.env._("The list %s is over.", name)

    def _explain_expiry(self, campaign, before, _candidate, _verdict, _at):
        if not (campaign.ttl_days and before.added_at):
            return self.env._("It may be called for as long as the campaign lasts.")
        end = format_moment(self.env, before.added_at + timedelta(days=campaign.ttl_days))
        return self.env._(
            "It may be called until %(end)s, %(days)s days after it came.",
            end=end,
            days=campaign.ttl_days,
        )

    def _explain_dnc(self, campaign, before, candidate, verdict, _at):
        hidden = {number for number in before.phones if number} - set(candidate.phones)
        if not hidden and verdict is None:
            return self.env._("None of its numbers is on a do-not-contact list.")
        keys = [before.account_number] if before.account_number else []
        sentences = self.env["ecm.dnc.list"]._explain_listed(campaign, hidden, keys)
        if verdict is None and any(candidate.phones):
            sentences.append(self.env._("Other numbers may be called."))
        return " ".join(sentences)

    def _explain_number(self, campaign, before, candidate, _verdict, _at):
        attempt = candidate.attempt
        if not attempt:
            return ""
        planned = campaign._get_plan(before.callback).attempts
        sentence = self.env._(
            "Attempt %(position)s of %(count)s, on phone %(phone)s: %(number)s.",
            position=attempt.position,
            count=len(planned),
            phone=attempt.phone_index,
            number=attempt.number,
        )
        wanted = planned[attempt.position - 1].phone_index
        if wanted != attempt.phone_index:
            sentence += " " + self.env._(
                "Phone %s cannot be called, so this one is taken instead.", wanted
            )
        if attempt.position > before.position:
            sentence += " " + self.env._(
                "Attempt %s has no number and is passed over.", before.position
            )
        return sentence

    def _explain_hours(self, campaign, before, candidate, verdict, at):
        attempt = candidate.attempt
        hours = campaign._get_campaign_hours(at)[campaign.id]
        clock = self.env._("There it is %s.", self._get_clocks(hours, before.tz, attempt, at))
        opening = hours.for_contact(
            before.tz, attempt.number, attempt.channel, candidate.phones
        ).opening(at)
        if verdict:
            never = "" if opening.opens_at else self.env._("No time in the next weeks is allowed.")
            return f"{self._describe_verdict(verdict)} {clock} {never}".strip()
        if not opening.closes_at:
            return clock
        return self.env._(
            "%(clock)s Open until %(end)s.",
            clock=clock,
            end=format_moment(self.env, opening.closes_at),
        )

    def _get_clocks(self, hours, tz, attempt, at):
        """What the clocks show on which the hours are kept."""
        is_regional = hours.rules.get_matching(attempt.number, attempt.channel)
        zones = (
            hours.get_zones(tz, attempt.number)
            if hours.in_contact_zone or is_regional
            else (hours.zone,)
        )
        moment = at.replace(tzinfo=UTC)
        return ", ".join(f"{moment.astimezone(ZoneInfo(zone)):%H:%M} ({zone})" for zone in zones)

    def _explain_limits(self, campaign, before, candidate, _verdict, at):
        number = candidate.attempt.number
        limits = campaign._get_limit_finder(before.callback)(number)
        if not limits:
            return self.env._("There is no limit.")
        aware, zone = at.replace(tzinfo=UTC), ZoneInfo(campaign.tz)
        counts = [(used(limit, candidate.tries, number, aware, zone), limit) for limit in limits]
        return " ".join(
            self.env._("%(label)s: %(used)s used.", label=limit.label or limit.count, used=count)
            for count, limit in counts
        )
