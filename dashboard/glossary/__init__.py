"""What the words on the pages mean: shown where the pointer rests, at what the keyboard is on, and as a list.

cards      the meaning of members, metrics and axes, from the store
terms      words and symbols that the store has no card for
component  what finds words on a page and shows what they mean
"""
