"""What stands between the log and the state: a record that cannot be true goes no further."""
