# Which name comes from where: read when a name is first used, and by type checkers and editors.
from .errors import RequestError as RequestError
from .execution.cluster import Cluster as Cluster
from .execution.run import Interrupted as Interrupted
from .execution.run import run as run
from .grid.spec import Grid as Grid
from .grid.spec import load_grid as load_grid
