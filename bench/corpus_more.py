"""Pipelines at random for the systems other than GitHub Actions. Called by `bench.corpus`."""

from __future__ import annotations

from random import Random

from bench.corpus_words import command, word


def gitlab(dice: Random) -> str:
    """A `.gitlab-ci.yml`."""
    lines = ["stages: [build, test, deploy]", "", "variables:", f"  {word(dice).upper()}: {word(dice)}"]
    lines += [
        f'  IMAGE: "$CI_REGISTRY_IMAGE/{word(dice)}:$CI_COMMIT_SHORT_SHA"',
        "",
        ".base: &base",
        "  image: python:3.12",
    ]
    lines += [
        "  before_script:",
        f"    - {command(dice)}",
        "  cache:",
        "    key: {files: [requirements.txt]}",
        "    paths: [.cache/]",
    ]
    names: list[str] = []
    for number in range(dice.randrange(4, 9)):
        name = f"{word(dice)}-{number}"
        lines += ["", f"{name}:", dice.choice(("  extends: .base", "  <<: *base", "  image: node:22"))]
        lines.append(f"  stage: {dice.choice(('build', 'test', 'deploy'))}")
        if names and dice.random() < 0.4:
            lines.append(f"  needs: [{dice.choice(names)}]")
        if dice.random() < 0.48:
            lines += [
                "  rules:",
                '    - if: $CI_COMMIT_BRANCH == "main" && $CI_PIPELINE_SOURCE != "schedule"',
                "      when: manual",
            ]
            lines.append(f"    - changes: [{word(dice)}/**/*]")
        if dice.random() < 0.43:
            lines += ["  artifacts:", f"    paths: [{word(dice)}/]", "    expire_in: 1 week"]
        lines.append("  script:")
        lines += [f"    - {command(dice)}" for _ in range(dice.randrange(1, 4))]
        names.append(name)
    return "\n".join(lines) + "\n"


def azure(dice: Random) -> str:
    """An `azure-pipelines.yml`."""
    lines = [
        "trigger:",
        "  branches: {include: [main]}",
        "parameters:",
        "- name: env",
        "  type: string",
        "  default: dev",
    ]
    lines += ["variables:", f"  {word(dice)}: {word(dice)}", "stages:"]
    for number in range(dice.randrange(1, 4)):
        lines += [f"- stage: {word(dice)}_{number}", "  jobs:"]
        for inner in range(dice.randrange(1, 3)):
            lines += [f"  - job: {word(dice)}_{inner}", "    pool: {vmImage: ubuntu-latest}"]
            if dice.random() < 0.3:
                lines.append("    condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))")
            lines.append("    steps:")
            for _ in range(dice.randrange(3, 7)):
                lines += _azure_step(dice)
    return "\n".join(lines) + "\n"


def _azure_step(dice: Random) -> list[str]:
    kind = dice.random()
    if kind < 0.3:
        return [
            "    - task: UsePythonVersion@0",
            "      inputs: {versionSpec: '3.12'}",
            f"      displayName: {word(dice)}",
        ]
    if kind < 0.4:
        return ["    - ${{ if eq(parameters.env, 'prod') }}:", f"      - script: {command(dice)}"]
    return [
        f"    - script: {command(dice)} $(Build.BuildId)",
        f"      displayName: {word(dice).title()} the {word(dice)}",
    ]


def circleci(dice: Random) -> str:
    """A `.circleci/config.yml`."""
    lines = [
        "version: 2.1",
        "orbs:",
        "  node: circleci/node@5.2.0",
        "parameters:",
        "  deploy: {type: boolean, default: false}",
        "jobs:",
    ]
    names = [f"{word(dice)}-{number}" for number in range(dice.randrange(2, 5))]
    for name in names:
        lines += [
            f"  {name}:",
            "    docker:",
            f"      - image: cimg/{word(dice)}:1.{dice.randrange(90)}",
            "    steps:",
            "      - checkout",
        ]
        lines += ["      - restore_cache:", '          keys: ["v1-{{ checksum \\"lock.json\\" }}", v1-]']
        for _ in range(dice.randrange(2, 5)):
            lines += [
                "      - run:",
                f"          name: {word(dice).title()} << pipeline.number >>",
                f"          command: {command(dice)}",
            ]
        if dice.random() < 0.5:
            lines += ["      - persist_to_workspace:", "          root: .", f"          paths: [{word(dice)}]"]
    lines += ["workflows:", "  main:", "    when: << pipeline.parameters.deploy >>", "    jobs:"]
    for before, name in zip(["", *names], names, strict=False):
        lines += [f"      - {name}:", f"          requires: [{before}]" if before else "          context: shared"]
        lines.append("          filters: {branches: {only: [main, /release.*/]}}")
    return "\n".join(lines) + "\n"


