"""What a box for SQL does beside taking letters: it colours them, and offers what the word could become."""
