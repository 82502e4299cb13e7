from . import test_access, test_campaign, test_import, test_import_profile, test_strategy, test_tour
