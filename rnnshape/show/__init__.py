"""Report -> something to look at. Nothing here computes anything new about a layer."""
