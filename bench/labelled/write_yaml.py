"""Drafts as GitHub Actions, GitLab CI, Azure Pipelines, CircleCI and Tekton files, line by line, in the way people write them."""

from __future__ import annotations

from random import Random

from bench.labelled.draft import Draft, Job, Step, clean, marked
from bench.labelled.projects import LANGUAGES, digest, pinned

_SETUP = {
    "node": ("actions/setup-node", "v6.0.0", ("node-version: 24",), "cache: npm"),
    "python": ("actions/setup-python", "v6.0.0", ('python-version: "3.13"',), "cache: pip"),
    "java": ("actions/setup-java", "v5.0.0", ("distribution: temurin", "java-version: 21"), "cache: maven"),
    "ruby": ("ruby/setup-ruby", "v1.255.0", ('ruby-version: "3.4"',), "bundler-cache: true"),
}
_CACHED = frozenset(_SETUP)


def _plain(line: str) -> bool:
    """It can stand in a file without quotes."""
    bare = clean(line)
    return bare[0].isalpha() and ": " not in bare and " #" not in bare and not bare.endswith(":")


def _block(lines: list[str], pad: str) -> list[str]:
    return [pad + line for line in lines]


def action(name: str, version: str, step: Step, dice: Random) -> str:
    """Pinned, or as the step asks."""
    if "ref" in step.args:
        return f"{name}@{step.args['ref']}"
    return f"{name}@{digest(dice, 40)} # {version}"


# --- GitHub Actions -------------------------------------------------------------------------------------------------


def github(draft: Draft, dice: Random) -> str:
    lines = [f"name: {draft.name}" + marked(draft.marks, whole=True), "on:"]
    if "push" in draft.triggers:
        lines += ["  push:"] if "all-branches" in draft.triggers else ["  push:", "    branches: [main]"]
        lines[-1] += " #@duplicate-trigger" if "all-branches" in draft.triggers else ""
    only = f"    paths: [{', '.join(draft.paths)}]"
    lines += [only] if draft.paths and "push" in draft.triggers else []
    lines += ["  pull_request:"] if "pull" in draft.triggers else []
    lines += [only] if draft.paths and "pull" in draft.triggers else []
    lines += ["  pull_request_target:", "    types: [opened, synchronize]"] if "target" in draft.triggers else []
    lines += ["  issue_comment:", "    types: [created]"] if "issues" in draft.triggers else []
    lines += ["  schedule:", f'    - cron: "{dice.randrange(60)} 3 * * 1"'] if "nightly" in draft.triggers else []
    if draft.permissions == "read":
        lines += ["", "permissions:", "  contents: read"]
    elif draft.permissions:
        lines += ["", f"permissions: {draft.permissions}{draft.permissions_mark}"]
    if draft.concurrency:
        lines += [
            "",
            "concurrency:",
            "  group: ${{ github.workflow }}-${{ github.ref }}",
            "  cancel-in-progress: ${{ github.event_name == 'pull_request' }}",
        ]
    if draft.env:
        lines += ["", "env:", *_env(draft.env, "  ", _github_secret)]
    lines += ["", "jobs:"]
    for job in draft.jobs:
        lines += _github_job(job, dice)
    return "\n".join(lines) + "\n"


def _github_secret(name: str) -> str:
    return f"${{{{ secrets.{name} }}}}"


def _env(env: dict[str, str], pad: str, secret: object) -> list[str]:
    made = []
    for name, value in env.items():
        bare, mark = clean(value), value[len(clean(value)) :]
        shown = secret(bare.removeprefix("secret:")) if bare.startswith("secret:") else f'"{bare}"'  # type: ignore[operator]
        made.append(f"{pad}{name}: {shown}{mark}")
    return made


