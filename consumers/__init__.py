"""Services that read the log: the risk monitor, projections and sinks."""
