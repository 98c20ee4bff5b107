"""What starts which jobs, in every other system: a conversion neither starts more nor less without saying so."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from seaway import registry
from seaway.formats.pipelines import starting
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Binary, Literal, Ref
from seaway.model.loss import LossKind, Written
from seaway.model.pipeline import Globs, Job, Need, Pipeline, System, Trigger, TriggerKind

PUSH, TAG, SCHEDULE = TriggerKind.PUSH, TriggerKind.TAG, TriggerKind.SCHEDULE
IS_PUSH = Binary("==", Ref("event", ("kind",)), Literal("push"))


def converted(system: str, text: str, to: str) -> Written:
    source: Any = registry.load_format("pipelines", system)
    target: Any = registry.load_format("pipelines", to)
    written: Written = target.render(source.parse(textwrap.dedent(text), "x.yml"))
    return written


CIRCLE = """\
    version: 2.1
    jobs:
      test: {docker: [{image: a:1}], steps: [{run: make test}]}
      scan: {docker: [{image: a:1}], steps: [{run: make scan}]}
      soak: {docker: [{image: a:1}], steps: [{run: make soak}]}
      ship: {docker: [{image: a:1}], steps: [{run: make ship}]}
    workflows:
      main:
        jobs:
          - test
          - ship: {filters: {tags: {only: /v.*/}, branches: {ignore: /.*/}}}
      nightly:
        triggers: [{schedule: {cron: "0 3 * * *", filters: {branches: {only: main}}}}]
        jobs: [scan]
      weekly:
        triggers: [{schedule: {cron: "0 4 * * 0", filters: {branches: {only: main}}}}]
        jobs: [soak]
    """


def conditions(written: Written, system: str) -> dict[str, str]:
    module: Any = registry.load_format("pipelines", system)
    found: Pipeline = module.parse(written.text, "x.yml")
    texts = {}
    for job in found.jobs:
        rules = " || ".join(rule.condition.text for rule in job.rules if rule.condition)
        texts[job.id] = rules or (job.condition.text if job.condition else "")
    return texts


def test_the_clock_starts_the_jobs_of_its_own_workflow_only() -> None:
    github = conditions(converted("circleci", CIRCLE, "github_actions"), "github_actions")
    assert github["test"].startswith("github.event_name != 'schedule'")
    assert github["scan"] == "github.event_name == 'schedule' && github.event.schedule == '0 3 * * *'"
    assert github["soak"] == "github.event_name == 'schedule' && github.event.schedule == '0 4 * * 0'"
    gitlab = converted("circleci", CIRCLE, "gitlab_ci")
    assert '$CI_PIPELINE_SOURCE != "schedule"' in gitlab.text
    assert any("event.cron" in loss.why for loss in gitlab.losses)
    azure = converted("circleci", CIRCLE, "azure_pipelines").text
    assert "ne(variables['Build.Reason'], 'Schedule')" in azure
    assert "eq(variables['Build.CronSchedule.DisplayName'], '0 3 * * *')" in azure
    assert "displayName: 0 4 * * 0" in azure


def test_a_job_without_a_filter_of_tags_does_not_run_for_tags() -> None:
    github = conditions(converted("circleci", CIRCLE, "github_actions"), "github_actions")
    assert "startsWith(github.ref, 'refs/tags/')" in github["test"] or "github.ref_type" in github["test"]
    azure = conditions(converted("circleci", CIRCLE, "azure_pipelines"), "azure_pipelines")
    assert "refs/tags/" in azure["test"]
    assert azure["ship"] == "and(succeeded(), startsWith(variables['Build.SourceBranch'], 'refs/tags/v'))"


def test_a_circleci_file_with_schedules_comes_back_as_it_was() -> None:
    text = converted("circleci", CIRCLE, "circleci").text
    assert text.count("cron:") == 2
    assert "when:" not in text
    assert text.count("filters:") == 3


def test_pushes_of_branches_stay_pushes_of_branches() -> None:
    one = "version: 2.1\njobs: {build: {docker: [{image: a:1}], steps: [{run: make}]}}\n"
    assert "branches: ['**']" in converted("circleci", one, "github_actions").text
    assert "CI_COMMIT_TAG" not in converted("circleci", one, "gitlab_ci").text
    both = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n"
    assert "tags:\n              only: /.*/" in converted("github_actions", both, "circleci").text
    assert "CI_COMMIT_TAG" not in converted("github_actions", both, "gitlab_ci").text  # GitLab's own habit is the same
    assert "tags:\n    include: ['*']" in converted("github_actions", both, "azure_pipelines").text


GITLAB = """\
    workflow:
      rules:
        - if: $CI_COMMIT_BRANCH == "main"
          changes: [src/**]
        - if: $CI_COMMIT_TAG
    a: {script: make}
    """


def test_paths_of_pushes_stay_beside_tags() -> None:
    written = converted("gitlab_ci", GITLAB, "github_actions")
    assert "paths: [src/**]" in written.text
    assert "tags: ['**']" in written.text


def test_several_pushes_become_one_and_what_starts_more_is_told() -> None:
    rule = '        - if: $CI_COMMIT_BRANCH == "dev"\n          changes: [doc/**]\n'
    text = GITLAB.replace("        - if: $CI_COMMIT_TAG\n", rule)
    for system in ("github_actions", "azure_pipelines"):
        written = converted("gitlab_ci", text, system)
        assert "[main, dev]" in written.text
        assert "[src/**, doc/**]" in written.text
        assert [one.kind for one in written.losses if "several" in one.construct] == [LossKind.APPROXIMATED]


def test_only_a_schedule_starts_only_by_the_clock() -> None:
    text = "on: {schedule: [{cron: '0 3 * * *'}]}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n"
    circle = converted("github_actions", text, "circleci").text
    assert circle.count("- a") == 1
    assert "triggers:" in circle
    hand = converted(
        "github_actions", text.replace("schedule: [{cron: '0 3 * * *'}]", "workflow_dispatch: {}"), "circleci"
    )
    assert "not:\n        equal: [webhook, << pipeline.trigger_source >>]" in hand.text


def test_a_job_of_both_keeps_its_condition_when_the_clock_starts_it() -> None:
    text = """\
    on: {push: {branches: [main]}, schedule: [{cron: '0 3 * * *'}]}
    jobs:
      ship: {if: github.event_name == 'push', needs: test, runs-on: ubuntu-latest, steps: [{run: make ship}]}
      after: {needs: ship, runs-on: ubuntu-latest, steps: [{run: make after}]}
      test: {runs-on: ubuntu-latest, steps: [{run: make test}]}
      night: {if: github.event_name == 'schedule', runs-on: ubuntu-latest, steps: [{run: make night}]}
    """
    found = registry.load_format("pipelines", "circleci").parse(
        converted("github_actions", text, "circleci").text, "x.yml"
    )
    flows: dict[str, list[str]] = {}
    for job in found.jobs:
        flows.setdefault(job.stage, []).append(job.id.removeprefix("scheduled."))
    assert {name: sorted(jobs) for name, jobs in flows.items()} == {
        "main": ["after", "ship", "test"],
        "scheduled": ["night", "test"],
    }


@pytest.mark.parametrize("to", ["gitlab_ci", "azure_pipelines", "github_actions", "jenkins", "teamcity"])
def test_a_file_in_which_nothing_runs_is_told(to: str) -> None:
    text = "version: 2.1\njobs: {compile: {docker: [{image: a:1}], steps: [{run: make}]}}\n"
    losses = converted("circleci", text, to).losses
    assert [one.kind for one in losses if one.construct == "jobs"] == [LossKind.DROPPED]


def _pipeline(*triggers: Trigger) -> Pipeline:
    jobs = (Job("a", needs=()), Job("b", needs=(Need("a"),)), Job("c", needs=()), Job("d", needs=(Need("a"),)))
    return Pipeline(System.TEAMCITY, "x", triggers=triggers, jobs=jobs)


def test_a_trigger_of_some_jobs_starts_them_and_what_they_need() -> None:
    found = starting.asked(_pipeline(Trigger(PUSH, jobs=("b",)), Trigger(SCHEDULE, cron="0 3 * * *", jobs=("c",))))
    asks = {job.id: job.condition.expr if job.condition else None for job in found.jobs}
    assert asks["a"] == asks["b"] == IS_PUSH
    assert asks["c"] == Binary("==", Ref("event", ("kind",)), Literal("schedule"))
    assert [job.id for job in found.jobs if job.manual] == ["d"]
    every = _pipeline(Trigger(PUSH))
    assert starting.asked(every) is every


def test_a_trigger_of_some_branches_is_asked_by_its_jobs() -> None:
    found = starting.asked(
        _pipeline(Trigger(PUSH, jobs=("a", "c")), Trigger(PUSH, branches=Globs(("main",)), jobs=("b",)))
    )
    asks = {job.id: job.condition.expr if job.condition else None for job in found.jobs}
    assert asks["a"] is None
    assert asks["b"] == Binary("==", Ref("git", ("branch",)), Literal("main"))


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (Globs(("a",)), Globs(("b",)), Globs(("a", "b"))),
        (Globs(("a",)), Globs(), Globs()),
        (Globs((), ("x", "y")), Globs(("x",)), Globs((), ("y",))),
        (Globs((), ("x", "y")), Globs((), ("y", "z")), Globs((), ("y",))),
    ],
)
def test_two_filters_let_through_what_either_does(first: Globs, second: Globs, both: Globs) -> None:
    triggers = (Trigger(PUSH, branches=first), Trigger(PUSH, branches=second))
    found = starting.joined(Pipeline(System.GITLAB_CI, "x", triggers=triggers), Losses(), "X")
    assert [one.branches for one in found.triggers] == [both]


def test_nothing_is_looked_for_in_what_has_no_trigger() -> None:
    assert starting.separated(Pipeline(System.JENKINS, "x")).triggers == ()
    assert [one.kind for one in starting.separated(Pipeline(System.TEAMCITY, "x")).triggers] == [TriggerKind.MANUAL]
    tags = Trigger(PUSH, tags=Globs(("v*",)))
    assert [
        one.kind for one in starting.separated(Pipeline(System.GITHUB_ACTIONS, "x", triggers=(tags,))).triggers
    ] == [TAG]


def test_a_job_of_some_branches_runs_for_none_that_starts_nothing() -> None:
    text = """\
    on: {push: {branches: [main, 'rel/**']}}
    jobs:
      one: {if: github.ref == 'refs/heads/main', runs-on: ubuntu-latest, steps: [{run: make one}]}
      odd: {if: github.ref != 'refs/heads/rel/1', runs-on: ubuntu-latest, steps: [{run: make odd}]}
      dev: {if: github.ref == 'refs/heads/dev', runs-on: ubuntu-latest, steps: [{run: make dev}]}
    """
    written = converted("github_actions", text, "circleci")
    found: Pipeline = registry.load_format("pipelines", "circleci").parse(written.text, "x.yml")
    asks = {job.id: str(job.condition.expr) if job.condition else "" for job in found.jobs}
    assert "rel" not in asks["one"]
    assert "main" in asks["odd"]
    assert "main" in asks["dev"]
    assert written.text.count("- when:") + written.text.count("- unless:") == 2  # the steps of the other two ask
    assert len([one for one in written.losses if one.construct == "job condition"]) == 2


def test_a_condition_that_circleci_cannot_say_waits_for_a_person() -> None:
    text = "a:\n  script: make\n  rules:\n    - if: $CI_COMMIT_MESSAGE =~ /ship/\n"
    written = converted("gitlab_ci", text, "circleci")
    assert "approve-a:\n          type: approval" in written.text
    assert [one.kind for one in written.losses if one.construct == "job condition"] == [LossKind.MANUAL]


@pytest.mark.parametrize(
    ("pattern", "github", "azure"),
    [
        ("/skip/i", "contains(github.event.head_commit.message, 'skip')", "contains(variables['Build.SourceVersionMessage'], 'skip')"),
        ("/^rel/", "startsWith(github.event.head_commit.message, 'rel')", "startsWith(variables['Build.SourceVersionMessage'], 'rel')"),
    ],
)  # fmt: skip
def test_a_simple_pattern_is_a_function_of_each_system(pattern: str, github: str, azure: str) -> None:
    text = f"a:\n  script: make\n  rules:\n    - if: $CI_COMMIT_MESSAGE =~ {pattern}\n"
    assert github in converted("gitlab_ci", text, "github_actions").text
    assert azure in converted("gitlab_ci", text, "azure_pipelines").text


def test_the_name_of_branch_or_tag_is_asked_in_every_system() -> None:
    text = "a:\n  script: make\n  except: [/^docs.*$/]\n"
    azure = converted("gitlab_ci", text, "azure_pipelines")
    assert "not(or(startsWith(variables['Build.SourceBranch'], 'refs/heads/docs')" in azure.text
    assert not [one for one in azure.losses if "except" in one.construct]
    assert "git_tag }}'.matches('^docs.*$')" in converted("gitlab_ci", text, "tekton").text


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("github_actions", "if: startsWith(github.ref, 'refs/heads/')"),
        ("azure_pipelines", "condition: and(succeeded(), startsWith(variables['Build.SourceBranch'], 'refs/heads/'))"),
        ("circleci", "only: /.*/"),
        ("tekton", "- input: '{{ git_tag }}'\n            operator: in\n            values:\n              - ''"),
    ],
)
@pytest.mark.parametrize("rule", ["rules: [{if: $CI_COMMIT_BRANCH}]", "only: [branches]"])
def test_a_job_for_branches_runs_for_no_tag(to: str, said: str, rule: str) -> None:
    assert said in converted("gitlab_ci", f"a:\n  script: make\n  {rule}\n", to).text