def _github_job(job: Job, dice: Random) -> list[str]:
    lines = [f"  {job.id}:" + marked(job.marks)]
    if job.needs:
        lines.append(f"    needs: [{', '.join(job.needs)}]")
    if job.kind in {"image", "deploy", "publish"}:
        lines.append("    if: github.event_name == 'push' && github.ref == 'refs/heads/main'")
    if job.matrix:
        lines += ["    strategy:", "      matrix:", f"        version: [{', '.join(job.matrix)}]"]
    lines.append(f"    runs-on: {job.runner or 'ubuntu-24.04'}")
    lines += [f"    timeout-minutes: {job.timeout}"] if job.timeout else []
    lines += [f"    continue-on-error: true{job.soft}"] if job.soft else []
    if job.permissions:
        lines += ["    permissions:", *(f"      {scope}: {right}" for scope, right in job.permissions.items())]
    lines += [f"    environment: {job.environment}"] if job.environment else []
    if job.lock:
        lines += ["    concurrency:", f"      group: {job.environment or 'deploy'}", "      cancel-in-progress: false"]
    elif job.kind == "deploy":
        lines = [line for line in lines if "concurrency" not in line]
    lines += ["    defaults:", "      run:", f"        working-directory: {job.folder}"] if job.folder else []
    lines.append("    steps:")
    for step in job.steps:
        lines += _github_step(step, dice)
    return lines


def _github_step(step: Step, dice: Random) -> list[str]:
    pad = "      "
    if step.use == "checkout":
        lines = [
            f"{pad}- uses: {action('actions/checkout', 'v5.0.0', step, dice)}{step.mark}",
            f"{pad}  with:",
            f"{pad}    persist-credentials: false",
        ]
        lines += [f"{pad}    fetch-depth: {step.args['depth']}"] if "depth" in step.args else []
        return lines + ([f"{pad}    ref: {step.args['head']}"] if "head" in step.args else [])
    if step.use == "setup":
        if step.args["language"] not in _SETUP:
            return []
        name, version, more, cache = _SETUP[step.args["language"]]
        kept = [] if step.args.get("cache") == "no" else [cache]
        return [
            f"{pad}- uses: {action(name, version, step, dice)}{step.mark}",
            f"{pad}  with:",
            *_block([*more, *kept], pad + "    "),
        ]
    if step.use == "cache":
        covered = step.args.get("language") in _CACHED and "key" not in step.args
        if covered or step.args.get("off") == "yes":
            return []
        key = step.args.get("key") or f"deps-${{{{ runner.os }}}}-${{{{ hashFiles('{step.args['lock']}') }}}}"
        return [
            f"{pad}- uses: {action('actions/cache', 'v4.3.0', step, dice)}",
            f"{pad}  with:",
            f"{pad}    path: ~/{step.args['keep']}",
            f"{pad}    key: {key}",
        ]
    if step.use == "fetch":
        lines = [
            f"{pad}- uses: {action('actions/download-artifact', 'v5.0.0', step, dice)}{step.mark}",
            f"{pad}  with:",
        ]
        lines += [f"{pad}    name: {step.args['what']}", f"{pad}    path: {step.args['what']}"]
        return lines + ([f"{pad}    run-id: ${{{{ inputs.run }}}}"] if "other" in step.args else [])
    if step.use == "action":
        lines = [
            f"{pad}- uses: {step.args['name']}@{step.args.get('ref') or digest(dice, 40) + ' # v3.1.0'}{step.mark}"
        ]
        inner = {name: value for name, value in step.args.items() if name not in {"name", "ref"}}
        return lines + (
            [f"{pad}  with:", *(f"{pad}    {name}: {value}" for name, value in inner.items())] if inner else []
        )
    head = f"{pad}- name: {step.name}" if step.name else None
    env = {**({"REVISION": "${{ github.sha }}"} if any("$REVISION" in line for line in step.lines) else {}), **step.env}
    first = pad + ("  " if head else "- ")
    lines = [head] if head else []
    if len(step.lines) == 1 and _plain(step.lines[0]):
        lines.append(f"{first}run: {step.lines[0]}{step.mark}")
    else:
        lines += [f"{first}run: |{step.mark}", *_block(step.lines, pad + "    ")]
    return lines + ([f"{pad}  env:", *_env(env, pad + "    ", _github_secret)] if env else [])


# --- GitLab CI ------------------------------------------------------------------------------------------------------


