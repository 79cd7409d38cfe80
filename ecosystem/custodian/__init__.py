"""A custodian that settles realised profit from a venue into custody."""
