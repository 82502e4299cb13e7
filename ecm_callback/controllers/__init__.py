from . import finesse
