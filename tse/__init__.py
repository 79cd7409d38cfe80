"""The command line `tse`: the door through which people use the ecosystem."""
