from functools import partial

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.ecm_campaign.const import PHONE_FIELDS

# The contact up to which all were looked at, in this database.
LINKED_UP_TO = "ecm_crm_bridge.linked_up_to"
SLICE = 20_000
# An import's transaction may show its contacts later than others with higher numbers: those that
# were added since are looked at again.
LATE_MINUTES = 30


class EcmContactLinkMixin(models.AbstractModel):
    """Finds the customer and the lead of contacts that came without them: by the customer's key,
    by a number, by the e-mail address (requirement R1).

    Who would fit several persons gets no customer: a wrong one is worse than none. Several partners
    of one company are that company.
    """

    _name = "ecm.contact.link.mixin"
    _inherit = ["ecm.transaction.mixin"]
    _description = "Customers and Leads of Contacts"

    @api.model
    def _cron_link(self):
        """Look at the contacts that came since, a slice at a time."""
        parameters = self.env["ir.config_parameter"].sudo()
        last, start = self._get_last_id(), int(parameters.get_param(LINKED_UP_TO) or 0)
        settled = self._get_settled_id(start, last)
        while start < last:
            end = min(start + SLICE, last)
            where = SQL("c.id > %s AND c.id <= %s", start, end)
            self._atomically(partial(self._link_unlinked, where))
            start = end
            # Those that may have neighbours which are not to be seen yet are looked at again.
            if end <= settled:
                self._atomically(partial(parameters.set_param, LINKED_UP_TO, str(end)))
            if self._commit(processed=1, remaining=last - end) <= 0:
                self._trigger_next_run()
                return

    @api.model
    def _get_settled_id(self, start, last):
        """The contact up to which no open transaction has any that is not to be seen yet."""
        self.env.cr.execute(
            SQL(
                """SELECT min(id) - 1 FROM ecm_contact
                    WHERE id > %s AND added_at > now() AT TIME ZONE 'UTC'
                                                 - make_interval(mins => %s)""",
                start,
                LATE_MINUTES,
            )
        )
        [settled] = self.env.cr.fetchone()
        return last if settled is None else settled

    @api.model
    def _link_unlinked(self, where):
        """Set customer and lead of the contacts without them.

        :param SQL where: which contacts ``c`` are looked at
        :return: how many were linked
        """
        self.env.flush_all()
        linked = 0
        # The surest way comes first: who is found stays found.
        for find in (
            self._find_partners_by_key,
            self._find_partners_by_phone,
            self._find_partners_by_email,
        ):
            linked += self._link(SQL("partner_id"), find(where))
        for find in (self._find_leads_by_phone, self._find_leads_by_email):
            linked += self._link(SQL("lead_id"), find(where))
        self._link_partners_of_leads(where)
        self.env["ecm.contact"].invalidate_model()
        return linked

    def _link(self, column, found):
        """:param SQL found: a query of contact and record ids
        :return: how many were linked
        """
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_contact c SET %(column)s = f.record_id FROM (%(found)s) f "
                "WHERE c.id = f.contact_id AND c.%(column)s IS NULL",
                column=column,
                found=found,
            )
        )
        return self.env.cr.rowcount

    def _find_partners_by_key(self, where):
        keys = self._get_keys(where, SQL("ARRAY[c.account_number]"))
        return self._find_partners(keys, SQL("p.ref"))

    def _find_partners_by_phone(self, where):
        return self._find_partners(self._get_numbers(where), SQL("p.phone_sanitized"))

    def _find_partners_by_email(self, where):
        return self._find_partners(self._get_emails(where), SQL("p.email_normalized"))

    def _find_leads_by_phone(self, where):
        return self._find_leads(self._get_numbers(where), SQL("r.phone_sanitized"))

    def _find_leads_by_email(self, where):
        return self._find_leads(self._get_emails(where), SQL("r.email_normalized"))

    def _get_numbers(self, where):
        columns = SQL(", ").join(SQL.identifier("c", name) for name in PHONE_FIELDS)
        return self._get_keys(where, SQL("ARRAY[%s]", columns))

    def _get_emails(self, where):
        return self._get_keys(where, SQL("ARRAY[lower(c.email)]"))

    def _get_keys(self, where, values):
        """A row for each value by which a contact without a lead may be found.

        :param SQL where: which contacts ``c``
        :param SQL values: an array of texts of the contact ``c``
        """
        return SQL(
            """SELECT c.id, c.company_id, c.partner_id, v.value
                 FROM ecm_contact c CROSS JOIN LATERAL unnest(%s::text[]) AS v(value)
                WHERE %s AND c.lead_id IS NULL AND v.value <> ''""",
            values,
            where,
        )

    def _find_partners(self, keys, column):
        """:return: a query of the contacts and the one customer that each can only be"""
        return SQL(
            """SELECT k.id AS contact_id,
                      CASE WHEN count(DISTINCT p.id) = 1 THEN min(p.id)
                           ELSE min(p.commercial_partner_id) END AS record_id
                 FROM (%(keys)s) k
                 JOIN res_partner p
                   ON %(column)s = k.value AND p.active
                  AND (p.company_id IS NULL OR p.company_id = k.company_id)
                WHERE k.partner_id IS NULL
             GROUP BY k.id HAVING count(DISTINCT p.commercial_partner_id) = 1""",
            keys=keys,
            column=column,
        )

    def _find_leads(self, keys, column):
        """:return: a query of the contacts and the one open lead that each can only be about"""
        return SQL(
            """SELECT k.id AS contact_id, min(r.id) AS record_id
                 FROM (%(keys)s) k
                 JOIN crm_lead r
                   ON %(column)s = k.value AND r.active AND r.won_status = 'pending'
                  AND (r.company_id IS NULL OR r.company_id = k.company_id)
                WHERE k.partner_id IS NULL OR r.partner_id IS NULL
                   OR r.partner_id = k.partner_id
             GROUP BY k.id HAVING count(DISTINCT r.id) = 1""",
            keys=keys,
            column=column,
        )

    def _link_partners_of_leads(self, where):
        """A lead's customer is the contact's."""
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_contact c SET partner_id = r.partner_id FROM crm_lead r "
                "WHERE %s AND r.id = c.lead_id AND c.partner_id IS NULL "
                "AND r.partner_id IS NOT NULL",
                where,
            )
        )
