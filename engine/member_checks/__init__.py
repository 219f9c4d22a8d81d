"""What a member of a user's own must do before a cell may use it: one file per family that plugins may extend.

Each gives a sentence that names the plugin's file and the member, or None. The members that come with the program are
held to more by the tests.
"""
