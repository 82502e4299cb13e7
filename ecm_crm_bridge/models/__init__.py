from . import ecm_campaign, ecm_contact