def tekton(dice: Random) -> str:
    """A file with a task and a pipeline."""
    steps = []
    for number in range(dice.randrange(2, 5)):
        steps += [
            f"    - name: {word(dice)}-{number}",
            "      image: python:3.12",
            "      script: |",
            f"        {command(dice)}",
            f"        {command(dice)}",
        ]
    lines = ["apiVersion: tekton.dev/v1", "kind: Task", f"metadata: {{name: {word(dice)}}}", "spec:", "  params:"]
    lines += [
        f"    - {{name: {word(dice)}, type: string, default: {word(dice)}}}",
        "  workspaces:",
        "    - name: source",
        "  steps:",
        *steps,
    ]
    lines += [
        "---",
        "apiVersion: tekton.dev/v1",
        "kind: Pipeline",
        f"metadata: {{name: {word(dice)}}}",
        "spec:",
        "  tasks:",
    ]
    names: list[str] = []
    for number in range(dice.randrange(3, 7)):
        name = f"{word(dice)}-{number}"
        lines += [
            f"    - name: {name}",
            f"      taskRef: {{name: {word(dice)}}}",
            "      params:",
            f"        - {{name: {word(dice)}, value: $(params.{word(dice)})}}",
        ]
        if names:
            lines.append(f"      runAfter: [{dice.choice(names)}]")
        names.append(name)
    return "\n".join(lines) + "\n"


def jenkins(dice: Random) -> str:
    """A declarative Jenkinsfile."""
    lines = [
        "pipeline {",
        "    agent { label 'linux' }",
        "    options { timeout(time: 30, unit: 'MINUTES') }",
        "    environment {",
    ]
    lines += [f"        {word(dice).upper()} = credentials('{word(dice)}')", "    }", "    stages {"]
    for number in range(dice.randrange(3, 7)):
        lines += [f"        stage('{word(dice).title()} {number}') {{"]
        if dice.random() < 0.3:
            lines.append("            when { branch 'main' }")
        lines.append("            steps {")
        for _ in range(dice.randrange(1, 4)):
            text = (
                command(dice)
                .replace("\\", "")
                .replace("'", "")
                .replace("${{", "${")
                .replace("}}", "}")
                .replace('"', "")
            )
            lines.append(f"                sh '{text}'")
        if dice.random() < 0.4:
            lines += [
                "                script {",
                f"                    def {word(dice)} = readFile('{word(dice)}').trim()",
                "                }",
            ]
        lines += ["            }", "        }"]
    lines += [
        "    }",
        "    post {",
        f"        failure {{ mail to: 'a@example.com', subject: \"failed ${{env.JOB_NAME}}\", body: '{word(dice)}' }}",
    ]
    return "\n".join([*lines, "    }", "}"]) + "\n"


def teamcity(dice: Random) -> str:
    """A `settings.kts`: builds of their own, a class with parameters, a loop."""
    lines = ["import jetbrains.buildServer.configs.kotlin.*", "", 'version = "2024.12"', ""]
    names = [f"{word(dice).capitalize()}{number}" for number in range(dice.randrange(2, 5))]
    lines += ["project {", *(f"    buildType({name})" for name in names)]
    if dice.random() < 0.19:
        lines += [f'    for (os in listOf("{word(dice)}", "{word(dice)}")) {{', "        buildType(Check(os))", "    }"]
    lines += [
        "}",
        "",
        "class Check(os: String) : BuildType({",
        '    name = "Check on $os"',
        "    id(name.toId())",
        "})",
    ]
    for number, name in enumerate(names):
        lines += ["", f"object {name} : BuildType({{", f'    name = "{name}"', ""]
        if dice.random() < 0.34:
            lines += ["    params {", f'        param("env.{word(dice).upper()}", "%build.number%")', "    }"]
        lines += ["    vcs {", "        root(DslContext.settingsRoot)", "    }", "    steps {"]
        for _ in range(dice.randrange(1, 4)):
            lines += ["        script {", f'            name = "{word(dice)}"', '            scriptContent = """']
            dollar = "${'$'}"
            lines += [f"                {command(dice).replace('$', dollar)}" for _ in range(dice.randrange(1, 3))]
            lines += ['            """.trimIndent()', "        }"]
        lines += [
            "    }",
            "    triggers {",
            "        vcs {",
            '            branchFilter = "+:main"',
            "        }",
            "    }",
        ]
        if number:
            lines += ["    dependencies {", f"        snapshot({names[number - 1]}) {{"]
            lines += ["            onDependencyFailure = FailureAction.FAIL_TO_START", "        }", "    }"]
        lines.append("})")
    return "\n".join(lines) + "\n"
