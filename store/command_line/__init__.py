"""Reading what a person types, and writing what a command answers."""
