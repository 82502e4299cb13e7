from . import pop
