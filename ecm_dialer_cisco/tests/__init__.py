from . import test_dialer, test_feed, test_results
