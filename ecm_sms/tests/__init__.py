from . import test_allowed, test_callbacks, test_gateway, test_replies, test_reports, test_sending
