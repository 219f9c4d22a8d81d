"""Files that can be believed: opened apart, synced, renamed, with digests; what is damaged is kept aside."""