def gitlab(draft: Draft, dice: Random) -> str:
    stages = list(dict.fromkeys(_stage(job) for job in draft.jobs))
    lines = [f"# {draft.name}" + marked(draft.marks, whole=True), f"stages: [{', '.join(stages)}]"]
    if draft.workflow:
        lines += [
            "",
            "workflow:",
            "  rules:",
            '    - if: $CI_PIPELINE_SOURCE == "merge_request_event"',
            "    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
        ]
    if draft.concurrency:
        lines += ["", "default:", "  interruptible: true"]
    variables = {**draft.env, "REVISION": "$CI_COMMIT_SHA"}
    depth = [step for job in draft.jobs for step in job.steps if step.use == "checkout" and "depth" in step.args]
    if depth:
        bare = clean(depth[0].args["depth"])
        variables["GIT_DEPTH"] = f"{bare}{depth[0].args['depth'][len(bare) :]}"
    lines += ["", "variables:", *_env(variables, "  ", lambda name: f"${name}")]
    for job in draft.jobs:
        lines += ["", *_gitlab_job(job, draft, dice)]
    return "\n".join(lines) + "\n"


def _stage(job: Job) -> str:
    return {"scan": "test", "image": "build", "publish": "build"}.get(job.kind, job.kind)


def _gitlab_job(job: Job, draft: Draft, dice: Random) -> list[str]:
    lines = [f"{job.id}:" + marked(job.marks), f"  stage: {_stage(job)}", f"  image: {job.image}"]
    lines += [f"  needs: [{', '.join(job.needs)}]"] if job.needs and (job.marks or dice.random() < 0.7) else []
    lines += [f"  timeout: {job.timeout}m"] if job.timeout else []
    lines += [f"  allow_failure: true{job.soft}"] if job.soft else []
    secrets = {name: value for step in job.steps for name, value in step.env.items() if not value.startswith("secret:")}
    lines += ["  variables:", *_env(secrets, "    ", str)] if secrets else []
    for step in job.steps:
        if step.use == "cache" and step.args.get("off") != "yes":
            key = (
                ["    key: " + step.args["key"]]
                if "key" in step.args
                else ["    key:", f"      files: [{step.args['lock']}]"]
            )
            lines += ["  cache:", *key, f"    paths: [{step.args['keep']}/]"]
    if job.environment:
        lines += ["  environment:", f"    name: {job.environment}"]
    if job.lock:
        lines.append(f"  resource_group: {job.environment or 'deploy'}")
    lines += _gitlab_rules(job, draft)
    lines.append("  script:")
    for step in job.steps:
        if not step.use:
            lines += _gitlab_script(step)
    return lines


def _gitlab_rules(job: Job, draft: Draft) -> list[str]:
    """When it runs, and whether somebody starts it."""
    if job.kind == "deploy":
        lines = ["  interruptible: false"] if draft.concurrency else []
        lines += ["  rules:", "    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"]
        return [*lines, "      when: manual" + job.approval] if job.approval else lines
    if job.approval:
        return ["  when: manual"]
    if job.paths:
        return ["  rules:", "    - changes:", *(f"        - {path}" for path in job.paths)]
    if not draft.workflow:
        return ["  rules:", '    - if: $CI_PIPELINE_SOURCE == "merge_request_event"', "    - if: $CI_COMMIT_BRANCH"]
    return []


def _gitlab_script(step: Step) -> list[str]:
    if all(_plain(line) for line in step.lines):
        return [f"    - {line}" for line in step.lines]
    return ["    - |", *_block(step.lines, "      ")]


# --- Azure Pipelines ------------------------------------------------------------------------------------------------


def azure(draft: Draft, dice: Random) -> str:
    lines = [
        f"# {draft.name}" + marked(draft.marks, whole=True),
        "trigger:",
        "  branches:",
        "    include: [main]",
        *(["  paths:", f"    include: [{', '.join(draft.paths)}]"] if draft.paths else []),
        "pr:",
        "  branches:",
        "    include: [main]",
        *(["  paths:", f"    include: [{', '.join(draft.paths)}]"] if draft.paths else []),
        "",
    ]
    lines += ["pool:", "  vmImage: ubuntu-24.04", ""]
    env = {**draft.env, "REVISION": "$(Build.SourceVersion)"}
    lines += ["variables:", *_env(env, "  ", lambda name: f"$({name})"), "", "jobs:"]
    for job in draft.jobs:
        lines += _azure_job(job, dice)
    return "\n".join(lines) + "\n"


