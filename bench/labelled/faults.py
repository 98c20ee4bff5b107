"""Faults that are put into sound drafts, one small function each. Written from the rules' pages in docs/reference/rules.md alone.

To add one for a new rule: a function with `@fault("the-rule")` that changes the draft, marks the place with ` #@the-rule` (or the
whole file, see `draft`) and returns whether it could.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench.labelled.draft import Draft, Job, Step
from bench.labelled.projects import LANGUAGES

Operator = Callable[[Draft, Random], bool]
FAULTS: dict[str, list[tuple[Operator, frozenset[str]]]] = {}
GITHUB, GITLAB, JENKINS, AZURE, CIRCLE, TEKTON, TEAMCITY = (
    "github_actions", "gitlab_ci", "jenkins", "azure_pipelines", "circleci", "tekton", "teamcity",
)  # fmt: skip
ALL = (GITHUB, GITLAB, JENKINS, AZURE, CIRCLE, TEKTON, TEAMCITY)


def fault(rule: str, *systems: str) -> Callable[[Operator], Operator]:
    def keep(function: Operator) -> Operator:
        FAULTS.setdefault(rule, []).append((function, frozenset(systems or ALL)))
        return function

    return keep


def _some(jobs: list[Job], dice: Random) -> Job | None:
    return dice.choice(jobs) if jobs else None


def _script(draft: Draft, dice: Random, *kinds: str) -> tuple[Job, Step] | None:
    found = [
        (job, step)
        for job in draft.jobs
        for step in job.steps
        if not step.use and not step.tags and (not kinds or job.kind in kinds)
    ]
    return dice.choice(found) if found else None


def _add(
    draft: Draft, dice: Random, lines: list[str], env: dict[str, str] | None = None, *, quoted: bool = True
) -> bool:
    """A step of its own in one of the jobs that run for every change."""
    job = _some(draft.kinds("test", "build"), dice)
    if job is None:
        return False
    job.steps.append(Step(lines=lines, name=dice.choice(("", "prepare", "report")), env=env or {}, quoted=quoted))
    return True


def _missing(draft: Draft, rule: str) -> bool:
    draft.marks.add(rule)
    return True


# --- velocity -------------------------------------------------------------------------------------------------------


@fault("no-dependency-cache", GITHUB, GITLAB, AZURE, CIRCLE)
def no_cache(draft: Draft, dice: Random) -> bool:
    jobs = [job for job in draft.kinds("test", "build") if any(step.use == "cache" for step in job.steps)]
    if not jobs or draft.language not in ("node", "python", "java", "ruby"):
        return False
    for job in jobs:
        for step in job.steps:
            if step.use == "cache":
                step.args["off"] = "yes"
            if step.use == "setup":
                step.args["cache"] = "no"
    return _missing(draft, "no-dependency-cache")


@fault("cache-key-without-lockfile", GITHUB, AZURE, CIRCLE)
def fixed_key(draft: Draft, dice: Random) -> bool:
    found = [step for job in draft.jobs for step in job.steps if step.use == "cache"]
    if not found:
        return False
    words = {GITHUB: "deps-${{ runner.os }}", AZURE: "'deps | \"$(Agent.OS)\"'", CIRCLE: "deps-v3"}
    for step in found[:1]:
        step.args["key"] = words[draft.system] + " #@cache-key-without-lockfile"
    return True


@fault("no-concurrency", GITHUB, GITLAB)
def goes_on(draft: Draft, dice: Random) -> bool:
    if draft.system == GITHUB and any(job.lock for job in draft.jobs):
        return False  # then there is some `concurrency`
    draft.concurrency = False
    return _missing(draft, "no-concurrency")


@fault("full-clone", GITHUB, GITLAB, AZURE)
def whole_history(draft: Draft, dice: Random) -> bool:
    job = _some(draft.kinds("test"), dice)
    if job is None or (draft.system == GITLAB and draft.language not in ("node", "python", "go")):
        return False
    next(step for step in job.steps if step.use == "checkout").args["depth"] = "0 #@full-clone"
    return True


@fault("retry-hides-failure")
def or_true(draft: Draft, dice: Random) -> bool:
    found = [
        step
        for job in draft.kinds("test")
        for step in job.steps
        if step.lines and step.lines[0] in {*LANGUAGES[draft.language].tests, *LANGUAGES[draft.language].lint}
    ]
    if not found:
        return False
    step = dice.choice(found)
    step.lines[0] += dice.choice((" || true", " || exit 0", " || :")) + " #@retry-hides-failure"
    return True


@fault("retry-hides-failure", GITHUB, GITLAB, JENKINS, AZURE)
def may_fail(draft: Draft, dice: Random) -> bool:
    job = _some(draft.kinds("test"), dice)
    if job is None:
        return False
    job.soft = " #@retry-hides-failure"
    return True


@fault("missing-timeout", GITHUB, AZURE, TEKTON)
def no_limit(draft: Draft, dice: Random) -> bool:
    """On GitHub what is not written is six hours; Azure and Tekton end a job after one unless 0 is written."""
    job = _some(draft.jobs, dice)
    assert job is not None
    job.timeout = None
    job.marks.add("missing-timeout")
    return True


@fault("missing-timeout", JENKINS)
def no_limit_at_all(draft: Draft, dice: Random) -> bool:
    draft.timeout = None
    return _missing(draft, "missing-timeout")


@fault("duplicate-trigger", GITHUB)
def both_triggers(draft: Draft, dice: Random) -> bool:
    draft.triggers |= {"push", "pull", "all-branches"}
    return True


@fault("duplicate-trigger", GITLAB)
def both_pipelines(draft: Draft, dice: Random) -> bool:
    draft.workflow = False
    return _missing(draft, "duplicate-trigger")


# --- safety ---------------------------------------------------------------------------------------------------------


@fault("concurrent-deployments", GITHUB, GITLAB, JENKINS)
def no_lock(draft: Draft, dice: Random) -> bool:
    job = _some(draft.kinds("deploy"), dice)
    if job is None:
        return False
    job.lock = False
    job.marks.add("concurrent-deployments")
    if draft.system == GITHUB:
        draft.concurrency = False
        if not any(one.lock for one in draft.jobs):
            draft.marks.add("no-concurrency")
    return True


@fault("no-automatic-rollback")
def no_way_back(draft: Draft, dice: Random) -> bool:
    found = [step for step in draft.scripts if "ship" in step.tags]
    if not found:
        return False
    for step in found:
        if "helm" in step.lines[0]:
            step.lines[0] = step.lines[0].replace(" --atomic", "") + " #@no-automatic-rollback"
        else:
            step.lines = [step.lines[0] + " #@no-automatic-rollback"]
    return True


@fault("no-smoke-test")
def nobody_asks(draft: Draft, dice: Random) -> bool:
    found = [step for step in draft.scripts if "ship" in step.tags]
    if not found:
        return False
    draft.without("smoke")
    for step in found:
        step.lines[0] += " #@no-smoke-test"
        if "kubectl" in step.lines[0]:  # waiting would be asking
            step.lines = [step.lines[0] + " #@no-automatic-rollback"]
        else:
            step.lines = [step.lines[0].replace(" --atomic", "") + " #@no-automatic-rollback"]
    return True


@fault("migration-in-deploy-step")
def migrates_and_ships(draft: Draft, dice: Random) -> bool:
    found = [step for step in draft.scripts if "ship" in step.tags]
    if not found:
        return False
    tool = dice.choice(
        (
            "python manage.py migrate --noinput",
            "npx prisma migrate deploy",
            "bundle exec rails db:migrate",
            "flyway migrate",
            "alembic upgrade head",
        )
    )
    found[-1].lines.insert(0, f"{tool} #@migration-in-deploy-step")
    return True


@fault("pipeline-without-safeguards", TEKTON)
def nothing_at_the_end(draft: Draft, dice: Random) -> bool:
    if not draft.kinds("deploy"):
        return False
    draft.finally_ = False
    return _missing(draft, "pipeline-without-safeguards")


# --- security -------------------------------------------------------------------------------------------------------


@fault("unpinned-action", GITHUB)
def moving_action(draft: Draft, dice: Random) -> bool:
    name, ref = dice.choice(
        (
            ("acme/setup-tool", "main"),
            ("codecov/codecov-action", "v5"),
            ("acme/notify", "master"),
            ("peaceiris/actions-gh-pages", "v4"),
        )
    )
    job = _some(draft.kinds("test", "build", "image"), dice)
    assert job is not None
    job.steps.append(Step("action", args={"name": name, "ref": ref}, mark=" #@unpinned-action"))
    return True


@fault("unpinned-action", GITLAB, JENKINS, CIRCLE, TEKTON)
def moving_image(draft: Draft, dice: Random) -> bool:
    job = _some(draft.jobs, dice)
    assert job is not None
    base = job.image.partition("@")[0].partition(":")[0]
    job.image = base + dice.choice((":latest", ""))
    if draft.system == TEKTON:
        count = sum(not step.use for step in job.steps)
        if count != 1:  # the image stands at each step there
            job.steps = [step for step in job.steps if step.use] + [
                Step(
                    lines=[line for step in job.steps for line in step.lines],
                    env={name: value for step in job.steps for name, value in step.env.items()},
                )
            ]
    job.image += " #@unpinned-action"
    return True


@fault("script-injection", GITHUB)
def text_of_strangers(draft: Draft, dice: Random) -> bool:
    value = dice.choice(
        (
            "github.event.pull_request.title",
            "github.head_ref",
            "github.event.pull_request.body",
            "github.event.pull_request.head.ref",
            "github.event.head_commit.message",
        )
    )
    line = dice.choice(('echo "{}" > title.txt', 'git log --grep="{}"', "./notify.sh '{}'")).format(
        f"${{{{ {value} }}}}"
    )
    return _add(draft, dice, ["set -eu", line + " #@script-injection"])


@fault("script-injection", GITHUB)
def head_of_strangers(draft: Draft, dice: Random) -> bool:
    draft.triggers |= {"target"}
    draft.triggers -= {"pull"}
    job = draft.kinds("test")[0]
    step = next(step for step in job.steps if step.use == "checkout")
    step.args["head"] = "${{ github.event.pull_request.head.sha }}"
    step.mark = " #@script-injection"
    return True


@fault("script-injection", JENKINS)
def text_in_groovy(draft: Draft, dice: Random) -> bool:
    value = dice.choice(("env.CHANGE_TITLE", "env.CHANGE_BRANCH", "env.CHANGE_AUTHOR_DISPLAY_NAME"))
    return _add(
        draft, dice, ["set -eu", f'./notify.sh "${{{value}}}" #@script-injection'.replace('"', "'")], quoted=False
    )


@fault("script-injection", AZURE)
def text_in_macro(draft: Draft, dice: Random) -> bool:
    value = dice.choice(("Build.SourceVersionMessage", "System.PullRequest.SourceBranch", "Build.SourceBranchName"))
    return _add(draft, dice, ["set -eu", f'echo "change: $({value})" #@script-injection'])


@fault("script-injection", CIRCLE)
def text_in_parameter(draft: Draft, dice: Random) -> bool:
    return _add(draft, dice, ["set -eu", 'echo "on << pipeline.git.branch >>" #@script-injection'])


@fault("script-injection", GITLAB)
def text_evaluated(draft: Draft, dice: Random) -> bool:
    value = dice.choice(("$CI_COMMIT_TITLE", "$CI_MERGE_REQUEST_TITLE", "$CI_COMMIT_MESSAGE"))
    return _add(
        draft,
        dice,
        [
            "set -eu",
            dice.choice((f'eval "notify {value}" #@script-injection', f'bash -c "echo {value}" #@script-injection')),
        ],
    )


@fault("excessive-permissions", GITHUB)
def writes_all(draft: Draft, dice: Random) -> bool:
    draft.permissions, draft.permissions_mark = "write-all", " #@excessive-permissions"
    return True


@fault("excessive-permissions", GITHUB)
def says_nothing(draft: Draft, dice: Random) -> bool:
    draft.permissions = None
    return _missing(draft, "excessive-permissions")


@fault("long-lived-cloud-keys", GITHUB, JENKINS, AZURE, TEKTON)
def keys_in_environment(draft: Draft, dice: Random) -> bool:
    job = _some(draft.kinds("build", "image", "deploy") or draft.kinds("test"), dice)
    assert job is not None
    names = dice.choice(
        (
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            ("AZURE_CLIENT_SECRET",),
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        )
    )
    line = "aws s3 sync dist s3://acme-artifacts/$REVISION" if names[0].startswith("AWS") else "./publish.sh"
    job.steps.append(
        Step(
            lines=[line],
            name="upload",
            env={
                name: f"secret:{name}" + ("" if name.endswith("_ID") else " #@long-lived-cloud-keys") for name in names
            },
        )
    )
    return True


@fault("long-lived-cloud-keys", GITLAB, CIRCLE)
def keys_configured(draft: Draft, dice: Random) -> bool:
    return _add(
        draft,
        dice,
        [
            "aws configure set aws_access_key_id $AWS_ACCESS_KEY_ID",
            "aws configure set aws_secret_access_key $AWS_SECRET_ACCESS_KEY #@long-lived-cloud-keys",
        ],
    )


def _random(dice: Random, size: int, letters: str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnopqrstuvwxyz23456789") -> str:
    return "".join(dice.choices(letters, k=size))


@fault("plaintext-secret", GITHUB, GITLAB, JENKINS, AZURE, CIRCLE, TEKTON)
def token_in_file(draft: Draft, dice: Random) -> bool:
    kinds = (
        ("GITHUB_TOKEN", "ghp_" + _random(dice, 36)),
        ("AWS_KEY", "AKIA" + _random(dice, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
        ("SLACK_TOKEN", "xoxb-" + _random(dice, 12, "0123456789") + "-" + _random(dice, 24)),
        ("GITLAB_TOKEN", "glpat-" + _random(dice, 20)),
    )
    name, value = dice.choice(kinds)
    found = _script(draft, dice)
    if found is None:
        return False
    found[1].env[name] = value + " #@plaintext-secret"
    return True


@fault("plaintext-secret", GITHUB, GITLAB, JENKINS, AZURE, CIRCLE, TEKTON)
def password_in_file(draft: Draft, dice: Random) -> bool:
    found = _script(draft, dice)
    if found is None:
        return False
    found[1].env[dice.choice(("DB_PASSWORD", "API_TOKEN", "SESSION_SECRET", "SIGNING_API_KEY"))] = (
        _random(dice, 26) + str(dice.randrange(10, 99)) + " #@plaintext-secret"
    )
    return True


@fault("secret-in-argv")
def login_by_option(draft: Draft, dice: Random) -> bool:
    line = dice.choice(
        ("docker login -u ci -p $REGISTRY_PASSWORD registry.acme.example", 'docker login --username ci --password "$REGISTRY_PASSWORD" ghcr.io',
         "helm registry login registry.acme.example -u ci --password $REGISTRY_PASSWORD")
    )  # fmt: skip
    return _add(draft, dice, [line + " #@secret-in-argv"], {"REGISTRY_PASSWORD": "secret:REGISTRY_PASSWORD"})


@fault("secret-in-argv")
def printed(draft: Draft, dice: Random) -> bool:
    line = dice.choice(('echo "token is $DEPLOY_TOKEN"', "echo $DEPLOY_TOKEN", 'printf "%s\\n" "$DEPLOY_TOKEN"'))
    return _add(draft, dice, [line + " #@secret-in-argv"], {"DEPLOY_TOKEN": "secret:DEPLOY_TOKEN"})


@fault("secret-in-argv")
def build_argument(draft: Draft, dice: Random) -> bool:
    return _add(
        draft,
        dice,
        ["docker build --build-arg NPM_TOKEN=$NPM_TOKEN -t local/app . #@secret-in-argv"],
        {"NPM_TOKEN": "secret:NPM_TOKEN"},
    )


@fault("self-hosted-on-public-trigger", GITHUB)
def kept_machine(draft: Draft, dice: Random) -> bool:
    job = _some(draft.kinds("test"), dice)
    assert job is not None
    draft.triggers |= {"pull"}
    job.runner = (
        dice.choice(("[self-hosted, linux]", "self-hosted", "[self-hosted, x64, gpu]"))
        + " #@self-hosted-on-public-trigger"
    )
    return True


@fault("curl-pipe-shell")
def run_unread(draft: Draft, dice: Random) -> bool:
    line = dice.choice(
        ("curl -fsSL https://get.tool.dev/install.sh | sh", "curl -sSf https://sh.runtime.dev | bash -s -- -y", "wget -qO- https://tool.dev/setup | sudo bash",
         'bash -c "$(curl -fsSL https://tool.dev/install.sh)"', "bash <(curl -s https://tool.dev/upload.sh)", "curl -s https://bootstrap.tool.dev/get.py | python3 -")
    )  # fmt: skip
    return _add(draft, dice, [line + " #@curl-pipe-shell"])


@fault("curl-pipe-shell")
def unchecked_download(draft: Draft, dice: Random) -> bool:
    return _add(
        draft,
        dice,
        ["curl -fLo tool.tar.gz http://dl.tool.dev/tool-1.4.2.tar.gz #@curl-pipe-shell", "tar -xzf tool.tar.gz"],
    )


def _absent(rule: str, tag: str, *kinds: str) -> Operator:
    def operator(draft: Draft, dice: Random) -> bool:
        if not draft.kinds(*kinds):
            return False
        draft.without(tag)
        if rule == "no-deployment-event":
            for job in draft.kinds("deploy"):
                job.environment = ""
                job.id = job.id.replace("production", "prod")
        if rule == "no-policy-as-code":
            draft.files.pop("policy/deploy.rego", None)
        return _missing(draft, rule)

    return operator


fault("no-security-scan")(_absent("no-security-scan", "scan", "image", "deploy"))
fault("no-sbom")(_absent("no-sbom", "sbom", "image"))
fault("no-provenance")(_absent("no-provenance", "provenance", "image"))
fault("no-pipeline-telemetry", GITHUB, GITLAB, AZURE, CIRCLE)(
    _absent("no-pipeline-telemetry", "telemetry", "image", "deploy")
)
fault("no-policy-as-code")(_absent("no-policy-as-code", "policy", "deploy"))


@fault("no-code-owners", GITHUB, GITLAB)
def nobody_is_asked(draft: Draft, dice: Random) -> bool:
    if not draft.kinds("image", "deploy"):
        return False
    del draft.files[".github/CODEOWNERS"]
    return _missing(draft, "no-code-owners")


@fault("no-deployment-event", JENKINS, CIRCLE, TEKTON)
def nothing_is_told(draft: Draft, dice: Random) -> bool:
    if not draft.kinds("deploy"):
        return False
    draft.without("event")
    return _missing(draft, "no-deployment-event")


# --- Dockerfiles ----------------------------------------------------------------------------------------------------


@fault("dockerfile-layer-order")
def copies_all_first(draft: Draft, dice: Random) -> bool:
    if not draft.dockerfile or draft.language not in ("node", "python", "ruby"):
        return False
    lines = draft.dockerfile
    copied = next(at for at, line in enumerate(lines) if line.startswith("COPY ") and " ./" in line)
    lines[copied] = "COPY . . #@dockerfile-layer-order"
    del lines[copied + 2]
    return True


@fault("heavy-image")
def ships_the_compiler(draft: Draft, dice: Random) -> bool:
    if not draft.dockerfile or draft.language not in ("go", "rust", "java"):
        return False
    at = next(at for at, line in enumerate(draft.dockerfile) if at and line.startswith("FROM"))
    draft.dockerfile = [*draft.dockerfile[:at], "USER 1000", 'ENTRYPOINT ["/app/run"]']
    draft.dockerfile[0] = draft.dockerfile[0].replace(" AS build", " #@heavy-image*")
    return True


@fault("heavy-image")
def nothing_is_ignored(draft: Draft, dice: Random) -> bool:
    if not draft.dockerfile or draft.language not in ("node", "python", "ruby"):
        return False
    at = next(at for at, line in enumerate(draft.dockerfile) if at and line.startswith("FROM"))
    draft.dockerfile[at:] = [
        "FROM " + draft.dockerfile[0].split()[1],
        "WORKDIR /app",
        "COPY . . #@heavy-image",
        "USER 1000",
        'CMD ["run"]',
    ]
    draft.files.pop(".dockerignore", None)
    return True


@fault("unpinned-action")
def moving_base(draft: Draft, dice: Random) -> bool:
    if not draft.dockerfile:
        return False
    at = max(at for at, line in enumerate(draft.dockerfile) if line.startswith("FROM"))
    draft.dockerfile[at] = "FROM debian" + dice.choice((":latest", "")) + " #@unpinned-action"
    return True


@fault("secret-in-argv")
def secret_argument(draft: Draft, dice: Random) -> bool:
    if not draft.dockerfile:
        return False
    at = max(at for at, line in enumerate(draft.dockerfile) if line.startswith("FROM"))
    draft.dockerfile.insert(
        at + 1, dice.choice(("ARG NPM_TOKEN #@secret-in-argv", "ENV API_TOKEN=$TOKEN #@secret-in-argv"))
    )
    return True


# --- governance -----------------------------------------------------------------------------------------------------


@fault("deprecated-syntax", GITHUB)
def old_command(draft: Draft, dice: Random) -> bool:
    line = dice.choice(
        (
            'echo "::set-output name=version::1.2.3"',
            'echo "::save-state name=pid::1"',
            'echo "::set-env name=MODE::ci"',
            'echo "::add-path::/opt/bin"',
        )
    )
    return _add(draft, dice, [line + " #@deprecated-syntax"])


@fault("deprecated-syntax", GITHUB)
def old_machine(draft: Draft, dice: Random) -> bool:
    job = _some(draft.kinds("test"), dice)
    assert job is not None
    job.runner = dice.choice(("ubuntu-20.04", "ubuntu-18.04", "macos-12", "windows-2019")) + " #@deprecated-syntax"
    return True


@fault("deprecated-syntax", AZURE)
def old_pool(draft: Draft, dice: Random) -> bool:
    job = _some(draft.kinds("test"), dice)
    assert job is not None
    job.runner = dice.choice(("ubuntu-20.04", "ubuntu-18.04", "windows-2019", "macOS-12")) + " #@deprecated-syntax"
    return True


@fault("deprecated-syntax", CIRCLE)
def old_image(draft: Draft, dice: Random) -> bool:
    job = _some(draft.kinds("test"), dice)
    assert job is not None
    job.runner = (
        dice.choice(("ubuntu-1604:202104-01", "circleci/classic:201708-01", "ubuntu-1604:201903-01"))
        + " #@deprecated-syntax"
    )
    return True


@fault("deprecated-syntax", TEKTON)
def old_version(draft: Draft, dice: Random) -> bool:
    draft.api = dice.choice(("v1beta1", "v1alpha1"))
    return _missing(draft, "deprecated-syntax")
