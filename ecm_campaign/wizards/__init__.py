from . import ecm_contact_upload
