"""Sound projects of many shapes: libraries, services that ship images, services that are deployed; six languages; dice choose the rest."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from bench.labelled import estate
from bench.labelled.draft import Draft, Job, Step

SYSTEMS = ("github_actions", "gitlab_ci", "jenkins", "azure_pipelines", "circleci", "tekton", "teamcity")
_NAMES = (
    "shop", "ledger", "atlas", "beacon", "courier", "harbor-api", "invoice", "lantern", "meridian", "notify", "orders", "pricing",
    "quill", "router", "search", "tracker", "uploads", "vault-ui", "weather", "payments",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Language:
    """How one language's projects are built. `keep`: the folder of downloads, `lock`: the file that names the dependencies."""

    image: str
    install: tuple[str, ...]
    tests: tuple[str, ...]
    lint: tuple[str, ...]
    build: tuple[str, ...]
    keep: str
    lock: str
    manifest: str


LANGUAGES = {
    "node": Language("node:24.11.0-bookworm-slim", ("npm ci",), ("npm test", "npm run test:unit -- --ci"), ("npm run lint", "npx eslint ."),
                     ("npm run build",), ".npm", "package-lock.json", "package.json"),
    "python": Language("python:3.13.1-slim", ("pip install -r requirements.txt", "pip install --require-hashes -r requirements.txt"),
                       ("pytest -q", "python -m pytest tests"), ("ruff check .", "flake8 src"), ("python -m build",), ".cache/pip", "requirements.txt", "requirements.txt"),
    "go": Language("golang:1.25.1-bookworm", ("go mod download",), ("go test ./...", "go test -race ./..."), ("go vet ./...",), ("go build ./cmd/...",),
                   ".go/pkg/mod", "go.sum", "go.mod"),
    "java": Language("maven:3.9.9-eclipse-temurin-21", ("mvn -B -q dependency:go-offline",), ("mvn -B verify", "mvn -B test"), ("mvn -B checkstyle:check",),
                     ("mvn -B package -DskipTests",), ".m2/repository", "pom.xml", "pom.xml"),
    "ruby": Language("ruby:3.4.1-slim", ("bundle install",), ("bundle exec rspec",), ("bundle exec rubocop",), ("bundle exec rake build",), "vendor/bundle",
                     "Gemfile.lock", "Gemfile"),
    "rust": Language("rust:1.90.0-slim", ("cargo fetch --locked",), ("cargo test --locked",), ("cargo clippy --locked -- -D warnings",), ("cargo build --release --locked",),
                     ".cargo/registry", "Cargo.lock", "Cargo.toml"),
}  # fmt: skip


def digest(dice: Random, size: int = 64) -> str:
    return "".join(dice.choices("0123456789abcdef", k=size))


def pinned(image: str, dice: Random) -> str:
    return f"{image}@sha256:{digest(dice)}"


def draft(system: str, dice: Random) -> Draft:
    """A sound repository with a pipeline for this system."""
    language = dice.choice(list(LANGUAGES))
    known = LANGUAGES[language]
    shape = dice.choice(("library", "library", "image", "service", "service", "service"))
    name = dice.choice(_NAMES)
    jobs = _checks(language, dice)
    if shape != "library":
        jobs.append(_image(name, [job.id for job in jobs], dice))
    if shape == "service":
        jobs += _deploys(name, jobs[-1].id, dice)
    made = Draft(system, name, language, jobs, {"push", "pull"} | ({"nightly"} if dice.random() < 0.15 else set()))
    for job in jobs:
        job.image = job.image or pinned(known.image, dice)
        job.timeout = dice.choice((10, 15, 20, 30, 45))
    made.env = {"LOG_LEVEL": dice.choice(("info", "warn")), "REGION": "eu-central-1"} if dice.random() < 0.4 else {}
    made.files = {
        known.lock: "{}\n" if known.lock.endswith("json") else "# locked\n",
        "renovate.json": "{}\n",
        "README.md": f"# {name}\n",
        ".github/CODEOWNERS": "* @acme/delivery\n",
    }
    if known.manifest not in made.files:
        made.files[known.manifest] = "{}\n"
    if shape != "library":
        made.dockerfile = _dockerfile(language, dice)
        made.files[".dockerignore"] = ".git\nnode_modules\n"
    if shape == "service":
        made.files |= estate.files(name, dice)
        made.files["policy/deploy.rego"] = (
            'package main\n\ndeny[msg] { input.replicas < 2; msg := "two replicas at least" }\n'
        )
    return made


