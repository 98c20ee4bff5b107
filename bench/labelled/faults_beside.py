"""Faults in what stands beside a pipeline (manifests, Terraform, Ansible, monitoring), and in how a pipeline names what it ships. As `faults`."""

from __future__ import annotations

import json
import re
from random import Random

from bench.labelled import estate
from bench.labelled.draft import Draft, Label, Step
from bench.labelled.faults import AZURE, CIRCLE, GITHUB, GITLAB, JENKINS, TEKTON, fault

_ONE = (GITHUB, GITLAB)  # systems beside whose pipelines these are tried: they say nothing about the system


def _changed(draft: Draft, path: str, old: str, new: str) -> bool:
    """Puts `new`, with its mark, in the first place of `old` (a pattern); False where the repository has no such file or line."""
    text = draft.files.get(path, "")
    after, count = re.subn(old, lambda match: match.expand(new), text, count=1, flags=re.MULTILINE)
    draft.files[path] = after if count else text
    if not text:
        del draft.files[path]
    return bool(count)


def _production(draft: Draft) -> None:
    text = draft.files.get(estate.WORKLOAD)
    if text is not None:
        draft.files[estate.WORKLOAD] = re.sub(r"^  namespace: .*$", "  namespace: production", text, flags=re.MULTILINE)


def _whole(draft: Draft, path: str, rule: str) -> bool:
    draft.labels.append(Label(rule, path, 0))
    return True


# --- Kubernetes -----------------------------------------------------------------------------------------------------


@fault("no-probe", *_ONE)
def no_readiness(draft: Draft, dice: Random) -> bool:
    gone = r"          readinessProbe:\n(?:            .*\n)+?(?=          \w)"
    return _changed(draft, estate.WORKLOAD, gone, "") and _whole(draft, estate.WORKLOAD, "no-probe")


@fault("probe-depends-on-others", *_ONE)
def alive_means_ready(draft: Draft, dice: Random) -> bool:
    path = dice.choice(("/ready", "/actuator/health", "/readyz", "/health/ready"))
    return _changed(draft, estate.WORKLOAD, r"path: /alive", f"path: {path} #@probe-depends-on-others")


@fault("unsafe-strategy", *_ONE)
def all_at_once(draft: Draft, dice: Random) -> bool:
    if dice.random() < 0.5:
        gone = r"    type: RollingUpdate\n    rollingUpdate:\n      maxUnavailable: 1\n      maxSurge: 1"
        return _changed(draft, estate.WORKLOAD, gone, "    type: Recreate #@unsafe-strategy")
    return _changed(
        draft,
        estate.WORKLOAD,
        r"      maxUnavailable: 1$",
        f"      maxUnavailable: {dice.choice(('50%', '75%', '100%'))} #@unsafe-strategy",
    )


@fault("no-disruption-budget", *_ONE)
def no_budget(draft: Draft, dice: Random) -> bool:
    _production(draft)
    gone = r"apiVersion: policy/v1\n(?:(?!---).*\n)+---\n"
    if not _changed(draft, estate.WORKLOAD, gone, ""):
        return False
    draft.labels.append(Label("no-progressive-delivery", estate.WORKLOAD, 0))
    return _whole(draft, estate.WORKLOAD, "no-disruption-budget")


@fault("no-progressive-delivery", *_ONE)
def all_users_at_once(draft: Draft, dice: Random) -> bool:
    if estate.WORKLOAD not in draft.files:
        return False
    _production(draft)
    return _whole(draft, estate.WORKLOAD, "no-progressive-delivery")


@fault("mutable-image-tag", *_ONE)
def moving_tag(draft: Draft, dice: Random) -> bool:
    path = dice.choice((estate.WORKLOAD, estate.COMPOSE))
    tag = dice.choice((":latest", "", ":main", ":stable"))
    return _changed(draft, path, r"image: (ghcr\.io/acme/[\w-]+):\S+", rf"image: \g<1>{tag} #@mutable-image-tag")


@fault("no-resource-requests", *_ONE)
def asks_for_nothing(draft: Draft, dice: Random) -> bool:
    gone = r"          resources:\n(?:            .*\n)+?(?=          \w)"
    return _changed(draft, estate.WORKLOAD, gone, "") and _whole(draft, estate.WORKLOAD, "no-resource-requests")


