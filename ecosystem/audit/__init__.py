"""The audit: causal graphs from envelopes, links from alerts to injections, and the verdict."""
