from . import ecm_sms_test
