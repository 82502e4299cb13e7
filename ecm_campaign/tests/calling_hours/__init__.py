from . import test_hours_and_holidays, test_hours_tour
