# Which name comes from where: read when a name is first used, and by type checkers and editors.
from . import dashboard as dashboard
from . import engine as engine
from . import store as store
from .engine.diagnosing import diagnose as diagnose
from .engine.errors import RequestError as RequestError
from .engine.execution.cluster import Cluster as Cluster
from .engine.execution.run import Interrupted as Interrupted
from .engine.execution.run import run as run
from .engine.grid.spec import Grid as Grid
from .engine.grid.spec import load_grid as load_grid
from .store.errors import StoreError as StoreError
from .store.reading.connect import Store as Store
from .store.reading.connect import open as open
