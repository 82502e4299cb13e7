from . import (
    test_allowed,
    test_callbacks,
    test_gateway,
    test_hours,
    test_migrations,
    test_odoo_messages,
    test_odoo_provider,
    test_replies,
    test_reports,
    test_sending,
    test_sms_tour,
    test_templates,
)
