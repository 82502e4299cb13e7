from . import (
    launch,
    ecm_attempt,
    ecm_campaign,
    ecm_contact_link,
    ecm_crm_record,
    ecm_contact,
    ecm_contact_list,
    ecm_contact_list_reject,
    res_partner,
    crm_lead,
)
