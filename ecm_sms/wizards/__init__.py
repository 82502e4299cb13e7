from . import ecm_sms_preview, ecm_sms_test
