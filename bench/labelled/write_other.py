"""Drafts as Jenkinsfiles and as TeamCity settings in Kotlin."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from bench.labelled.draft import Draft, Job, Step, clean, marked


def jenkins(draft: Draft, dice: Random) -> str:
    lines = ["pipeline {" + marked(draft.marks, whole=True), "    agent none", "    options {"]
    lines += (
        [f"        timeout(time: {draft.timeout}, unit: 'MINUTES')"]
        if draft.timeout
        else ["        buildDiscarder(logRotator(numToKeepStr: '30'))"]
    )
    lines += ["        disableConcurrentBuilds()"] if draft.concurrency and not draft.kinds("deploy") else []
    lines += ["    }", "    environment {", '        REVISION = "${env.GIT_COMMIT}"']
    lines += [f"        {name} = '{clean(value)}'{value[len(clean(value)) :]}" for name, value in draft.env.items()]
    lines += ["    }", "    stages {"]
    for job in draft.jobs:
        lines += _stage(job)
    return "\n".join([*lines, "    }", "}"]) + "\n"


def _stage(job: Job) -> list[str]:
    lines = [
        f"        stage('{job.id}') {{" + marked(job.marks),
        f"            agent {{ docker {{ image '{clean(job.image)}' }} }}{job.image[len(clean(job.image)) :]}",
    ]
    if job.kind in {"deploy", "image"}:
        lines.append("            when { branch 'main' }")
    elif job.paths:
        lines.append("            when { changeset '" + job.paths[0] + "' }")
    env = {name: value for step in job.steps for name, value in step.env.items()}
    if env:
        lines.append("            environment {")
        for name, value in env.items():
            bare, mark = clean(value), value[len(clean(value)) :]
            shown = (
                f"credentials('{bare.removeprefix('secret:').lower()}')" if bare.startswith("secret:") else f"'{bare}'"
            )
            lines.append(f"                {name} = {shown}{mark}")
        lines.append("            }")
    lines.append("            steps {")
    body: list[str] = []
    for step in job.steps:
        body += _step(step)
    if job.soft:
        body = [
            f"catchError(buildResult: 'SUCCESS', stageResult: 'UNSTABLE') {{{job.soft}",
            *("    " + line for line in body),
            "}",
        ]
    if job.lock:
        body = [f"lock(resource: '{job.environment or 'deploy'}') {{", *("    " + line for line in body), "}"]
    if job.approval:
        body = [*job.approval.split("\n"), *body]
    return [*lines, *("                " + line for line in body), "            }", "        }"]


def _step(step: Step) -> list[str]:
    if step.use == "checkout":
        return ["checkout scm"]
    if step.use == "fetch":
        what = step.args["what"]
        return [f"copyArtifacts projectName: 'build', filter: '{what}/**', selector: lastSuccessful(){step.mark}"]
    if step.use:
        return []
    quotes = "'''" if step.quoted else '"""'
    step = replace(step, lines=[line.replace("\\", "\\\\") for line in step.lines])
    if len(step.lines) == 1 and step.quoted and "'" not in step.lines[0]:
        bare = clean(step.lines[0])
        return [f"sh '{bare}'{step.lines[0][len(bare) :]}{step.mark}"]
    return [f"sh {quotes}{step.mark}", *("    " + line for line in step.lines), quotes]


def teamcity(draft: Draft, dice: Random) -> str:
    names = {job.id: job.id.title().replace("-", "") for job in draft.jobs}
    lines = ["import jetbrains.buildServer.configs.kotlin.*" + marked(draft.marks, whole=True), "import jetbrains.buildServer.configs.kotlin.buildSteps.script",
             "import jetbrains.buildServer.configs.kotlin.triggers.vcs", "", 'version = "2025.07"', "", "project {"]  # fmt: skip
    lines += [f"    buildType({name})" for name in names.values()] + ["}"]
    for job in draft.jobs:
        lines += [
            "",
            f"object {names[job.id]} : BuildType({{" + marked(job.marks),
            f'    name = "{job.id}"',
            "    vcs {",
            "        root(DslContext.settingsRoot)",
            "    }",
            "    params {",
        ]
        lines += ['        param("env.REVISION", "%build.vcs.number%")']
        for step in job.steps:
            for name, value in step.env.items():
                bare, mark = clean(value), value[len(clean(value)) :]
                shown = (
                    f'password("env.{name}", "credentialsJSON:{dice.getrandbits(64):016x}")'
                    if bare.startswith("secret:")
                    else f'param("env.{name}", "{bare}")'
                )
                lines.append(f"        {shown}{mark}")
        lines += ["    }", "    steps {"]
        for step in job.steps:
            if not step.use:
                lines += [
                    "        script {",
                    f'            scriptContent = """{step.mark}',
                    *("                " + line.replace("$", "${'$'}") for line in step.lines),
                    '            """.trimIndent()',
                    "        }",
                ]
        lines += ["    }"]
        lines += (
            ["    failureConditions {", f"        executionTimeoutMin = {job.timeout}", "    }"] if job.timeout else []
        )
        lines += ["    maxRunningBuilds = 1"] if job.lock else []
        if job.needs:
            lines += ["    dependencies {", *(f"        snapshot({names[need]}) {{ }}" for need in job.needs), "    }"]
        else:
            lines += ["    triggers {", "        vcs { }", "    }"]
        lines.append("})")
    return "\n".join(lines) + "\n"
