# What `goldilocks.store` names, too.
from . import queries as queries