@fault("privileged-container", *_ONE)
def may_do_all(draft: Draft, dice: Random) -> bool:
    if dice.random() < 0.3:
        return _changed(draft, estate.COMPOSE, r"    ports:", "    privileged: true #@privileged-container\n    ports:")
    if dice.random() < 0.5:
        return _changed(
            draft,
            estate.WORKLOAD,
            r"            allowPrivilegeEscalation: false",
            "            privileged: true #@privileged-container",
        )
    return _changed(
        draft,
        estate.WORKLOAD,
        r"      terminationGracePeriodSeconds: 60",
        "      hostNetwork: true #@privileged-container\n      terminationGracePeriodSeconds: 60",
    )


@fault("public-registry-in-production", *_ONE)
def from_the_hub(draft: Draft, dice: Random) -> bool:
    _production(draft)
    image = dice.choice(("nginx:1.29.1", "docker.io/acme/app:2.4.1", "httpd:2.4.65"))
    if not _changed(draft, estate.WORKLOAD, r"image: ghcr\.io\S+", f"image: {image} #@public-registry-in-production"):
        return False
    return _whole(draft, estate.WORKLOAD, "no-progressive-delivery")


@fault("no-tracing", *_ONE)
def nameless_traces(draft: Draft, dice: Random) -> bool:
    gone = r"            - name: OTEL_SERVICE_NAME\n              value: .*\n"
    return _changed(draft, estate.WORKLOAD, gone, "") and _whole(draft, estate.WORKLOAD, "no-tracing")


@fault("unstructured-logs", *_ONE)
def logs_for_people(draft: Draft, dice: Random) -> bool:
    words = dice.choice(("text", "console", "pretty"))
    if dice.random() < 0.3:
        return _changed(draft, estate.COMPOSE, r"LOG_FORMAT: json", f"LOG_FORMAT: {words} #@unstructured-logs")
    return _changed(
        draft, estate.WORKLOAD, r"              value: json", f"              value: {words} #@unstructured-logs"
    )


@fault("gitops-sync-without-checks", *_ONE)
def prunes_and_never_heals(draft: Draft, dice: Random) -> bool:
    return _changed(draft, estate.APPLICATION, r"      selfHeal: true\n", "") and _whole(
        draft, estate.APPLICATION, "gitops-sync-without-checks"
    )


# --- Terraform and Ansible ------------------------------------------------------------------------------------------


@fault("mutable-registry", *_ONE)
def tags_move(draft: Draft, dice: Random) -> bool:
    if dice.random() < 0.5:
        return _changed(draft, estate.TERRAFORM, r'"IMMUTABLE"', '"MUTABLE" #@mutable-registry')
    gone = r'"app" \{\n  name( +)= ("[\w-]+")\n  image_tag_mutability = "IMMUTABLE"'
    return _changed(draft, estate.TERRAFORM, gone, r'"app" { #@mutable-registry' + "\n" + r"  name\1= \2")


@fault("no-retention", *_ONE)
def kept_for_ever(draft: Draft, dice: Random) -> bool:
    gone = r'resource "aws_ecr_lifecycle_policy" "app" \{\n(?:  .*\n)+\}\n'
    return _changed(draft, estate.TERRAFORM, gone, "") and _whole(draft, estate.TERRAFORM, "no-retention")


@fault("unsafe-terraform-apply", *_ONE)
def state_without_lock(draft: Draft, dice: Random) -> bool:
    return _changed(
        draft, estate.TERRAFORM, r'  backend "s3" \{', '  backend "s3" { #@unsafe-terraform-apply'
    ) and _changed(draft, estate.TERRAFORM, r"    use_lockfile = true\n", "")


@fault("unsafe-terraform-apply", *_ONE)
def database_that_may_go(draft: Draft, dice: Random) -> bool:
    gone = r'resource "aws_db_instance" "main" \{(\n(?:  .*\n)+)\n  lifecycle \{\n.*\n  \}\n\}'
    return _changed(
        draft,
        estate.TERRAFORM,
        gone,
        r'resource "aws_db_instance" "main" { #@unsafe-terraform-apply\1  skip_final_snapshot = true\n}',
    )


@fault("unsafe-terraform-apply", GITHUB, GITLAB, AZURE, CIRCLE, JENKINS)
def applies_unseen(draft: Draft, dice: Random) -> bool:
    found = [step for step in draft.scripts if "ship" in step.tags]
    if not found or estate.TERRAFORM not in draft.files:
        return False
    found[-1].lines.insert(0, "terraform -chdir=infra apply -auto-approve #@unsafe-terraform-apply")
    return True


@fault("unsafe-ansible-play", *_ONE)
def all_hosts_at_once(draft: Draft, dice: Random) -> bool:
    gone = r"^(- name: Ship .*)\n  hosts: production\n  serial: 1\n  max_fail_percentage: 0"
    return _changed(draft, estate.PLAY, gone, r"\1" + "\n  hosts: production #@unsafe-ansible-play")


