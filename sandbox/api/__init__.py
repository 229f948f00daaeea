"""The sandbox's REST API, below /sandbox/api/v1/: an integrator changes a workspace's world from outside."""
