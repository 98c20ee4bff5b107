"""Faults in how a change goes its way: every package for every change, approvals that nobody keeps, files that nobody checks, steps by hand.
As `faults`, with their look-alikes.
"""

from __future__ import annotations

from copy import deepcopy
from random import Random

from bench.labelled.decoys import decoy
from bench.labelled.draft import Draft, Job, Step
from bench.labelled.faults import AZURE, CIRCLE, GITHUB, GITLAB, JENKINS, fault

_ONE = (GITHUB, GITLAB)
_MANIFESTS = {
    "node": "package.json",
    "python": "requirements.txt",
    "go": "go.mod",
    "java": "pom.xml",
    "ruby": "Gemfile",
    "rust": "Cargo.toml",
}
_MANY = (GITHUB, GITLAB, JENKINS, AZURE, CIRCLE)

# --- no-path-filter -------------------------------------------------------------------------------------------------


def _packages(draft: Draft, dice: Random) -> list[Job]:
    """The first check once for each of two packages, in the folder of each; empty where that cannot be."""
    first = draft.kinds("test")[0]
    if _is_split(draft) or first.soft:
        return []
    second = deepcopy(first)
    second.id = first.id + "-second"
    draft.jobs.insert(draft.jobs.index(first) + 1, second)
    for job in draft.jobs:
        job.needs += [second.id] if first.id in job.needs else []
    root = dice.choice(("packages", "services", "apps"))
    for job, package in zip((first, second), dice.sample(("api", "web", "worker", "billing"), 2), strict=True):
        folder = f"{root}/{package}"
        draft.files[f"{folder}/{_MANIFESTS[draft.language]}"] = "\n"
        job.paths = [f"{folder}/**"]
        if draft.system == GITHUB and dice.random() < 0.5:
            job.folder = folder
        else:
            _moved(job, folder)
    return [first, second]


def _is_split(draft: Draft) -> bool:
    """It is one of these already: twice would take a fault away again."""
    return (
        bool(draft.paths)
        or any(job.folder for job in draft.jobs)
        or any(step.lines[0].startswith("cd ") for step in draft.scripts)
    )


def _moved(job: Job, folder: str) -> None:
    for step in job.steps:
        if not step.use:
            step.lines = [f"cd {folder}", *step.lines]


@fault("no-path-filter", *_MANY)
def everything_for_all(draft: Draft, dice: Random) -> bool:
    made = _packages(draft, dice)
    for job in made:
        job.paths = []
    draft.marks |= {"no-path-filter"} if made else set()
    return bool(made)


@decoy(GITHUB, GITLAB, JENKINS, AZURE)
def chosen_by_path(draft: Draft, dice: Random) -> None:
    _packages(draft, dice)


@decoy()
def chosen_by_a_tool(draft: Draft, dice: Random) -> None:
    """It knows which packages a change touches."""
    if draft.language != "node":
        return
    made = _packages(draft, dice)
    for job in made:
        job.paths = []
        job.steps[-1].lines = [dice.choice(("npx nx affected -t test", "npx turbo run test --affected"))]


@decoy()
def one_package(draft: Draft, dice: Random) -> None:
    """All in one folder: there is nothing to choose."""
    if _is_split(draft):
        return
    for job in draft.kinds("test"):
        _moved(job, "app")


# --- approval-without-record ----------------------------------------------------------------------------------------

_LIMITED = "timeout(time: 30, unit: 'MINUTES') {{\n    {input}\n}}"


def _production(draft: Draft) -> Job | None:
    found = [job for job in draft.kinds("deploy") if job.environment == "production"]
    return found[0] if found and not any(job.approval for job in draft.jobs) else None


@fault("approval-without-record", JENKINS)
def anybody_says_yes(draft: Draft, dice: Random) -> bool:
    job = _production(draft)
    if job is None:
        return False
    asked = dice.choice(("input 'Ship it?'", "input message: 'Ship it?'", "input message: 'Ship it?', ok: 'Ship'"))
    job.approval = _LIMITED.format(input=asked + " #@approval-without-record")
    return True


@fault("approval-without-record", JENKINS)
def waits_for_ever(draft: Draft, dice: Random) -> bool:
    job = _production(draft)
    if job is None:
        return False
    job.approval = "input message: 'Ship it?', submitter: 'release-managers' #@approval-without-record"
    draft.timeout = None
    draft.marks.add("missing-timeout")
    return True


@fault("approval-without-record", AZURE)
def says_yes_by_itself(draft: Draft, dice: Random) -> bool:
    return _validated(draft, "resume #@approval-without-record")


def _validated(draft: Draft, then: str) -> bool:
    job = _production(draft)
    if job is None:
        return False
    draft.jobs.insert(draft.jobs.index(job), Job("look", "approve", [], list(job.needs), approval=then))
    job.needs = ["look"]
    return True


@fault("approval-without-record", GITLAB)
def pressed_by_somebody(draft: Draft, dice: Random) -> bool:
    job = _production(draft)
    if job is None:
        return False
    job.environment, job.approval = "", " "
    job.marks.add("approval-without-record")
    return True


