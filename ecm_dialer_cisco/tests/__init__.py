from . import test_dialer, test_dnc, test_feed, test_list_life, test_pacing, test_results, test_tour
