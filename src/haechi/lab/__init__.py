"""The lab: a cluster of network namespaces in one process, and real packets between its endpoints."""
