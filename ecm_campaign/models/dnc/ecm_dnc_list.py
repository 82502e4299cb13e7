from datetime import timedelta
from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_list

from ...actions import open_form, open_window
from ...const import ADMINISTRATOR
from ...formatting import format_day, get_label
from ...sql import array_text
from ...tools import phones
from ...tools.crash_points import reach
from ...tools.erasure import ERASED
from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

DNC_CLASSES = [
    ("national", "National"),
    ("corporate", "Corporate"),
    ("compliance", "Compliance"),
    ("litigation", "Litigation"),
]
# Numbers on Odoo's own phone blacklist count as this.
BLACKLIST_CLASS = "corporate"
# What stands on several lists counts as the last of these.
STRICTNESS = ("corporate", "national", "compliance", "litigation")
DELETE_AT_ONCE = 50_000
# Digits of a prefix entry, with the plus sign.
PREFIX_LENGTHS = range(3, 16)
# Stands for Odoo's own phone blacklist among the ids of lists: it counts everywhere.
BLACKLIST = 0


class Listed(NamedTuple):
    """On which lists values stand: ``{value: ids of lists}`` of numbers and of customer keys."""

    numbers: dict
    keys: dict


class EcmDncList(models.Model):
    """Who must not be contacted, through which channels, where and until when (requirements N1,
    N2).
    """

    _name = "ecm.dnc.list"
    _description = "Do-not-contact List"
    _inherit = [
        "ecm.logged.mixin",
        "ecm.engine.fields.mixin",
        "mail.thread",
        "ecm.transaction.mixin",
    ]
    _order = "sequence, name, id"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10)
    dnc_class = fields.Selection(
        DNC_CLASSES, string="Kind of list", required=True, default="corporate", tracking=True
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: not self._may_share() and self.env.company,
        help="Empty: all companies. Only administrators change such a list.",
    )
    for_voice = fields.Boolean(
        "Calls", default=True, tracking=True, help="Numbers of this list are not called."
    )
    for_sms = fields.Boolean(
        "Text messages", default=True, tracking=True, help="Numbers of this list get no messages."
    )
    campaign_ids = fields.Many2many(
        "ecm.campaign", string="Only in", help="Empty: in all campaigns."
    )
    date_from = fields.Date("Valid from", tracking=True)
    date_to = fields.Date("Valid until", tracking=True)
    max_age_days = fields.Integer(
        "Oldest age (days)",
        tracking=True,
        help="A list that was not loaded for longer stops its campaigns until it is loaded "
        "again. 0: never.",
    )
    refreshed_at = fields.Datetime(
        "Loaded on", copy=False, tracking=True, help="When a file was loaded last."
    )
    is_outdated = fields.Boolean(compute="_compute_is_outdated")
    mirrors_blacklist = fields.Boolean(
        "Also in Odoo's blacklist",
        default=False,
        help="Numbers that are added one by one are blacklisted in Odoo too, for all companies, so "
        "that nobody texts them either.",
    )
    entry_count = fields.Integer(
        compute="_compute_entry_count",
        string="Entries",
        help="An estimate where there are more than 100,000.",
    )
    keeps_wishes = fields.Boolean(
        "Customers' wishes",
        readonly=True,
        copy=False,
        help="Who tells an agent not to be called again is added here. Such a list cannot be "
        "archived, restricted or deleted.",
    )
    wish_scope = fields.Selection(
        [("number", "The number that was called"), ("person", "All numbers and the customer key")],
        "A wish covers",
        required=True,
        default="number",
        tracking=True,
        help="What is added when a customer does not want to be called again.",
    )
    is_deleting = fields.Boolean(readonly=True, copy=False, help="Its entries are being deleted.")

    _wishes_unique = models.UniqueIndex(
        "(company_id) WHERE keeps_wishes", "A company has one list of customers' wishes."
    )
    _age_positive = models.Constraint(
        "CHECK(max_age_days >= 0)", "The oldest age is a number of days, or 0."
    )

    @api.depends("max_age_days", "refreshed_at")
    def _compute_is_outdated(self):
        now = fields.Datetime.now()
        for record in self:
            oldest = now - timedelta(days=record.max_age_days)
            # One that was never loaded is too old.
            refreshed_at = record.refreshed_at or oldest
            record.is_outdated = bool(record.max_age_days and refreshed_at <= oldest)

    @api.constrains(
        "keeps_wishes", "active", "campaign_ids", "date_from", "date_to", "for_voice", "for_sms"
    )
    def _check_wishes(self):
        for record in self.filtered("keeps_wishes"):
            is_whole = record.active and record.for_voice and record.for_sms
            if not is_whole or record.campaign_ids or record.date_from or record.date_to:
                raise ValidationError(
                    self.env._(
                        "%s keeps what customers asked for: it holds for ever, everywhere and for "
                        "calls and messages. Remove the entry of a customer who changed their "
                        "mind.",
                        record.name,
                    )
                )

    def _compute_entry_count(self):
        for record in self:
            record.entry_count = self.env["ecm.dnc.entry"]._estimate_count(record)

    def unlink(self):
        """Lists go with their entries. A large one is out of force and sight at once, and deleted
        in the background.
        """
        self.check_access("unlink")
        # The guard runs before the entries go, but not where the module is uninstalled.
        if not self.env.context.get(MODULE_UNINSTALL_FLAG):
            self._check_can_go()
        entries = self.env["ecm.dnc.entry"]
        mirrored = entries._get_mirrored(self)
        self.env["phone.blacklist"].sudo()._unmirror(mirrored, besides=self.ids)

        # Nobody waits for millions of entries: they are deleted in the background.
        large = self.filtered(
            lambda record: entries._count_up_to(record, DELETE_AT_ONCE) == DELETE_AT_ONCE
        )
        if large:
            large.sudo().write({"active": False, "is_deleting": True})
            self.env.ref("ecm_campaign.ir_cron_dnc_delete").sudo()._trigger()
        small = self - large
        entries._delete_of(small)
        return super(EcmDncList, small).unlink()

    def _check_can_go(self):
        """:raise UserError: one keeps the wishes of customers"""
        for record in self.filtered("keeps_wishes"):
            raise UserError(
                self.env._(
                    "%s keeps what customers asked for and cannot be deleted. Remove single "
                    "entries instead.",
                    record.name,
                )
            )

    def write(self, vals):
        # The rule of access looks at a list as it was before it is changed.
        if "company_id" in vals and not (vals["company_id"] or self._may_share()):
            raise AccessError(
                self.env._("Only administrators have a list count for all companies.")
            )
        if "company_id" in vals:
            moved = self.filtered(lambda record: record.company_id.id != vals["company_id"])
            if any(moved.mapped("keeps_wishes")):
                raise UserError(self.env._("The wishes of customers stay with their company."))
        return super().write(vals)

    @api.model
    def _cron_delete(self):
        """Delete large lists that somebody has deleted, a part at a time."""
        deleting = self.with_context(active_test=False).search([("is_deleting", "=", True)])
        if not self._commit(remaining=len(deleting)):
            self._trigger_next_run()
            return
        for dnc_list in deleting:
            delete = partial(self.env["ecm.dnc.entry"]._delete_of, dnc_list, limit=DELETE_AT_ONCE)
            # What time does not last for is deleted in the next run.
            while self._atomically(delete):
                reach("dnc.deleted")
                if not self._commit(processed=1, remaining=1):
                    return
            self._atomically(dnc_list.unlink)
            reach("dnc.removed")

    def action_view_entries(self):
        """Open the entries of this list."""
        self.ensure_one()
        return open_window(
            self.env,
            "ecm_campaign.ecm_dnc_entry_action",
            domain=[("list_id", "=", self.id)],
            context={"default_list_id": self.id},
        )

    def action_load(self):
        """Open the wizard that loads a file of numbers."""
        self.ensure_one()
        form = self.env.ref("ecm_campaign.ecm_dnc_load_view_form_upload")
        return open_form(
            self.env["ecm.dnc.load"],
            name=self.env._("Load numbers"),
            views=[(form.id, "form")],
            target="new",
            context={"default_list_id": self.id},
        )

    # -- which lists apply ------------------------------------------------------------------------

    @api.model
    def _get_applicable(self, campaign, channel=None):
        """Lists that count for a campaign today.

        :param campaign: ``ecm.campaign`` record, empty for "any campaign"
        :param channel: none for any that the campaign contacts on
        """
        domain = self._get_in_force_domain()
        if channel:
            domain &= Domain(self._get_channel_field(channel), "=", True)
        elif campaign:
            domain &= self._get_channels_domain(campaign._get_channels())
        if campaign:
            domain &= Domain("company_id", "in", (False, campaign.company_id.id))
            # A list that names no campaigns is for all of them.
            names_it = Domain("campaign_ids", "in", campaign.ids)
            domain &= Domain("campaign_ids", "=", False) | names_it
        return self.sudo().search(domain)

    @api.model
    def _get_channels_domain(self, channels):
        """Lists that are for one of these channels."""
        names = [self._get_channel_field(channel) for channel in channels]
        return Domain.OR(Domain(name, "=", True) for name in names)

    @api.model
    def _get_channel_field(self, channel):
        """The field that says whether a list is for a channel; who brings a channel adds one."""
        return f"for_{channel}"

    @api.model
    def _get_applying(self, campaigns):
        """Lists that count today for each of these campaigns, on each channel that it contacts on.

        :return: ``{(campaign id, channel): ids of lists}``; among them ``BLACKLIST``
        """
        lists = self._get_in_force()
        applying = {}
        for campaign in campaigns:
            own = lists.browse(each.id for each in lists if each._is_for(campaign))
            # What is listed for calls may still get messages.
            for channel in campaign._get_channels():
                name = self._get_channel_field(channel)
                applying[campaign.id, channel] = {BLACKLIST, *own.filtered(name).ids}
        return applying

    def _is_for(self, campaign):
        """Whether the list counts for a campaign, of whatever channel."""
        if self.company_id and self.company_id != campaign.company_id:
            return False
        return not self.campaign_ids or campaign in self.campaign_ids

    @api.model
    def _get_in_force(self):
        """Lists that count today, for whatever campaign and channel."""
        return self.sudo().search(self._get_in_force_domain())

    @api.model
    def _get_in_force_domain(self):
        """What is in force today, for lists and for entries alike."""
        today = fields.Date.context_today(self)
        has_begun = Domain("date_from", "=", False) | Domain("date_from", "<=", today)
        is_not_over = Domain("date_to", "=", False) | Domain("date_to", ">=", today)
        return has_begun & is_not_over

    @api.model
    def _has_outdated(self):
        """Whether there is a registry that is too old for whatever campaign."""
        with_age = self.sudo().search([("max_age_days", ">", 0)])
        return bool(with_age.filtered("is_outdated"))

    @api.model
    def _get_outdated(self, campaign, channel=None):
        """Registries that are too old for this campaign to be fed (requirement N2).

        :param channel: the one that is fed; none for any that the campaign contacts on
        """
        # Each running campaign asks on every screen of campaigns, and nearly always there is none.
        if not self._has_outdated():
            return self.browse()
        return self._get_applicable(campaign, channel).filtered("is_outdated")

    @api.model
    def _find_listed(self, campaign, numbers, keys=(), channel=None):
        """Which numbers and customer keys must not be contacted (unique index of
        ``ecm.dnc.entry``).

        :param numbers: E.164
        :param channel: none for all that the campaign contacts on: what may still be contacted on
            one of them is left
        :return: ``({number: class}, {key: class})``, the strictest class of each
        """
        channels = [channel] if channel else campaign._get_channels()
        applying = [self._get_applicable(campaign, each) for each in channels]
        lists = self.sudo().union(*applying)
        found = self._find_entries([lists.ids, [BLACKLIST]], numbers, keys)

        # Listed is what a list of each channel holds.
        classes = {each.id: each.dnc_class for each in lists}
        classes[BLACKLIST] = BLACKLIST_CLASS
        counting = [{BLACKLIST, *each.ids} for each in applying]
        listed_numbers = _get_strictest(found.numbers, counting, classes)
        return listed_numbers, _get_strictest(found.keys, counting, classes)

    @api.model
    def _find_entries(self, list_ids, numbers, keys=()):
        """On which lists numbers and customer keys stand.

        :param list_ids: several collections of ids: those of the lists to look into
        :param numbers: E.164
        :rtype: Listed
        """
        entries = self.env["ecm.dnc.entry"]
        # Odoo's blacklist is none of our lists: it is looked into apart.
        own_ids = set().union(*list_ids) - {BLACKLIST}
        lists = self.sudo().browse(own_ids)
        matches = entries._match("number", numbers, lists)
        matches += entries._match_prefixes(numbers, lists)
        matches += entries._match_digests("number", numbers, lists)
        for number in self._find_blacklisted(numbers):
            matches.append((number, BLACKLIST))
        by_key = entries._match("key", keys, lists)
        by_key += entries._match_digests("key", keys, lists)
        return Listed(_group(matches), _group(by_key))

    def _find_blacklisted(self, numbers):
        """Numbers on Odoo's own blacklist, which counts as well (requirement N2)."""
        if not self.env["phone.blacklist"].sudo().search_count([], limit=1):
            return []
        self.env.cr.execute(
            SQL(
                """SELECT v.value FROM unnest(%s::varchar[]) AS v(value)
               CROSS JOIN LATERAL (SELECT 1 FROM phone_blacklist b
                                    WHERE b.number = v.value AND b.active OFFSET 0) AS found""",
                array_text(numbers),
            )
        )
        return [number for (number,) in self.env.cr.fetchall()]

    # -- adding and removing ----------------------------------------------------------------------

    def api_add(self, numbers, reason=None):
        """Add numbers, one by one or a few thousand at a time; those that are listed already stay
        as they are.

        :param numbers: list of text, in any usual notation with country code
        :return: ``{"added": count, "invalid": [numbers that are none]}``
        """
        self.ensure_one()
        self.check_access("write")
        country = (self.company_id or self.env.company).country_id.code
        valid, invalid = set(), []
        for raw in self._get_given_numbers(numbers):
            # A number without a country code is one of the list's company.
            number, problem = phones.normalise(str(raw), country)
            if problem:
                invalid.append(raw)
            else:
                valid.add(number)
        added = self._add(sorted(valid), reason)
        return {"added": added, "invalid": invalid}

    @api.model
    def _may_share(self):
        """Whether the user may have a list count for all companies."""
        return self.env.su or self.env.user.has_group(ADMINISTRATOR)

    @api.model
    def _get_given_numbers(self, numbers):
        """:raise UserError: one number where a list of them is asked for, or no texts"""
        if not isinstance(numbers, list | tuple | set):
            raise UserError(self.env._("Give a list of numbers, even if it has only one."))
        for number in numbers:
            if not isinstance(number, str | int) or "\0" in str(number):
                raise UserError(self.env._("This is not a phone number: %s", repr(number)))
        return numbers

    def _add(self, numbers, reason=None):
        """Add E.164 numbers; open contacts with them close when they are next looked at.

        :return: how many were new
        """
        count = self.env["ecm.dnc.entry"]._insert(self, "number", numbers, reason)
        if self.mirrors_blacklist and numbers:
            self.env["phone.blacklist"].sudo()._mirror(numbers)
        return count

    def api_remove(self, numbers):
        """Remove numbers from this list.

        :return: how many were removed
        """
        self.ensure_one()
        self.check_access("write")
        country = (self.company_id or self.env.company).country_id.code
        values = []
        for raw in self._get_given_numbers(numbers):
            # What is no number may be a beginning or a customer key.
            number, _problem = phones.normalise(str(raw), country)
            values.append(number or str(raw))
            # One that was erased is taken off by whoever knows it.
            values += self.env["ecm.erasure"]._get_digests("number", [number])
        domain = [("list_id", "=", self.id), ("value", "in", values)]
        entries = self.env["ecm.dnc.entry"].search(domain)
        count = len(entries)
        entries.unlink()
        return count

    @api.model
    def _suppress(self, wishes):
        """Customers said that they do not want to be called: remember it (requirement S6).

        :param wishes: list of ``tools.results.Wish``
        """
        by_company = {}
        for wish in wishes:
            by_company.setdefault(wish.company_id, []).append(wish)
        for company_id, own in by_company.items():
            company = self.env["res.company"].browse(company_id)
            self._get_wishes_of(company)._add_wishes_by_reason(own)

    @api.model
    def _get_wishes_of(self, company):
        """The list that keeps the wishes of a company's customers, with all rights; made when it
        is missing, so that no wish is lost.
        """
        lists = self.sudo().with_context(active_test=False)
        domain = [("keeps_wishes", "=", True), ("company_id", "=", company.id)]
        if found := lists.search(domain):
            return found
        name = self.env._("Customers' wishes (%s)", company.name)
        return lists.create(
            {
                "name": name,
                "company_id": company.id,
                "keeps_wishes": True,
                "mirrors_blacklist": True,
            }
        )

    def _add_wishes_by_reason(self, wishes):
        """:param wishes: list of ``tools.results.Wish``"""
        by_reason = {}
        for wish in wishes:
            by_reason.setdefault(wish.reason, []).append(wish)
        for reason, own in by_reason.items():
            self._add_wishes(own, reason or None)

    def _add_wishes(self, wishes, reason):
        """:param str reason: how they were said"""
        numbers, keys = set(), set()
        for wish in wishes:
            numbers.add(wish.number)
            if self.wish_scope == "person":
                numbers.update(wish.phones)
                keys.add(wish.account_number)
        # One who was erased while the call went on has no number any more.
        self._add(sorted(filter(None, numbers - {ERASED})), reason)
        known = sorted(filter(None, keys))
        self.env["ecm.dnc.entry"]._insert(self, "key", known, reason)

    @api.model
    def check_number(self, number):
        """Where a number is listed (requirement N1: API and *Check a number*).

        Only what is in force today: an entry that is over blocks nothing.

        :param number: in any usual notation with country code, or in that of the company's country
        :return: list of ``{"list", "dnc_class", "since", "until", "reason", "by", "blocks",
            "running"}``, all text; ``running`` are the running campaigns that do not call it
            therefore
        :raise UserError: this is no phone number
        """
        self.check_access("read")
        [number] = self._get_given_numbers([number])
        number, problem = phones.normalise(str(number), self.env.company.country_id.code)
        if problem:
            raise UserError(self.env["ecm.contact.list.reject"]._get_reason_text(problem))

        # Archived lists count for nobody, whatever their dates say.
        is_in_force = self._get_in_force_domain()
        lists = is_in_force & Domain("active", "=", True)
        domain = self._get_entries_domain([number]) & is_in_force & Domain("list_id", "any", lists)
        findings = [entry._describe() for entry in self.env["ecm.dnc.entry"].search(domain)]
        if blacklisted := self._search_blacklist([number]):
            findings.append(self._describe_blacklisted(blacklisted[0]))
        return findings

    def _search_blacklist(self, numbers):
        """Entries of Odoo's own blacklist."""
        return self.env["phone.blacklist"].sudo().search([("number", "in", list(numbers))])

    def _describe_blacklisted(self, entry):
        """An entry of Odoo's blacklist, for *Check a number*."""
        return self._prepare_finding(
            self.env._("Odoo's blacklist"),
            BLACKLIST_CLASS,
            entry.create_date,
            self.env._("Everything in all campaigns"),
            by=entry.create_uid.name,
            running=self._get_running_text(),
        )

    @api.model
    def _prepare_finding(
        self, name, dnc_class, since, blocks, until=None, reason=None, by=None, running=""
    ):
        since = since and fields.Date.to_string(since)
        until = until and fields.Date.to_string(until)
        # All of it text: the wizard and API clients show it as it is.
        return {
            "list": name,
            "dnc_class": get_label(self.env, self._name, "dnc_class", dnc_class),
            "since": since or "",
            "until": until or self.env._("for ever"),
            "reason": reason or "",
            "by": by or "",
            "blocks": blocks,
            "running": running,
        }

    def _get_blocked_channels(self):
        """What a list keeps from being made, by channel.

        :return: ``{channel: what people call it}``
        """
        self.ensure_one()
        words = {"voice": self.env._("Calls"), "sms": self.env._("Messages")}
        blocked = {}
        for code, label in self.env["ecm.engine"]._get_channels():
            if self[self._get_channel_field(code)]:
                # A channel of another module is called what it calls itself.
                blocked[code] = words.get(code, label)
        return blocked

    def _get_blocks_text(self):
        """What a list blocks, in words."""
        blocked = list(self._get_blocked_channels().values())
        channels = format_list(self.env, blocked) if blocked else self.env._("Nothing")
        names = self.sudo().campaign_ids.mapped("name")
        where = ", ".join(names) or self.env._("all campaigns")
        return self.env._("%(channels)s in %(campaigns)s", channels=channels, campaigns=where)

    def _get_running_text(self):
        """The running campaigns that a list keeps from contacting, by name; for no list: all that
        run.
        """
        running = self.env["ecm.campaign"].search([("is_running", "=", True)])
        if self:
            running = running.filtered(self._blocks)
        return ", ".join(running.mapped("name"))

    def _blocks(self, campaign):
        """Whether a list keeps a campaign from contacting somebody, on whatever channel."""
        if not self._is_for(campaign):
            return False
        blocked = self._get_blocked_channels().keys()
        return not blocked.isdisjoint(campaign._get_channels())

    @api.model
    def _get_entries_domain(self, numbers, keys=()):
        """Entries of numbers, of what they begin with, of customer keys, and of what was erased."""
        beginnings = set()
        for number in numbers:
            lengths = [length for length in PREFIX_LENGTHS if length <= len(number)]
            beginnings.update(number[:length] for length in lengths)
        erasures = self.env["ecm.erasure"]
        digests = erasures._get_digests("number", numbers) | erasures._get_digests("key", keys)
        wanted = _get_kind_domain("number", numbers)
        wanted |= _get_kind_domain("prefix", beginnings)
        wanted |= _get_kind_domain("digest", digests)
        return wanted | _get_kind_domain("key", keys)

    # -- Explain ----------------------------------------------------------------------------------

    @api.model
    def _explain_listed(self, campaign, numbers, keys):
        """Which of a campaign's lists hold these numbers and customer keys, and since when.

        :return: list of sentences
        """
        lists = self._get_applicable(campaign)
        wanted = self._get_entries_domain(numbers, keys) & self._get_in_force_domain()
        wanted &= Domain("list_id", "in", lists.ids)
        entries = self.env["ecm.dnc.entry"].sudo().search(wanted)
        sentences = [entry._explain() for entry in entries]

        # Odoo's own blacklist counts for every campaign.
        name = self.env._("Odoo's blacklist")
        for entry in self._search_blacklist(numbers):
            sentences.append(self._describe_listing(entry.number, name, entry.create_date))
        return sentences

    @api.model
    def _describe_listing(self, value, name, since):
        if not since:
            return self.env._("%(value)s is on the list %(name)s.", value=value, name=name)
        day = format_day(self.env, since)
        return self.env._(
            "%(value)s is on the list %(name)s since %(day)s.", value=value, name=name, day=day
        )


def _get_kind_domain(kind, values):
    return Domain("kind", "=", kind) & Domain("value", "in", list(values))


def _group(matches):
    """``{value: ids of its lists}`` of ``(value, list id)``."""
    found = {}
    for value, list_id in matches:
        found.setdefault(value, set()).add(list_id)
    return found


def _get_strictest(found, counting, classes):
    """The strictest class of each value that is listed for every channel.

    :param found: ``{value: ids of its lists}``
    :param counting: ids of the lists that count, for each channel
    :param classes: ``{list id: class}``
    """
    strictest = {}
    for value, list_ids in found.items():
        is_everywhere = all(list_ids & ids for ids in counting)
        if is_everywhere:
            # Of several lists the strictest says what becomes of the contact.
            known = {classes[list_id] for list_id in list_ids}
            strictest[value] = max(known, key=STRICTNESS.index)
    return strictest
