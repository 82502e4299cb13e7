import secrets
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize

from ...const import ADMINISTRATOR
from ...formatting import format_day, get_label
from ...tools import phones
from ...tools.erasure import digest, make_person

SECRET = "ecm_campaign.erasure_secret"
# So many numbers and addresses one request is about at most: more is a mistake, or retention.
MOST_VALUES = 1000


class EcmErasure(models.Model):
    """The report of an erasure: who, when, how many records; nothing about the person (requirement
    N6).
    """

    _name = "ecm.erasure"
    _description = "Erasure"
    _inherit = ["ecm.engine.fields.mixin"]
    _order = "id desc"
    _rec_name = "erased_at"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    erased_at = fields.Datetime(
        "Erased on", required=True, readonly=True, default=fields.Datetime.now
    )
    user_id = fields.Many2one(
        "res.users", "Erased by", readonly=True, default=lambda self: self.env.user
    )
    source = fields.Selection(
        [
            ("request", "A person's request"),
            ("privacy", "Odoo's privacy look-up"),
            ("retention", "A campaign's retention"),
            ("deletion", "A campaign's deletion"),
        ],
        "Because of",
        required=True,
        readonly=True,
    )
    campaign_id = fields.Many2one("ecm.campaign", readonly=True, ondelete="set null", index=True)
    reference = fields.Char(
        readonly=True, help="The number of the request in your own files; no names."
    )
    suppressed_count = fields.Integer(
        "Kept from being called",
        readonly=True,
        help="Numbers and customer keys of which a keyed digest stays on the list of customers' "
        "wishes: whoever uploads them again does not call them.",
    )
    line_ids = fields.One2many("ecm.erasure.line", "erasure_id", "Records", readonly=True)
    record_count = fields.Integer(
        "Records made anonymous", compute="_compute_record_count", store=True
    )

    @api.depends("line_ids.count")
    def _compute_record_count(self):
        for erasure in self:
            erasure.record_count = sum(erasure.line_ids.mapped("count"))

    @api.depends("erased_at", "source")
    def _compute_display_name(self):
        for erasure in self:
            source = get_label(self.env, self._name, "source", erasure.source)
            when = format_day(self.env, erasure.erased_at) if erasure.erased_at else ""
            erasure.display_name = ", ".join(filter(None, (source, when)))

    # -- the verbs --------------------------------------------------------------------------------

    @api.model
    def api_erase(self, numbers=(), emails=(), keys=(), reference=None, suppress=True):
        """Erase persons in the user's companies: contacts, attempts, messages, callbacks. Open
        contacts close, and what stays says nothing about anybody.

        :param numbers: list of phone numbers, in any usual notation
        :param emails: list of e-mail addresses
        :param keys: list of the customers' keys in your own systems
        :param str reference: of the request in your own files, kept in the report
        :param bool suppress: whether the numbers stay on the list of customers' wishes as digests,
            so that nobody calls them who uploads them again
        :return: ids of the reports, one for each company that had something
        :raise UserError: a number or address is none, or nothing was given
        :raise AccessError: the user is no administrator
        """
        self._check_may_erase()
        person = self._read_person(numbers, emails, keys)
        return self._erase_person(person, "request", reference, suppress).ids

    @api.model
    def api_find(self, numbers=(), emails=(), keys=()):
        """What `api_erase` would erase.

        :return: ``{model name: how many}``
        :raise UserError: as `api_erase`
        :raise AccessError: the user is no administrator
        """
        self._check_may_erase()
        return self._count_person(self._read_person(numbers, emails, keys))

    def _check_may_erase(self):
        if not (self.env.su or self.env.user.has_group(ADMINISTRATOR)):
            raise AccessError(self.env._("Only administrators of campaigns erase persons."))

    def _read_person(self, numbers, emails, keys):
        """:rtype: tools.erasure.Person"""
        given = (numbers, emails, keys)
        for values in given:
            if not isinstance(values, list | tuple) or not all(
                isinstance(value, str) and "\0" not in value for value in values
            ):
                raise UserError(self.env._("Give lists of texts, even if they have only one."))
        if sum(map(len, given)) > MOST_VALUES:
            raise UserError(self.env._("One request is about %s values at most.", MOST_VALUES))
        person = make_person(
            self.env.companies.ids,
            map(self._read_number, numbers),
            map(self._read_email, emails),
            [key.strip() for key in keys],
        )
        if not person.is_known():
            raise UserError(self.env._("Give a phone number, an e-mail or a customer key."))
        return person

    def _read_number(self, text):
        number, problem = phones.normalise(text, self.env.company.country_id.code)
        if problem:
            reason = self.env["ecm.contact.list.reject"]._get_reason_text(problem)
            raise UserError(
                self.env._("%(number)s is no number: %(reason)s", number=text, reason=reason)
            )
        return number

    def _read_email(self, text):
        address = email_normalize(text)
        if not address:
            raise UserError(self.env._("%s is no e-mail address.", text))
        return address

    @api.model
    def _get_person_of_partners(self, partners):
        """Whom Odoo's contacts are about, in the user's companies.

        :rtype: tools.erasure.Person
        """
        numbers, emails = set(), set()
        for partner in partners.sudo():
            country = (partner.country_id or self.env.company.country_id).code
            for name in partner._phone_get_number_fields():
                number, _problem = phones.normalise(partner[name] or "", country)
                numbers.add(number)
            numbers.add(partner.phone_sanitized)
            emails.add(partner.email_normalized)
        return make_person(self.env.companies.ids, numbers, emails, partner_ids=partners.ids)

    # -- what is there ----------------------------------------------------------------------------

    @api.model
    def _find_ids(self, person):
        """:return: ``{model name: ids}``, of models that have some, in the order of erasing"""
        self.env.flush_all()
        found = {}
        for model in self.env["ecm.erasable.mixin"]._get_erasable():
            rows = self.env.execute_query(model._find_person(person))
            if rows:
                found[model._name] = [record_id for (record_id,) in rows]
        return found

    @api.model
    def _count_person(self, person):
        """:return: ``{model name: how many}``"""
        return {name: len(ids) for name, ids in self._find_ids(person).items()}

    # -- erasing ----------------------------------------------------------------------------------

    @api.model
    def _erase_person(self, person, source, reference=None, suppress=True):
        """Erase what is there about persons, in the caller's transaction.

        :return: the reports, one for each company
        """
        erasures = self.browse()
        for company in self.env["res.company"].browse(sorted(person.company_ids)):
            own = person._replace(company_ids=frozenset(company.ids))
            found = self._find_ids(own)
            # A number that was never called is still not to be called, if that is what is asked.
            erasures += self._erase_found(found, company, source, own, reference, suppress)
        return erasures

    @api.model
    def _erase_record(self, record, source):
        """Erase one record, and what hangs on it.

        :return: the report
        """
        record = record.sudo()
        company = record.company_id or self.env.company
        return self._erase_found({record._name: record.ids}, company, source, None, None, True)

    @api.model
    def _erase_found(self, found, company, source, person, reference, suppress):
        """:param dict found: ``{model name: ids}``, in the order of erasing
        :param person: whose numbers are kept as digests besides those of the contacts; or None
        """
        # Before anything goes: afterwards nobody knows the numbers.
        whole = self._add_values_of_contacts(found, company, person)
        suppressed = self._suppress(whole, company) if suppress else 0
        self._add_listed(found, whole)
        counts = Counter()
        for name, ids in found.items():
            counts.update(self.env[name].sudo()._erase_ids(ids))
        return self._report(company, source, counts, reference, suppressed)

    def _add_values_of_contacts(self, found, company, person):
        """Whom it is about, with all numbers and keys of the contacts that are erased.

        :rtype: tools.erasure.Person
        """
        contact_ids = found.get("ecm.contact", [])
        numbers, keys = self.env["ecm.contact"].sudo()._get_numbers_and_keys(contact_ids)
        person = person or make_person(company.ids)
        return person._replace(numbers=person.numbers | numbers, keys=person.keys | keys)

    def _add_listed(self, found, person):
        """Entries of lists are found by all numbers of a contact, other contacts are not: they may
        be of other people at the same telephone.
        """
        entries = self.env["ecm.dnc.entry"].sudo()
        ids = [entry_id for (entry_id,) in self.env.execute_query(entries._find_person(person))]
        ids = sorted({*ids, *found.get(entries._name, ())})
        if ids:
            found[entries._name] = ids

    @api.model
    def _suppress(self, person, company):
        """Keep digests of the numbers and keys on the company's list of wishes.

        :return: how many are new
        """
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(company)
        entries = self.env["ecm.dnc.entry"].sudo()
        return entries._insert_digests(wishes, person.numbers, person.keys)

    @api.model
    def _report(self, company, source, counts, reference=None, suppressed=0, campaign=None):
        """Write down what was erased.

        :param dict counts: ``{model name: how many}``
        """
        lines = [(0, 0, {"model": name, "count": n}) for name, n in sorted(counts.items()) if n]
        return self.sudo().create(
            {
                "company_id": company.id,
                "user_id": self.env.uid,
                "source": source,
                "reference": reference,
                "suppressed_count": suppressed,
                "campaign_id": campaign and campaign.id,
                "line_ids": lines,
            }
        )

    # -- digests ----------------------------------------------------------------------------------

    @api.model
    def _get_digests(self, kind, values):
        """What stays of numbers or customer keys that are erased.

        :param str kind: ``number`` or ``key``
        :return: ``{digest: value}``
        """
        parameters = self.env["ir.config_parameter"].sudo()
        secret = parameters.get_param(SECRET)
        if not secret:
            secret = secrets.token_hex(32)
            parameters.set_param(SECRET, secret)
        return {digest(secret, kind, value): value for value in values if value}