def _azure_job(job: Job, dice: Random) -> list[str]:
    name = job.id.replace("-", "_")
    ships = bool(job.environment)
    lines = [f"- {'deployment' if ships else 'job'}: {name}" + marked(job.marks), f"  displayName: {job.id}"]
    lines += [f"  dependsOn: [{', '.join(need.replace('-', '_') for need in job.needs)}]"] if job.needs else []
    lines += [f"  timeoutInMinutes: {job.timeout or 0}"]
    lines += [f"  continueOnError: true{job.soft}"] if job.soft else []
    lines += (
        ["  condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))"]
        if job.kind in {"deploy", "image"}
        else []
    )
    lines += ["  pool:", f"    vmImage: {job.runner}"] if job.runner else []
    if job.approval:
        asked = [
            "notifyUsers: release@acme.example",
            "instructions: Look at staging first.",
            f"onTimeout: {job.approval}",
        ]
        task = ["- task: ManualValidation@1", "  timeoutInMinutes: 60", "  inputs:", *_block(asked, "    ")]
        return [*lines, "  pool: server", "  steps:", *_block(task, "  ")]
    pad = "  "
    if ships:
        lines += [f"  environment: {job.environment}", "  strategy:", "    runOnce:", "      deploy:", "        steps:"]
        pad = "        "
    else:
        lines.append("  steps:")
    for step in job.steps:
        lines += _block(_azure_step(step, dice), pad)
    return lines


def _azure_step(step: Step, dice: Random) -> list[str]:
    if step.use == "checkout":
        lines = ["- checkout: self"]
        return lines + ([f"  fetchDepth: {step.args['depth']}"] if "depth" in step.args else ["  fetchDepth: 1"])
    if step.use == "setup":
        tasks = {
            "node": ("UseNode@1", "version: 24.x"),
            "python": ("UsePythonVersion@0", "versionSpec: '3.13'"),
            "go": ("GoTool@0", "version: '1.25.1'"),
        }
        if step.args["language"] not in tasks:
            return []
        task, more = tasks[step.args["language"]]
        return [f"- task: {task}", "  inputs:", f"    {more}"]
    if step.use == "cache":
        if step.args.get("off") == "yes":
            return []
        key = step.args.get("key") or f"'deps | \"$(Agent.OS)\" | {step.args['lock']}'"
        return [
            "- task: Cache@2",
            "  inputs:",
            f"    key: {key}",
            f"    path: $(Pipeline.Workspace)/{step.args['keep']}",
        ]
    if step.use == "fetch":
        what = step.args["what"]
        if "other" in step.args:
            inputs = ["source: specific", "project: acme", "pipeline: 7", f"artifact: {what}", f"path: {what}"]
            return ["- task: DownloadPipelineArtifact@2" + step.mark, "  inputs:", *_block(inputs, "    ")]
        if dice.random() < 0.5:
            return ["- download: current" + step.mark, f"  artifact: {what}"]
        inputs = [f"artifact: {what}", f"path: $(System.DefaultWorkingDirectory)/{what}"]
        return ["- task: DownloadPipelineArtifact@2" + step.mark, "  inputs:", *_block(inputs, "    ")]
    if step.use == "action":
        return []
    lines = [f"- script: |{step.mark}", *_block(step.lines, "    ")]
    lines += [f"  displayName: {step.name}"] if step.name else []
    return lines + (["  env:", *_env(step.env, "    ", lambda name: f"$({name})")] if step.env else [])


# --- CircleCI -------------------------------------------------------------------------------------------------------


def circle(draft: Draft, dice: Random) -> str:
    lines = ["version: 2.1" + marked(draft.marks, whole=True), "", "jobs:"]
    for job in draft.jobs:
        lines += _circle_job(job, draft)
    lines += ["", "workflows:", f"  {draft.name}:", "    jobs:"]
    for job in draft.jobs:
        inner = [f"requires: [{', '.join(job.needs)}]"] if job.needs else []
        inner += [f"serial-group: {draft.name}-{job.environment}"] if job.lock else []
        inner += ["filters:", "  branches:", "    only: main"] if job.kind in {"deploy", "image"} else []
        inner += ["context: [delivery]"] if job.kind in {"deploy", "image"} else []
        lines += [f"      - {job.id}:", *_block(inner, "          ")] if inner else [f"      - {job.id}"]
    return "\n".join(lines) + "\n"


