"""What a database consists of: the numbered steps and views (`*.sql`), and what is read off them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
