from . import ecm_sms_preview, ecm_sms_test, sms_composer, sms_template_preview