def _circle_job(job: Job, draft: Draft) -> list[str]:
    lines = [f"  {job.id}:" + marked(job.marks)]
    lines += (
        ["    machine:", f"      image: {job.runner}"] if job.runner else ["    docker:", f"      - image: {job.image}"]
    )
    env = {
        **draft.env,
        **{name: value for step in job.steps for name, value in step.env.items() if not value.startswith("secret:")},
    }
    lines += ["    environment:", *_env(env, "      ", str)] if env else []
    lines.append("    steps:")
    saved: list[str] = []
    for step in job.steps:
        if step.use == "checkout":
            lines.append("      - checkout")
        elif step.use == "cache" and step.args.get("off") != "yes":
            bare = step.args.get("key") or f'deps-v1-{{{{ checksum "{step.args["lock"]}" }}}}'
            lines += ["      - restore_cache:", f"          key: {clean(bare)}"]
            saved = ["      - save_cache:", f"          key: {bare}", f"          paths: [~/{step.args['keep']}]"]
        elif step.use == "fetch":
            lines += ["      - attach_workspace:" + step.mark, f"          at: {step.args['what']}"]
        elif not step.use:
            lines += ["      - run:"]
            lines += [f"          name: {step.name}"] if step.name else []
            script = [line.replace("$REVISION", "$CIRCLE_SHA1") for line in step.lines]
            lines += [f"          command: |{step.mark}", *_block(script, "            ")]
            if saved:
                lines, saved = lines + saved, []
    return lines


# --- Tekton ---------------------------------------------------------------------------------------------------------


def tekton(draft: Draft, dice: Random) -> str:
    lines = [
        f"apiVersion: tekton.dev/{draft.api}" + marked(draft.marks, whole=True),
        "kind: Pipeline",
        "metadata:",
        f"  name: {draft.name}",
        "spec:",
    ]
    lines += [
        "  params:",
        "    - name: revision",
        "      type: string",
        "  workspaces:",
        "    - name: source",
        "  tasks:",
    ]
    for job in draft.jobs:
        lines += [f"    - name: {job.id}" + marked(job.marks)]
        lines += [f"      runAfter: [{', '.join(job.needs)}]"] if job.needs else []
        lines += [f'      timeout: "{job.timeout}m"' if job.timeout else '      timeout: "0"']
        lines += [f"      onError: continue{job.soft}"] if job.soft else []
        lines += [
            "      workspaces:",
            "        - name: source",
            "      taskSpec:",
            "        workspaces:",
            "          - name: source",
            "        steps:",
        ]
        for at, step in enumerate(step for step in job.steps if not step.use):
            env = {**draft.env, **step.env}
            lines += [f"          - name: {step.name or 'step-' + str(at)}", f"            image: {job.image}"]
            lines += ["            workingDir: $(workspaces.source.path)"]
            lines += ["            env:"] if env else []
            for name, value in env.items():
                bare, mark = clean(value), value[len(clean(value)) :]
                lines.append(f"              - name: {name}{mark if bare.startswith('secret:') else ''}")
                lines += (
                    [
                        "                valueFrom:",
                        "                  secretKeyRef:",
                        "                    name: delivery",
                        f"                    key: {name.lower()}",
                    ]
                    if bare.startswith("secret:")
                    else [f'                value: "{bare}"{mark}']
                )
            lines += [f"            script: |{step.mark}", "              #!/bin/sh", "              set -eu"]
            lines += _block([line.replace("$REVISION", '"${REVISION}"') for line in step.lines], "              ")
    if draft.kinds("deploy") and draft.finally_:
        image = draft.kinds("deploy")[0].image.partition(" #@")[0]
        lines += [
            "  finally:",
            "    - name: report",
            "      taskSpec:",
            "        steps:",
            "          - name: tell",
            f"            image: {image}",
        ]
        lines += ["            script: |", "              #!/bin/sh", '              ./report.sh "$(tasks.status)"']
    return "\n".join(lines) + "\n"


__all__ = ["LANGUAGES", "azure", "circle", "github", "gitlab", "pinned", "tekton"]