@pytest.mark.parametrize("to", ["azure_pipelines", "circleci"])
def test_a_schedule_without_a_time_is_a_persons_to_make(to: str) -> None:
    written = converted("gitlab_ci", "a:\n  script: make\n  only: [schedules]\n", to)
    assert "cron" not in written.text
    assert [one.kind for one in written.losses if one.construct == "schedule"] == [LossKind.MANUAL]
    assert "make" in written.text


def test_an_empty_cache_keeps_nothing() -> None:
    assert "actions/cache" not in converted("gitlab_ci", "a:\n  script: make\n  cache: {}\n", "github_actions").text


def test_a_pattern_of_circlecis_filters_is_one_of_gitlabs() -> None:
    text = CIRCLE.replace("/v.*/", r"'/^v[0-9]+\/x(\.[0-9]+)$/'")
    written = converted("circleci", text, "gitlab_ci").text
    assert r"$CI_COMMIT_TAG =~ /^v[0-9]+\/x(\.[0-9]+)$/" in written


@pytest.mark.parametrize("to", ["gitlab_ci", "azure_pipelines", "tekton", "github_actions"])
def test_for_branches_and_tags_is_no_condition(to: str) -> None:
    text = """\
    version: 2.1
    jobs: {a: {docker: [{image: x:1}], steps: [{run: make}]}}
    workflows: {main: {jobs: [a: {filters: {tags: {only: /.*/}}}]}}
    """
    found = converted("circleci", text, to)
    module: Any = registry.load_format("pipelines", to)
    job = next(one for one in module.parse(found.text, "x.yml").jobs if one.id.lower() == "a")
    assert job.condition is None
    assert job.rules == ()


