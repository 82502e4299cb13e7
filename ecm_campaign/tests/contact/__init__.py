from . import test_contact, test_query_plans, test_withdraw
