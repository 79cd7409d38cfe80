"""The live host: one machine, one process, one principal, on real or scaled time."""
