from . import test_list_life, test_shared_list
