"""Rows that leave for other programs, and rows that come from other stores."""