@fault("unsafe-ansible-play", *_ONE)
def appends_again(draft: Draft, dice: Random) -> bool:
    return _changed(
        draft,
        estate.PLAY,
        r"    - name: Restart",
        "    - name: Allow\n      ansible.builtin.shell: echo 'app ALL=(ALL) ALL' >> /etc/sudoers #@unsafe-ansible-play\n    - name: Restart",
    )


# --- monitoring -----------------------------------------------------------------------------------------------------


@fault("unreachable-burn-alert", *_ONE)
def one_window(draft: Draft, dice: Random) -> bool:
    if dice.random() < 0.5:
        return _changed(
            draft, estate.RULES, r" and job:errors:ratio_rate1h > \(14\.4 \* 0\.001\)", " #@unreachable-burn-alert"
        )
    return _changed(draft, estate.RULES, r"> \(14\.4 \* 0\.001\) and job:errors:ratio_rate1h > \(14\.4 \* 0\.001\)",
                    "> (14.4 * 0.1) and job:errors:ratio_rate1h > (14.4 * 0.1) #@unreachable-burn-alert")  # fmt: skip


@fault("no-slo", *_ONE)
def no_objective(draft: Draft, dice: Random) -> bool:
    burning = r"ErrorBudgetBurn\n        expr: .*\n        for: 2m"
    often = 'TooManyErrors\\n        expr: sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m])) > 0.05\\n        for: 10m'
    if not _changed(draft, estate.RULES, burning, often):
        return False
    draft.files[estate.RULES] = draft.files[estate.RULES].replace("burns its error budget", "answers with errors")
    return _whole(draft, estate.RULES, "no-slo")


@fault("incomplete-alert", *_ONE)
def alert_without_words(draft: Draft, dice: Random) -> bool:
    if dice.random() < 0.5:
        return _changed(draft, estate.RULES, r"          severity: ticket\n", "") and _changed(
            draft, estate.RULES, r"- alert: InstanceDown", "- alert: InstanceDown #@incomplete-alert"
        )
    return _changed(draft, estate.RULES, r"(        expr: up\{.*\} == 0)\n        for: 5m", r"\1 #@incomplete-alert")


@fault("wrong-promql", *_ONE)
def wrong_query(draft: Draft, dice: Random) -> bool:
    wrong = dice.choice(
        (
            r"sum(rate(http_requests_total[5m]) by (code)",
            r"rate(process_resident_memory_bytes[5m]) > 1000000",
            r"histogram_quantile(0.9, sum(rate(http_request_duration_seconds_bucket[5m]))) > 1",
        )
    )
    return _changed(draft, estate.RULES, r"        expr: up\{.*\} == 0", f"        expr: {wrong} #@wrong-promql")


@fault("alert-to-nobody", *_ONE)
def receiver_that_is_not(draft: Draft, dice: Random) -> bool:
    return _changed(
        draft,
        estate.ROUTES,
        r"      receiver: tickets",
        f"      receiver: {dice.choice(('ticket', 'team-pager', 'slack'))} #@alert-to-nobody",
    )


@fault("incomplete-dashboard", *_ONE)
def releases_unseen(draft: Draft, dice: Random) -> bool:
    if estate.BOARD not in draft.files:
        return False
    board = json.loads(draft.files[estate.BOARD])
    board["annotations"] = {"list": []}
    draft.files[estate.BOARD] = json.dumps(board, indent=2) + "\n"
    return _whole(draft, estate.BOARD, "incomplete-dashboard")


@fault("flag-without-expiry", *_ONE)
def flag_for_ever(draft: Draft, dice: Random) -> bool:
    if estate.FLAGS not in draft.files:
        return False
    flags = json.loads(draft.files[estate.FLAGS])
    del flags["flags"]["new-checkout"]["metadata"]["expires"]
    draft.files[estate.FLAGS] = json.dumps(flags, indent=2) + "\n"
    return _whole(draft, estate.FLAGS, "flag-without-expiry")


# --- what is shipped, and who is asked ------------------------------------------------------------------------------


@fault("untraceable-version")
def only_words(draft: Draft, dice: Random) -> bool:
    jobs = draft.kinds("image")
    if not jobs:
        return False
    draft.without("provenance")  # an attestation names the commit
    draft.marks.add("no-provenance")
    word = dice.choice(("latest", "staging"))
    for step in jobs[0].steps:
        pushes = any("docker buildx build --push" in line for line in step.lines)
        step.lines = [re.sub(r" --label \S+", "", line).replace(":$REVISION", f":{word}") for line in step.lines]
        step.lines[-1:] = [step.lines[-1] + " #@untraceable-version"] if pushes else step.lines[-1:]
    return True


