"""Facts, frozen and in the past tense; one struct per event type."""
