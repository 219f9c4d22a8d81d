"""Bringing a damaged store back to what its digests prove."""
