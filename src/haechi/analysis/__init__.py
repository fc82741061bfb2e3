"""Questions about policies, each a package of functions of a `haechi.analysis.cluster.Cluster`."""
