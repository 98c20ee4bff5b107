"""The five DORA metrics, per service and environment, from commits, deployments and incidents. Called by `app.dora`.

Definitions: dora.dev guide (2026). `lanes` orders deployments, `owners` says which deployment brought which commit, one file per metric
counts, `bands` compares with published surveys, `document`, `text` and `prometheus` render.
"""
