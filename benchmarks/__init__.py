"""Speed, each figure beside the raw library in the same run; `make bench`."""