RULES = """\
    workflow: {rules: [{if: '$CI_PIPELINE_SOURCE == "merge_request_event"'}, {if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]}
    stages: [build, ship]
    build: {stage: build, script: make}
    ship: {stage: ship, script: ./ship, when: on_failure}
    after: {stage: ship, script: ./after}
    """


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("azure_pipelines", "or(eq(variables['Build.Reason'], 'PullRequest'), eq(variables['Build.SourceBranch'], 'refs/heads/main'))"),
        ("tekton", "'{{ event_type }}' == 'pull_request' || '{{ source_branch }}' == 'main'"),
        ("circleci", "approve-build"),
    ],
)  # fmt: skip
def test_what_decides_whether_there_is_a_run_decides_its_jobs(to: str, said: str) -> None:
    written = converted("gitlab_ci", RULES, to)
    assert said in written.text
    assert [one.kind for one in written.losses if one.construct == "default branch"] == [LossKind.MANUAL]
    github = converted("gitlab_ci", RULES, "github_actions")
    assert "github.event.repository.default_branch" in github.text


def test_several_that_may_fail_are_told_where_all_must() -> None:
    text = "stages: [a, b]\nx: {stage: a, script: x}\ny: {stage: a, script: y}\nmend: {stage: b, script: z, when: on_failure}\n"
    losses = converted("gitlab_ci", text, "circleci").losses
    assert [one.kind for one in losses if one.construct == "needs"] == [LossKind.APPROXIMATED]


