"""Events of the control plane; out of reach of the risk monitor."""
