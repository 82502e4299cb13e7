"""The list of customers' wishes is protected, and there is one for each company."""

# Whatever somebody restricted or archived it to: a wish holds for ever and everywhere.
PROTECT = """
    UPDATE ecm_dnc_list l
       SET keeps_wishes = TRUE, active = TRUE, for_voice = TRUE, for_sms = TRUE,
           date_from = NULL, date_to = NULL
      FROM ir_model_data d
     WHERE d.module = 'ecm_campaign' AND d.name = 'ecm_dnc_list_wishes' AND d.res_id = l.id
 RETURNING l.id
"""
UNRESTRICT = "DELETE FROM ecm_campaign_ecm_dnc_list_rel WHERE ecm_dnc_list_id = %s"
# Of several companies nobody knows whose customers they were: it goes on holding for all of them.
ONE_COMPANY = """
    UPDATE ecm_dnc_list SET company_id = (SELECT min(id) FROM res_company)
     WHERE id = %s AND company_id IS NULL AND (SELECT count(*) FROM res_company) = 1
"""


def migrate(cr, version):
    """May run more than once."""
    cr.execute(PROTECT)
    for (list_id,) in cr.fetchall():
        cr.execute(UNRESTRICT, (list_id,))
        cr.execute(ONE_COMPANY, (list_id,))
