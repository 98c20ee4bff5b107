"""Set-up components of other systems -> the image that has the tool. Called by `write_job`: on GitLab a job chooses its tools by
its image.
"""

from __future__ import annotations

from seaway.formats.pipelines.gitlab_ci.writing import Writing
from seaway.model.expression import Template, Text
from seaway.model.pipeline import Image, Job, Step, Use

# Component -> image, the input that names the version, the tag without one.
_TOOLS = {
    "actions/setup-node": ("node", "node-version", "lts"),
    "actions/setup-python": ("python", "python-version", "3"),
    "actions/setup-go": ("golang", "go-version", "1"),
    "actions/setup-java": ("eclipse-temurin", "java-version", "21"),
    "actions/setup-dotnet": ("mcr.microsoft.com/dotnet/sdk", "dotnet-version", "8.0"),
    "ruby/setup-ruby": ("ruby", "ruby-version", "3"),
    "shivammathur/setup-php": ("php", "php-version", "8"),
    "oven-sh/setup-bun": ("oven/bun", "bun-version", "1"),
    "dtolnay/rust-toolchain": ("rust", "toolchain", "1"),
}


def is_set_up(step: Step) -> bool:
    """The step installs a tool that an image brings."""
    return isinstance(step.work, Use) and step.work.ref.name in _TOOLS


def image_of(job: Job, writing: Writing) -> Image | None:
    """The image of the first tool that the job sets up; the others are named as what is missing in it."""
    found = [step for step in job.steps if is_set_up(step)]
    if not found:
        return None
    image = _image(found[0])
    for step in found[1:]:
        missing(job, step, str(image.name), writing)
    return image


def missing(job: Job, step: Step, image: str, writing: Writing) -> None:
    """Says that an image must also have a tool."""
    if isinstance(step.work, Use):
        why = f"a job has one image, and {image} need not have what {step.work.ref.name} brings"
        writing.losses.manual(f"{job.id}: {step.work.ref.text}", why, "take an image that has both", step.span)


def _image(step: Step) -> Image:
    use = step.work
    if not isinstance(use, Use):
        return Image("")
    name, key, default = _TOOLS[use.ref.name]
    version: Text = next((one.value for one in use.inputs if one.name == key), "")
    if isinstance(version, Template):
        return Image(Template((f"{name}:", *version.parts)))
    version = version.split()[0].strip("^~>=v\"'") if version.strip() else ""
    version = version.removesuffix(".x").removesuffix(".*").replace("lts/*", "lts")
    return Image(f"{name}:{version or default}")
