from . import test_list_life
