from . import (
    launch,
    ecm_campaign,
    ecm_contact,
    ecm_contact_list,
    ecm_contact_list_reject,
    res_partner,
    crm_lead,
)
