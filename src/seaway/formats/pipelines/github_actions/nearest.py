"""What one other system alone sets, and the nearest at GitHub: name -> (text, why it is not the same, or ""). Asked when a pipeline is lowered."""

from __future__ import annotations

_REGISTRY = "GitHub's registry in place of GitLab's"

# What GitHub puts together from several values.
ADDRESSES: dict[tuple[str, str], str] = {
    ("run", "url"): "${{ github.server_url }}/${{ github.repository }}/actions/runs/${{ github.run_id }}",
    ("git", "url"): "${{ github.server_url }}/${{ github.repository }}",
}
# Seen in steps only.
IN_STEPS: dict[str, tuple[str, str]] = {
    "CI_JOB_STATUS": (
        "${{ job.status == 'failure' && 'failed' || job.status }}",
        "the status of a cancelled job is spelt with another word",
    ),
}
NEEDS_PACKAGES = frozenset({"CI_REGISTRY_PASSWORD"})

NEAREST: dict[str, tuple[str, str]] = {
    "CI_REGISTRY": ("ghcr.io", _REGISTRY),
    "CI_REGISTRY_IMAGE": ("ghcr.io/${{ github.repository }}", _REGISTRY),
    "CI_REGISTRY_USER": ("${{ github.actor }}", _REGISTRY),
    "CI_REGISTRY_PASSWORD": ("${{ secrets.GITHUB_TOKEN }}", _REGISTRY),
    "CI_JOB_TOKEN": ("${{ secrets.GITHUB_TOKEN }}", "the token of the run has other rights"),
    "CI_SERVER_URL": ("${{ github.server_url }}", ""),
    "CI_PROJECT_NAME": ("${{ github.event.repository.name }}", ""),
    "CI_PROJECT_NAMESPACE": ("${{ github.repository_owner }}", ""),
    "CI_PROJECT_ROOT_NAMESPACE": ("${{ github.repository_owner }}", ""),
    "CI_JOB_ID": ("${{ github.run_id }}-${{ github.job }}", "GitHub gives a job no number of its own"),
    "CI_COMMIT_TITLE": ("${{ github.event.head_commit.message }}", "the whole message, not only its first line"),
    "CI_COMMIT_AUTHOR": ("${{ github.event.head_commit.author.name }}", ""),
    "CI_COMMIT_BEFORE_SHA": ("${{ github.event.before }}", ""),
    "CI_COMMIT_TAG": ("${{ startsWith(github.ref, 'refs/tags/') && github.ref_name || '' }}", ""),
    "CI_COMMIT_BRANCH": ("${{ startsWith(github.ref, 'refs/heads/') && github.ref_name || '' }}", ""),
    "CI_COMMIT_REF_SLUG": ("${{ github.ref_name }}", "GitHub does not shorten names for hosts: check its characters"),
    "Pipeline.Workspace": ("${{ github.workspace }}", "GitHub has one folder for a job's work"),
    "Agent.BuildDirectory": ("${{ github.workspace }}", "GitHub has one folder for a job's work"),
    "Agent.TempDirectory": ("${{ runner.temp }}", ""),
}