def test_an_event_that_says_nothing_more_loses_nothing() -> None:
    text = "on: {pull_request: {}}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n"
    assert not [
        one for one in converted("github_actions", text, "gitlab_ci").losses if one.construct == "on.pull_request"
    ]
    assert "pull_request: {}" in converted("github_actions", text, "github_actions").text


def test_patterns_of_names_are_asked_in_jenkins() -> None:
    written = converted("circleci", CIRCLE, "jenkins")
    assert "tag 'v**'" in written.text
    assert not [one for one in written.losses if "matches" in one.why]
    filters = "{branches: {only: '/rel-[0-9]+|main/'}}"
    text = CIRCLE.replace("{tags: {only: /v.*/}, branches: {ignore: /.*/}}", filters)
    asked = converted("circleci", text, "jenkins").text.partition("stage('ship')")[2].partition("steps")[0]
    assert "branch pattern: 'rel-[0-9]+|main', comparator: 'REGEXP'" in asked


ODD = """\
    on: push
    jobs:
      a:
        runs-on: ubuntu-latest
        if: github.event.x == 'y' && github.ref == 'refs/heads/main'
        steps: [{run: ./a}]
      b:
        runs-on: ubuntu-latest
        if: github.event.x == 'y' || github.ref == 'refs/heads/main'
        steps: [{run: ./b, if: github.event.z == 'w'}, {run: ./c, if: "github.ref == 'refs/heads/main'"}]
    """


