"""The rules: one file each, with what it watches, its limit and when it is quiet again."""
