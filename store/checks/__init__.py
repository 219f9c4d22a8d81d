"""Whether a store is sound: what must hold of its files and of its rows."""