def test_what_jenkins_cannot_ask_does_not_run_until_a_person_has_written_it() -> None:
    written = converted("github_actions", ODD, "jenkins")
    a, b = written.text.partition("stage('a')")[2].split("stage('b')")
    assert "// It ran only where: github.event.x == 'y' && github.ref == 'refs/heads/main'" in written.text
    for word in ("expression { false }", "branch 'main'"):
        assert word in a
    assert "expression { false }" not in b  # one of two is enough
    assert "branch 'main'" in b
    behind = b.partition("if (false) {")[2]
    assert behind.index("./b") < behind.index("}") < behind.index("./c")
    assert "// It ran only where: github.event.z == 'w'" in b
    told = [one.construct for one in written.losses if one.fix == "write the condition; until then it never holds"]
    assert told == ["condition of a", "condition of a step", "condition of b"]
    plain = converted("github_actions", ODD.replace("github.event.x == 'y'", "always()"), "jenkins").text
    assert "expression { false }" not in plain


def _builds(written: str) -> dict[str, str]:
    """What starts each build configuration of TeamCity."""
    parts = written.split("object ")[1:]
    return {one.partition(" :")[0]: one.partition("triggers {")[2].partition("features {")[0] for one in parts}


def test_a_schedule_of_some_jobs_starts_those_in_teamcity() -> None:
    written = converted("circleci", CIRCLE, "teamcity")
    builds = _builds(written.text)
    assert "hour = 3" in builds["Scan"]
    assert "hour = 4" in builds["Soak"]
    for name in ("Test", "Ship"):
        assert "schedule" not in builds[name]
        assert "vcs" in builds[name]
    for name in ("Scan", "Soak"):
        assert "vcs" not in builds[name]
    assert not [one for one in written.losses if "event.kind" in one.why or "event.cron" in one.why]


GITHUB = """\
    on: {push: {branches: [main]}, schedule: [{cron: '0 3 * * *'}]}
    jobs:
      first: {runs-on: ubuntu-latest, if: github.event_name != 'pull_request', steps: [{run: ./first}]}
      nightly: {needs: first, runs-on: ubuntu-latest, if: github.event_name == 'schedule', steps: [{run: ./nightly}]}
      pushed: {needs: first, runs-on: ubuntu-latest, if: github.event_name != 'schedule', steps: [{run: ./pushed}]}
    """


def test_a_trigger_brings_what_its_end_needs_in_teamcity() -> None:
    written = converted("github_actions", GITHUB, "teamcity")
    builds = _builds(written.text)
    assert "vcs" not in builds["Nightly"]
    assert "schedule" in builds["Nightly"]
    assert "schedule" not in builds["Pushed"]
    assert "vcs" in builds["Pushed"]
    assert not builds["First"]
    # Whether a push is a pull request is nothing that a trigger says: that is told as before.
    assert [one.construct for one in written.losses if "event.kind" in one.why] == ["step script: condition"]


def test_a_condition_that_triggers_do_not_decide_stays_in_teamcity() -> None:
    text = GITHUB.replace("needs: first, ", "").replace(
        "github.event_name == 'schedule'", "github.ref == 'refs/heads/main'"
    )
    builds = _builds(converted("github_actions", text, "teamcity").text)
    assert "schedule" in builds["Nightly"]
    assert "vcs" in builds["Nightly"]
    assert 'equals("teamcity.build.branch", "main")' in converted("github_actions", text, "teamcity").text
