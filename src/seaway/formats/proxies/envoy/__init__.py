"""Envoy as text: configuration resources, statistics, dumps and log lines, shared by the router and the metrics adapter.

Pure: `adapters.traffic.envoy` and `adapters.metrics.envoy` do the I/O. Written for the API of Envoy 1.40 (v3 resources).
"""
