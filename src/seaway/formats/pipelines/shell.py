"""What a shell script reads from its environment, and how expressions stand in one. Called by readers and writers of pipelines.

A writer keeps scripts as they are. What a script needs of the system it came from, such as `$CI_COMMIT_SHA`, the writer gives
it under the old name: `predefined(system)` says what each name means, `exports` which of them a script uses.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from functools import cache

from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary
from seaway.model.pipeline import System

NAME = r"[A-Za-z_][A-Za-z0-9_]*"

_POSIX = re.compile(rf"\\.|\$\$|\$\{{[!#]?({NAME})|\$({NAME})", re.DOTALL)
_POWERSHELL = re.compile(rf"\$\{{?env:({NAME})", re.IGNORECASE)
_CMD = re.compile(rf"%({NAME})%|!({NAME})!")
_CMD_LIKELY = re.compile(r"%([A-Z_][A-Z0-9_]+)%")
_NAMED = re.compile(rf"""(?:['"]|printenv +|environ\.|env\.)({NAME})\b""")
_LEAKS = re.compile(
    r"(?:^|[;&|\n(]|\b(?:then|do|else)\b)\s*(?:(?:cd|pushd|popd|export|unset|set|shopt|source|\.|alias|trap|exec|exit|umask"
    r"|eval|declare|local|readonly|return|function|ulimit|read|mapfile|conda|nvm|pyenv)(?=[\s;)]|$)|"
    + NAME
    + r"\+?=|"
    + NAME
    + r"\s*\(\))"
)
_EMPTY_QUOTES = re.compile(r"''(\"\$\{\w+\}\")''")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_POWERSHELLS = frozenset({"pwsh", "powershell"})
_CMDS = frozenset({"cmd", "bat", "batch"})


def used(script: str, shell: str = "") -> tuple[str, ...]:
    """Names of the variables that a script reads or writes by the syntax of its shell, each once, in order.

    `shell` "" is one of the POSIX family, in which `$env:NAME` and `%NAME%` are noticed too: what calls another shell is
    common. Names in single quotes count: the text may be meant for an inner shell.
    """
    if not ("$" in script or "%" in script or "!" in script):
        return ()
    found: dict[str, None] = {}
    if shell in _CMDS:
        patterns = [_CMD]
    elif shell in _POWERSHELLS:
        patterns = [_POWERSHELL]
    else:
        patterns = [_POSIX, _POWERSHELL, _CMD_LIKELY]
    for pattern in patterns:
        for match in pattern.finditer(script):
            name = next((group for group in match.groups() if group), None)
            if name is not None and not (pattern is _POSIX and name.lower() == "env" and _is_env_prefix(script, match)):
                found[name] = None
    return tuple(found)


def _is_env_prefix(script: str, match: re.Match[str]) -> bool:
    """The `env` of PowerShell's `$env:NAME`."""
    return script[match.end() : match.end() + 1] == ":"


def exports(script: str, table: Mapping[str, Expr | Template], shell: str = "") -> dict[str, Expr | Template]:
    """Those names of the table that the script uses: as variables of its shell, or as a quoted name in a program within it."""
    names = set(used(script, shell))
    names.update(match[1] for match in _NAMED.finditer(script))
    return {name: value for name, value in table.items() if name in names}


@cache
def predefined(system: System) -> Mapping[str, Expr | Template]:
    """Variables that every job of this system finds in its environment -> what they mean. Empty where none are known."""
    package = f"seaway.formats.pipelines.{system.value}"
    try:
        table = importlib.import_module(f"{package}.predefined")
    except ModuleNotFoundError:
        return {}
    found: Mapping[str, Expr | Template] = table.VARIABLES
    return found


def leaks(script: str) -> bool:
    """It may change what the next command of the same shell finds: folder, variables, options, functions."""
    return bool(_LEAKS.search(script))


def quoted(text: str) -> str:
    """The text as one word of a POSIX shell, in quotes only where it needs them."""
    return text if _PLAIN_WORD.fullmatch(text) else "'" + text.replace("'", "'\\''") + "'"


# How a value is reached: the printed form of a reference inside double quotes, such as `${CI_COMMIT_SHA}`, or None for no way.
Printer = Callable[[Expr], str | None]


def double_quoted(text: Text, printer: Printer) -> str | None:
    """The text as one word in double quotes, with its expressions as the shell reaches them; None where one cannot be."""
    found = []
    for part in text.parts if isinstance(text, Template) else (text,):
        if isinstance(part, str):
            found.append(re.sub(r'([\\"$`])', r"\\\1", part))
            continue
        printed = printer(part)
        if printed is None:
            return None
        found.append(printed)
    return f'"{"".join(found)}"'


# Programs that run a script and are no shells -> the command that reads one.
PROGRAMS = {"python": "python3 -", "python3": "python3 -", "perl": "perl -", "node": "node -", "ruby": "ruby -"}
_READS = re.compile(r"\$\{([A-Za-z_]\w*)\}")


def program(name: str) -> str:
    """The command that runs a script of this "shell" where it is no shell, else "". `/usr/bin/env python3` is python3."""
    words = name.split()
    return PROGRAMS.get(words[-1].rpartition("/")[2], "") if words and not words[-1].startswith("-") else ""


def here_document(command: str, script: Text, printer: Printer) -> tuple[str, tuple[Expr, ...]]:
    """A script of another language within one of a POSIX shell. The shell puts the values into its text, as the system did."""
    found: list[str] = []
    lost: list[Expr] = []
    pieces = script.parts if isinstance(script, Template) else (script,)
    filled = any(not isinstance(part, str) for part in pieces)
    for part in pieces:
        printed = None if isinstance(part, str) else printer(part)
        if isinstance(part, str):
            found.append(re.sub(r"([\\$`])", r"\\\1", part) if filled else part)
        elif printed is None:
            lost.append(part)
        else:
            found.append(printed)
    body = "".join(found).rstrip("\n")
    end = "END"
    while re.search(rf"^{end}$", body, re.MULTILINE):
        end += "_"
    mark = end if filled else f"'{end}'"
    return f"{command} <<{mark}\n{body}\n{end}", tuple(lost)


def script_text(script: Text, printer: Printer, shell: str = "") -> tuple[str, tuple[Expr, ...]]:
    """A script whose expressions became variables of its shell, and those that could not.

    The system would have put the values into the text before the shell saw it. In single quotes a variable would stay
    text, so the quotes are closed around it; PowerShell has no such way: there the value is one that could not.
    """
    if isinstance(script, str):
        return script, ()
    if shell in _POWERSHELLS or shell in _CMDS:
        return _elsewhere(script, printer, shell)
    found: list[str] = []
    lost: list[Expr] = []
    quote = ""
    for part in script.parts:
        if isinstance(part, str):
            found.append(part)
            quote = open_quote(part, quote)
            continue
        printed = printer(part)
        if printed is None:
            lost.append(part)
            continue
        found.append(f"'\"{printed}\"'" if quote == "'" else printed)
    return _EMPTY_QUOTES.sub(r"\1", "".join(found)), tuple(lost)


def _elsewhere(script: Template, printer: Printer, shell: str) -> tuple[str, tuple[Expr, ...]]:
    """The same in PowerShell and cmd: `${env:NAME}` and `%NAME%`."""
    spelled = r"%\1%" if shell in _CMDS else r"${env:\1}"
    found: list[str] = []
    lost: list[Expr] = []
    quote = ""
    for part in script.parts:
        if isinstance(part, str):
            found.append(part)
            quote = "" if shell in _CMDS else open_quote(part, quote)
            continue
        printed = printer(part)
        if printed is None or quote == "'":
            lost.append(part)
        else:
            found.append(_READS.sub(spelled, printed))
    return "".join(found), tuple(lost)


def open_quote(before: str, quote: str) -> str:
    """The quote that is open at the end of this shell text, which began within `quote`; "" for none."""
    index = 0
    while index < len(before):
        char = before[index]
        if char == "\\" and quote != "'":
            index += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (index == 0 or before[index - 1] in " \t\n;"):
            end = before.find("\n", index)
            index = len(before) if end < 0 else end
        index += 1
    return quote


def indented(text: str) -> str:
    """Two spaces before each line, where no line is within quotes or a here-document."""
    lines = text.split("\n")
    quote = ""
    for line in lines[:-1]:
        quote = open_quote(line, quote)
        if quote:
            return text
    return text if "<<" in text else "\n".join(f"  {line}" if line else line for line in lines)


def test(expr: Expr, printer: Printer) -> str | None:
    """A condition as a command of a POSIX shell that succeeds when it holds, or None where a shell cannot decide it."""
    if isinstance(expr, Literal):
        return ":" if expr.value not in (None, "", False, 0) else "false"
    if isinstance(expr, Unary) and expr.op == "!":
        inner = test(expr.operand, printer)
        return None if inner is None else f"! {inner}" if _is_simple(expr.operand) else f"! {{ {inner}; }}"
    if isinstance(expr, Binary):
        return _compound(expr, printer) if expr.op in {"&&", "||"} else _comparison(expr, printer)
    if isinstance(expr, Call):
        return _call(expr, printer)
    word = _word(expr, printer)
    return None if word is None else f"[ -n {word} ]"


def _is_simple(expr: Expr) -> bool:
    return not (isinstance(expr, Binary) and expr.op in {"&&", "||"})


def _compound(expr: Binary, printer: Printer) -> str | None:
    sides = []
    for side in (expr.left, expr.right):
        printed = test(side, printer)
        if printed is None:
            return None
        plain = _is_simple(side) or (isinstance(side, Binary) and side.op == expr.op)
        sides.append(printed if plain else f"{{ {printed}; }}")
    return f" {expr.op} ".join(sides)


def _comparison(expr: Binary, printer: Printer) -> str | None:
    signs = {"==": "=", "!=": "!=", "<": "-lt", "<=": "-le", ">": "-gt", ">=": "-ge"}
    left, right = _word(expr.left, printer), _word(expr.right, printer)
    asked = expr.right.value if isinstance(expr.right, Literal) else None
    if isinstance(asked, bool) and expr.op in {"==", "!="} and left is not None:  # some write True, and mean the same
        yes, no = (":", "false") if expr.op == "==" else ("false", ":")
        return f"case {left} in {'[Tt]rue|TRUE' if asked else '[Ff]alse|FALSE'}) {yes} ;; *) {no} ;; esac"
    if expr.op not in signs or left is None or right is None:
        return None
    return f"[ {left} {signs[expr.op]} {right} ]"


def _call(expr: Call, printer: Printer) -> str | None:
    if expr.name in {"contains", "starts_with", "ends_with"} and len(expr.args) == 2:
        text, part = (_word(argument, printer) for argument in expr.args)
        if text is None or part is None:
            return None
        before, behind = "" if expr.name == "starts_with" else "*", "" if expr.name == "ends_with" else "*"
        return f"case {text} in {before}{part}{behind}) : ;; *) false ;; esac"
    return None


def _word(expr: Expr, printer: Printer) -> str | None:
    if isinstance(expr, Literal):
        value = expr.value
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return quoted(text) if text else '""'
    printed = printer(expr) if isinstance(expr, (Ref, Call)) else None
    return None if printed is None else f'"{printed}"'
