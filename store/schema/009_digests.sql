-- What a snapshot took in can be recognized: the digest of each journal entry.

ALTER TABLE journal_entries ADD COLUMN digest VARCHAR;
COMMENT ON COLUMN journal_entries.digest IS 'SHA-256 of the list of digests of the files of the entry, as hexadecimal digits; NULL where it was taken in before there were digests and is no longer in the journal.';
