from . import test_access, test_campaign, test_import, test_strategy, test_tour
