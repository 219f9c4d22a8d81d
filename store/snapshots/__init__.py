"""Making a snapshot of the journal, knowing whether it is what was published, and opening it."""
