"""Which counters of well-known systems hold requests per revision: one table of data. Read by `config` and the documentation.

A row is written by the names that the system itself gives its metrics and labels, as its documentation lists them.
"""

from __future__ import annotations

from collections.abc import Mapping

from seaway.model.metrics import Queries, Unit

TABLE: Mapping[str, Queries] = {
    # /stats/prometheus of an Envoy with its usual tags (not the one that Seaway runs): a cluster per revision.
    "envoy": Queries(
        requests='envoy_cluster_upstream_rq_xx{envoy_cluster_name=~"$revisions",$labels}',
        latency='envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=~"$revisions",$labels}',
        unit=Unit.MILLISECONDS,
        revision_label="envoy_cluster_name",
        status_label="envoy_response_code_class",
        failed="5",
    ),
    # The exporter inside HAProxy: a backend per revision. It counts no latencies.
    "haproxy": Queries(
        requests='haproxy_backend_http_responses_total{proxy=~"$revisions",$labels}',
        revision_label="proxy",
        status_label="code",
        failed="5xx",
    ),
    # What client libraries and frameworks commonly call their own counters.
    "http": Queries(
        requests='http_requests_total{job="$service",version=~"$revisions",$labels}',
        latency='http_request_duration_seconds_bucket{job="$service",version=~"$revisions",$labels}',
        revision_label="version",
        status_label="code",
    ),
    # As clients met it: what no instance answered is counted by the caller's side alone.
    "istio": Queries(
        requests=(
            'istio_requests_total{reporter="source",destination_canonical_service="$service",'
            'destination_canonical_revision=~"$revisions",$labels}'
        ),
        latency=(
            'istio_request_duration_milliseconds_bucket{reporter="source",destination_canonical_service="$service",'
            'destination_canonical_revision=~"$revisions",$labels}'
        ),
        unit=Unit.MILLISECONDS,
        revision_label="destination_canonical_revision",
        status_label="response_code",
    ),
    # A deployment per revision.
    "linkerd": Queries(
        requests='response_total{direction="inbound",deployment=~"$revisions",$labels}',
        latency='response_latency_ms_bucket{direction="inbound",deployment=~"$revisions",$labels}',
        unit=Unit.MILLISECONDS,
        revision_label="deployment",
        status_label="classification",
        failed="failure",
    ),
    # The Ingress controller of Kubernetes: a Service per revision.
    "nginx-ingress": Queries(
        requests='nginx_ingress_controller_requests{service=~"$revisions",$labels}',
        latency='nginx_ingress_controller_request_duration_seconds_bucket{service=~"$revisions",$labels}',
        revision_label="service",
        status_label="status",
    ),
    # OpenTelemetry's semantic conventions for HTTP servers, with the resource's service.version as a label.
    "otel": Queries(
        requests='http_server_request_duration_seconds_count{job=~"(?:.+/)?$service",service_version=~"$revisions",$labels}',
        latency='http_server_request_duration_seconds_bucket{job=~"(?:.+/)?$service",service_version=~"$revisions",$labels}',
        revision_label="service_version",
        status_label="http_response_status_code",
    ),
    # A Traefik service per revision, called `revision@provider` or `namespace-revision-port@provider`.
    "traefik": Queries(
        requests='traefik_service_requests_total{service=~"$revisions",$labels}',
        latency='traefik_service_request_duration_seconds_bucket{service=~"$revisions",$labels}',
        revision_label="service",
        revision_pattern="(?:[a-z0-9-]+-)?$revision(?:-[a-z0-9]+)?@.+",
        status_label="code",
    ),
}
