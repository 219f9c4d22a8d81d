# What `goldilocks.store` names, too.
from . import journal as journal