@fault("mutable-version")
def ships_what_moves(draft: Draft, dice: Random) -> bool:
    found = [step for step in draft.scripts if "ship" in step.tags and "$REVISION" in step.lines[0]]
    if not found:
        return False
    found[-1].lines[0] = (
        found[-1].lines[0].replace("$REVISION", dice.choice(("latest", "latest"))) + " #@mutable-version"
    )
    return True


@fault("image-rebuilt-per-environment")
def built_twice(draft: Draft, dice: Random) -> bool:
    jobs = draft.kinds("deploy")
    if len(jobs) < 2:
        return False
    for job in jobs:
        mark = " #@image-rebuilt-per-environment" if job is jobs[-1] else ""
        job.steps.insert(
            1,
            Step(
                lines=[f"docker build -t registry.acme.example/team/{draft.name}:{job.environment}-$REVISION .{mark}"]
            ),
        )
    return True


@fault("promotion-by-rebuild")
def packed_twice(draft: Draft, dice: Random) -> bool:
    jobs = draft.kinds("deploy")
    build = {"node": "npm run build", "go": "go build ./cmd/..."}  # others would also download anew
    if len(jobs) < 2 or draft.language not in build:
        return False
    for job in jobs:
        job.steps.insert(
            1, Step(lines=[build[draft.language] + (" #@promotion-by-rebuild" if job is jobs[-1] else "")])
        )
    return True


@fault("promotion-by-rebuild")
def copied_by_hand(draft: Draft, dice: Random) -> bool:
    jobs = draft.kinds("deploy")
    if not jobs:
        return False
    jobs[-1].steps.insert(
        1,
        Step(
            lines=[
                f"aws s3 sync s3://acme-{draft.name}-staging s3://acme-{draft.name}-production #@promotion-by-rebuild"
            ]
        ),
    )
    return True


@fault("unsafe-ci-setting", GITHUB, GITLAB, AZURE, CIRCLE, JENKINS, TEKTON)
def protection_off(draft: Draft, dice: Random) -> bool:
    name, value = dice.choice(
        (("NODE_TLS_REJECT_UNAUTHORIZED", "0"), ("GIT_SSL_NO_VERIFY", "true"), ("PYTHONHTTPSVERIFY", "0"))
    )
    job = dice.choice(draft.kinds("test", "build"))
    step = dice.choice([step for step in job.steps if not step.use])
    step.env[name] = value + " #@unsafe-ci-setting"
    return True


@fault("no-dependency-updates")
def nobody_raises(draft: Draft, dice: Random) -> bool:
    if not draft.kinds("image", "deploy"):
        return False
    del draft.files["renovate.json"]
    return _whole(draft, "", "no-dependency-updates")


@fault("not-reproducible")
def whatever_is_newest(draft: Draft, dice: Random) -> bool:
    jobs = draft.kinds("image")
    if not jobs:
        return False
    line = dice.choice(("pip install awscli", "npm install -g serverless", "go install github.com/acme/tool@latest"))
    dice.choice(jobs).steps.insert(1, Step(lines=[line + " #@not-reproducible"]))
    return True


@fault("serial-jobs", GITHUB, GITLAB, AZURE, CIRCLE)
def checks_in_a_row(draft: Draft, dice: Random) -> bool:
    jobs = draft.kinds("test")
    if len(jobs) < 2 or draft.language == "java":  # `mvn verify` also packages
        return False
    jobs[1].needs = [jobs[0].id]
    if draft.system == CIRCLE:  # the order stands in the workflow there
        draft.marks.add("serial-jobs")
    else:
        jobs[1].marks.add("serial-jobs")
    return True


@fault("click-operations", *_ONE)
def by_hand(draft: Draft, dice: Random) -> bool:
    if not draft.kinds("deploy"):
        return False
    line = dice.choice(
        (
            "1. Log in to the production server with `ssh deploy@app.acme.example`.",
            "Copy the archive with `scp app.tgz deploy@app.acme.example:/srv`.",
            "Click on *Deploy* in the console.",
        )
    )
    draft.files["README.md"] += f"\n## Deployment\n\n{line} #@click-operations\n"
    return True


@fault("copied-pipeline", GITHUB)
def copied(draft: Draft, dice: Random) -> bool:
    draft.copies.append(".github/workflows/nightly.yml")
    return _whole(draft, ".github/workflows/nightly.yml", "copied-pipeline")
