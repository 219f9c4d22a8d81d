# What `goldilocks.store` names, too.
from . import tables as tables