def _checks(language: str, dice: Random) -> list[Job]:
    known = LANGUAGES[language]
    setup = [
        Step("checkout"),
        Step("setup", args={"language": language}),
        Step("cache", args={"keep": known.keep, "lock": known.lock, "language": language}),
    ]
    install = Step(
        lines=[known.install[dice.randrange(len(known.install))]], name=dice.choice(("install", "dependencies", ""))
    )

    def job(name: str, kind: str, *lines: str) -> Job:
        steps = [_copy(step) for step in (*setup, install)]
        return Job(name, kind, [*steps, Step(lines=list(lines), name=dice.choice((name, "")))])

    jobs = [job(dice.choice(("test", "unit", "tests", "verify")), "test", dice.choice(known.tests))]
    if dice.random() < 0.6:
        jobs.append(job(dice.choice(("lint", "style", "static")), "test", dice.choice(known.lint)))
    if dice.random() < 0.5:
        jobs.append(job(dice.choice(("build", "package", "compile")), "build", *known.build))
        jobs[-1].needs = [jobs[0].id]
    scan = dice.choice(
        (
            ["gitleaks detect --no-banner --exit-code 1", "osv-scanner --lockfile=" + known.lock],
            ["semgrep ci --error"],
            ["trivy fs --exit-code 1 --severity HIGH,CRITICAL ."],
        )
    )
    jobs.append(
        Job(
            dice.choice(("scan", "security")),
            "scan",
            [Step("checkout"), Step(lines=scan, tags=frozenset({"scan"}))],
            image=pinned("aquasec/trivy:0.67.2", dice),
        )
    )
    jobs[-1].steps[0].tags = frozenset({"scan"})
    return jobs


def _copy(step: Step) -> Step:
    return Step(step.use, list(step.lines), step.name, dict(step.env), dict(step.args), step.tags)


def _image(name: str, needs: list[str], dice: Random) -> Job:
    registry = dice.choice(("ghcr.io/acme", "registry.acme.example/team", "quay.io/acme"))
    tag = f"{registry}/{name}:$REVISION"
    steps = [
        Step("checkout"),
        Step(lines=['echo "$REGISTRY_PASSWORD" | docker login --username ci --password-stdin ' + registry.partition("/")[0]], env={"REGISTRY_PASSWORD": "secret:REGISTRY_PASSWORD"}),
        Step(lines=[f"docker buildx build --push --label org.opencontainers.image.revision=$REVISION -t {tag} ."], name="image"),
        Step(lines=[f"syft {tag} -o spdx-json=sbom.json"], tags=frozenset({"sbom"})),
        Step(lines=[f"cosign attest --yes --type slsaprovenance1 --predicate provenance.json {tag}"], tags=frozenset({"provenance"})),
        Step(lines=[f"otel-cli span --service ci --name image --endpoint $OTEL_EXPORTER_OTLP_ENDPOINT --attrs cicd.pipeline.name={name}"], tags=frozenset({"telemetry"})),
    ]  # fmt: skip
    return Job(
        dice.choice(("image-build", "container", "docker")),
        "image",
        steps,
        list(needs),
        image=pinned("docker:28.5.1-cli", dice),
    )


def _deploys(name: str, needs: str, dice: Random) -> list[Job]:
    jobs: list[Job] = []
    stages = dice.choice((("production",), ("staging", "production"), ("staging", "production")))
    way = dice.choice(("helm", "kubectl"))
    told = dice.choice(
        ('curl --fail -X POST -H "Content-Type: application/cloudevents+json" -d @event.json "$EVENTS_URL/dev.cdevents.service.deployed"',
         "cdevents send service deployed --environment production --id $REVISION", "sentry-cli releases deploys $REVISION new -e production")
    )  # fmt: skip
    for stage in stages:
        host = f"https://{name}.{'' if stage == 'production' else stage + '.'}acme.example"
        if way == "helm":
            ship = [
                f"helm upgrade --install {name} ./chart --namespace {stage} --set image.tag=$REVISION --atomic --timeout 5m"
            ]
        else:
            ship = [
                f"kubectl --namespace {stage} set image deployment/{name} app=ghcr.io/acme/{name}:$REVISION",
                f"kubectl --namespace {stage} rollout status deployment/{name} --timeout=5m || (kubectl --namespace {stage} rollout undo deployment/{name} && exit 1)",
            ]
        steps = [
            Step("checkout"),
            Step(lines=["conftest test chart/ --policy policy/"], tags=frozenset({"policy"})),
            Step(lines=ship, name="ship", tags=frozenset({"ship"})),
            Step(lines=[f"curl --fail --silent --show-error --retry 5 --retry-connrefused {host}/healthz"], name="smoke", tags=frozenset({"smoke"})),
            Step(lines=[told], tags=frozenset({"event"})),
        ]  # fmt: skip
        before = jobs[-1].id if jobs else needs
        jobs.append(
            Job(
                f"deploy-{stage}",
                "deploy",
                steps,
                [before],
                environment=stage,
                lock=True,
                image=pinned("alpine/k8s:1.33.4", dice),
            )
        )
    return jobs


def _dockerfile(language: str, dice: Random) -> list[str]:
    known = LANGUAGES[language]
    install = known.install[0]
    return [
        f"FROM {pinned(known.image, dice)} AS build",
        "WORKDIR /app",
        f"COPY {known.manifest} {known.lock} ./" if known.manifest != known.lock else f"COPY {known.lock} ./",
        f"RUN {install}",
        "COPY . .",
        f"RUN {known.build[0]}",
        f"FROM {pinned('debian:13.1-slim', dice)}",
        "WORKDIR /app",
        "COPY --from=build /app/dist ./dist",
        "USER 1000",
        'ENTRYPOINT ["/app/dist/run"]',
    ]
