"""What looks like a fault and is none: a rule that finds something in it is wrong. One small function each, as in `faults`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench.labelled.draft import Draft, Step
from bench.labelled.faults import AZURE, CIRCLE, GITHUB, GITLAB, JENKINS

Decoy = Callable[[Draft, Random], None]
DECOYS: list[tuple[Decoy, frozenset[str]]] = []


def decoy(*systems: str) -> Callable[[Decoy], Decoy]:
    def keep(function: Decoy) -> Decoy:
        DECOYS.append((function, frozenset(systems)))
        return function

    return keep


def _add(draft: Draft, dice: Random, *lines: str, **env: str) -> None:
    """Into a job that does not fetch the whole history: an unknown command may well read it."""
    jobs = draft.kinds("test", "build")
    shallow = [job for job in jobs if not any("depth" in step.args for step in job.steps)]
    if not shallow:
        return
    dice.choice(shallow).steps.append(Step(lines=list(lines), name=dice.choice(("", "extra")), env=env))


@decoy()
def checked_download(draft: Draft, dice: Random) -> None:
    _add(draft, dice, "curl -fsSLo tool.tgz https://dl.tool.dev/tool-2.1.0.tgz", 'echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  tool.tgz" | sha256sum -c -', "tar -xzf tool.tgz")  # fmt: skip


@decoy()
def pipe_to_reader(draft: Draft, dice: Random) -> None:
    _add(
        draft,
        dice,
        dice.choice(
            (
                "curl -fsS https://status.acme.example/api | jq .",
                "curl -fsSL https://dl.tool.dev/list.txt | grep -c tool",
                "wget -qO- https://dl.tool.dev/notes | tee notes.txt",
            )
        ),
    )


@decoy()
def comment_about_curl(draft: Draft, dice: Random) -> None:
    _add(draft, dice, "# never: curl https://get.tool.dev | sh", "make docs")


@decoy()
def secret_on_stdin(draft: Draft, dice: Random) -> None:
    _add(draft, dice, 'echo "$NPM_PASSWORD" | npm-login --stdin', NPM_PASSWORD="secret:NPM_PASSWORD")


@decoy()
def a_word_like_a_secret(draft: Draft, dice: Random) -> None:
    _add(
        draft,
        dice,
        dice.choice(
            (
                'echo "password reset mails are tested"',
                'echo "no TOKEN here"',
                "make token-docs",
                "grep -r secret docs || exit 1",
            )
        ),
    )


@decoy()
def names_of_secrets(draft: Draft, dice: Random) -> None:
    draft.env |= {
        "TOKEN_URL": "https://login.acme.example/oauth/token",
        "SECRET_NAME": "shop/database",
        "PASSWORD_POLICY": "strict",
    }


@decoy()
def test_password(draft: Draft, dice: Random) -> None:
    _add(draft, dice, "make integration", POSTGRES_PASSWORD=dice.choice(("postgres", "test", "example", "changeme")))


@decoy()
def a_digest(draft: Draft, dice: Random) -> None:
    draft.env |= {
        "TOOL_SHA256": "".join(dice.choices("0123456789abcdef", k=64)),
        "BASE_COMMIT": "".join(dice.choices("0123456789abcdef", k=40)),
    }


@decoy()
def cleans_up(draft: Draft, dice: Random) -> None:
    _add(
        draft,
        dice,
        dice.choice(
            (
                "docker rm -f scratch || true",
                "rm -rf tmp || true",
                "pkill -f emulator || true",
                "docker network rm ci || true",
            )
        ),
    )


@decoy(GITHUB)
def sha_in_script(draft: Draft, dice: Random) -> None:
    _add(
        draft,
        dice,
        dice.choice(
            (
                'echo "${{ github.sha }} on ${{ github.run_number }}"',
                './tag.sh "${{ github.repository }}"',
                'echo "${{ github.event.pull_request.number }}"',
            )
        ),
    )


@decoy(GITHUB)
def title_in_variable(draft: Draft, dice: Random) -> None:
    _add(draft, dice, './check-title.sh "$TITLE"', TITLE="${{ github.event.pull_request.title }}")


@decoy(GITHUB)
def history_that_is_read(draft: Draft, dice: Random) -> None:
    job = dice.choice(draft.kinds("test"))
    checkout = next(step for step in job.steps if step.use == "checkout")
    if "depth" in checkout.args:
        return
    checkout.args["depth"] = "0"
    job.steps.append(
        Step(
            lines=[
                dice.choice(
                    (
                        "git describe --tags",
                        "git log --oneline origin/main..HEAD",
                        "git diff --name-only origin/main...HEAD",
                    )
                )
            ]
        )
    )


@decoy(GITHUB)
def token_of_the_run(draft: Draft, dice: Random) -> None:
    _add(draft, dice, "gh pr view", GH_TOKEN="${{ github.token }}")


@decoy(GITHUB)
def role_of_the_run(draft: Draft, dice: Random) -> None:
    job = dice.choice(draft.kinds("build", "image", "deploy") or draft.kinds("test"))
    job.permissions = {"contents": "read", "id-token": "write"}
    job.steps.append(
        Step(
            "action",
            args={
                "name": "aws-actions/configure-aws-credentials",
                "role-to-assume": "arn:aws:iam::123456789012:role/ci",
                "aws-region": "eu-central-1",
            },
        )
    )


@decoy(GITHUB)
def own_action(draft: Draft, dice: Random) -> None:
    job = dice.choice(draft.kinds("test"))
    job.steps.append(Step(lines=["./.github/scripts/report.sh"]))


@decoy(GITHUB)
def labelled_by_target(draft: Draft, dice: Random) -> None:
    draft.triggers |= {"target"}


@decoy(GITLAB)
def message_as_argument(draft: Draft, dice: Random) -> None:
    _add(draft, dice, './check-title.sh "$CI_COMMIT_TITLE"')


@decoy(JENKINS)
def title_from_environment(draft: Draft, dice: Random) -> None:
    _add(draft, dice, './check-title.sh "$CHANGE_TITLE"')


@decoy(AZURE)
def number_in_macro(draft: Draft, dice: Random) -> None:
    _add(draft, dice, 'echo "$(Build.BuildId) $(Build.SourceVersion)"')


@decoy(CIRCLE)
def revision_in_parameter(draft: Draft, dice: Random) -> None:
    _add(draft, dice, 'echo "<< pipeline.git.revision >> << pipeline.number >>"')


@decoy()
def waits_again(draft: Draft, dice: Random) -> None:
    _add(draft, dice, "for i in 1 2 3 4 5; do nc -z localhost 5432 && break; sleep 2; done")