@decoy(JENKINS)
def somebody_named(draft: Draft, dice: Random) -> None:
    job = _production(draft)
    if job is not None:
        job.approval = _LIMITED.format(
            input="input message: 'Ship it?', submitter: 'release-managers', submitterParameter: 'APPROVER'"
        )


@decoy(AZURE)
def says_no_by_itself(draft: Draft, dice: Random) -> None:
    _validated(draft, "reject")


@decoy(GITLAB)
def pressed_on_the_record(draft: Draft, dice: Random) -> None:
    job = _production(draft)
    if job is not None:
        job.approval = " "


@decoy(GITLAB)
def pressed_for_no_deployment(draft: Draft, dice: Random) -> None:
    """Started by a person, and nothing is let through by it."""
    job = deepcopy(draft.kinds("test")[0])
    job.id, job.steps, job.needs, job.approval = "caches", [Step("checkout"), Step(lines=["./drop-caches.sh"])], [], " "
    job.soft, job.marks = "", set()
    draft.jobs.append(job)


# --- unverified-artifact --------------------------------------------------------------------------------------------

_FETCHING = (GITHUB, JENKINS, AZURE, CIRCLE)


def _handed(draft: Draft, dice: Random, fetched: list[Step], asked: list[Step]) -> bool:
    """What is shipped was fetched, and not checked out."""
    job = _production(draft)
    if job is None or any(step.use == "fetch" or step.name == "fetch" for step in job.steps):
        return False
    at = next(at for at, step in enumerate(job.steps) if "ship" in step.tags)
    step = job.steps[at]
    if step.lines[0].startswith("kubectl"):  # that names an image, and no file
        space = job.environment
        step.lines.insert(0, f"kubectl --namespace {space} apply -f chart/")
    job.steps[at:at] = [*fetched, *asked]
    job.steps = [step for step in job.steps if step.use != "checkout" and "policy" not in step.tags]
    return True


_QUESTIONS = (
    "sha256sum --check --strict chart/SHA256SUMS",
    "cosign verify-blob --bundle chart/chart.bundle --certificate-identity-regexp acme --certificate-oidc-issuer https://issuer.acme.example chart/values.yaml",
    "minisign -Vm chart/values.yaml -p release.pub",
    "gpg --verify chart/SHA256SUMS.asc && sha256sum -c chart/SHA256SUMS",
)


@fault("unverified-artifact", GITHUB, JENKINS, AZURE)
def shipped_as_fetched(draft: Draft, dice: Random) -> bool:
    return _handed(
        draft, dice, [Step("fetch", args={"what": "chart", "other": "yes"}, mark=" #@unverified-artifact")], []
    )


@fault("unverified-artifact", *_FETCHING)
def shipped_from_a_store(draft: Draft, dice: Random) -> bool:
    line = dice.choice(
        (
            "aws s3 cp --recursive s3://acme-build/$REVISION/chart chart",
            "gsutil -m cp -r gs://acme-build/$REVISION/chart .",
        )
    )
    return _handed(draft, dice, [Step(lines=[line + " #@unverified-artifact"], name="fetch")], [])


@decoy(*_FETCHING)
def asked_before_shipping(draft: Draft, dice: Random) -> None:
    questions = [
        *_QUESTIONS,
        *(["gh attestation verify chart/values.yaml --owner acme"] if draft.system == GITHUB else []),
    ]
    _handed(draft, dice, [Step("fetch", args={"what": "chart"})], [Step(lines=[dice.choice(questions)], name="verify")])


@decoy(GITHUB, AZURE, CIRCLE)
def of_the_same_run(draft: Draft, dice: Random) -> None:
    """Over the system's own store: nobody else writes there."""
    _handed(draft, dice, [Step("fetch", args={"what": "chart"})], [])


@decoy(*_FETCHING)
def fetched_to_be_tested(draft: Draft, dice: Random) -> None:
    """Nothing leaves from there."""
    job = dice.choice(draft.kinds("test"))
    job.steps.insert(1, Step("fetch", args={"what": "dist"}))


# --- click-operations -----------------------------------------------------------------------------------------------


@fault("click-operations", *_ONE)
def by_hand_at_night(draft: Draft, dice: Random) -> bool:
    if not draft.kinds("deploy"):
        return False
    line = dice.choice(
        (
            "ssh root@app-1.acme.example systemctl restart app",
            "scp dist/app.tgz deploy@app-1.acme.example:/srv/app/",
            "1. ssh into the production server and pull the new version.",
            "2. Log in to app-1.acme.example and restart the service.",
        )
    )
    title = dice.choice(("Deploying", "Release", "Rolling out", "How to deploy"))
    draft.files["docs/runbook.md"] = f"# Runbook\n\n## {title}\n\n{line} #@click-operations\n"
    return True


@decoy(*_ONE)
def words_about_hands(draft: Draft, dice: Random) -> None:
    draft.files["README.md"] += dice.choice(
        (
            "\n## Development\n\nThe virtual machine answers to `ssh dev@localhost -p 2222`.\n",
            "\n## Usage\n\nLog in with your account, and click on *Orders*.\n",
            "\n## Deployment\n\nEvery merge to main is shipped by the pipeline; nobody logs in to a server.\n",
            "\n## Contributing\n\nClone it with `git clone ssh://git@git.acme.example/app.git`.\n",
        )
    )
