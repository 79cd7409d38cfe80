"""Acts of people: handed in at the door, answered when their facts stand on the log."""
