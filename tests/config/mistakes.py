"""Files with one mistake each (`^` stands before the place that must be named), and files that look odd but are right.

WRONG: shape mistakes, which the JSON Schema must see as well. LATE: what only the loader can know.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    marked: str
    words: str

    @property
    def text(self) -> str:
        return self.marked.replace("^", "")

    def place(self) -> tuple[int, int]:
        before = whole(self.marked).partition("^")[0]
        return before.count("\n") + 1, len(before) - before.rfind("\n")


def whole(text: str) -> str:
    """`service:` and `environment:` stand for one entry with its usual rest; other text is taken as it is."""
    kind, _, rest = text.partition(" ")
    if kind == "service":
        return f"environments: {{production: {{}}}}\nservices: {{shop: {{command: ./shop, {rest}}}}}\n"
    if kind == "environment":
        return f"services: {{shop: {{command: ./shop}}}}\nenvironments: {{production: {{{rest}}}}}\n"
    if kind == "objective":
        return whole(f"environment objectives: [{{{rest}}}]")
    if kind == "step":
        return whole(f"environment strategy: {{canary: {{steps: [{{{rest}}}]}}}}")
    return text


written = whole

QUERIES = "queries: {requests: 'a{v=~\"$revisions\"}', revision_label: v, status_label: code}"
REMOTE = "environment metrics: {source: prometheus, url: 'http://p:9090', template: http"

SOUND = {
    "a text command": "service environment: {A: b}",
    "weights of every kind": "environment strategy: {canary: {steps: [{set_weight: 0}, {set_weight: 0.0001}, {set_weight: '5'}, {set_weight: 100%}]}}",
    "numbers as words": "service environment: {A: 1, B: 1.5, C: true, D: .inf}",
    "no soak": "environment soak: 0s",
    "an IPv6 address": "environment traffic: {listen: '[::]:443'}",
    "an empty approval": "environment gates: [{approval: {}}]",
    "an empty probe": "service readiness: {tcp: {}}",
    "numbers of instances": "environment strategy: {rolling: {max_surge: 3, max_unavailable: 50%}}",
    "a cookie and a salt": "service sticky: {cookie: side, salt: x}",
    "a source's name": "environment metrics: access_log",
    "a source's name as a key": "environment metrics: {source: envoy}",
    "no keys for metrics": "environment metrics: {}",
    "metrics from elsewhere": f"environment metrics: {{source: prometheus, url: 'http://p:9090/x', {QUERIES}}}",
    "every exclude": "service exclude: [a, '*.b', c/, /d, 'e/**']",
}

WRONG = {
    "unknown key": Mistake("service ^replica: 2", "did you mean replicas?"),
    "camel case": Mistake("step ^setWeight: 5", "did you mean set_weight?"),
    "hyphen": Mistake("service ^stop-grace: 5s", "did you mean stop_grace?"),
    "a key of another section": Mistake("environment ^steps: []", "it belongs below environments.NAME.strategy.canary"),
    "a word nobody knows": Mistake("step ^xyzzy: 5", "known here: set_weight, pause, analysis, hold"),
    "a list for metrics": Mistake("environment ^metrics: [envoy]", "keys are expected here, not a list"),
    "no source": Mistake("environment metrics: ^~", "there is no value"),
    "a strange source": Mistake("environment metrics: ^a/b", "not the name of an adapter"),
    "an address without scheme": Mistake("environment metrics: {url: ^'p:9090'}", "no address like"),
    "a password in an address": Mistake("environment metrics: {url: ^'http://a:b@p:9090'}", "without user"),
    "a query in an address": Mistake("environment metrics: {url: ^'http://p:9090/?a=b'}", "without user"),
    "an unknown template": Mistake("environment metrics: {template: ^isto}", "did you mean istio?"),
    "a token itself": Mistake("environment metrics: {token: ^abc}", "may not stand in this file"),
    "a sum in place of a selector": Mistake(
        "environment metrics: {queries: {requests: ^'sum(a{v=~\"$revisions\"})', revision_label: v, status_label: c}}",
        "this is no selector",
    ),
    "a selector of everything": Mistake(
        "environment metrics: {queries: {requests: ^'a{b=\"c\"}', revision_label: v, status_label: c}}",
        "this is no selector",
    ),
    "a strange label": Mistake(f"{REMOTE}, labels: {{^a-b: c}}}}", "no label's name"),
    "a query without a status": Mistake(
        "environment metrics: {^queries: {requests: 'a{v=~\"$revisions\"}', revision_label: v}}",
        "`status_label` is missing",
    ),
    "unknown section": Mistake(
        "services: {a: {command: x}}\nenvironments: {b: {}}\n^enviroments: {}\n", "environments?"
    ),
    "a missing command": Mistake(
        "environments: {p: {}}\nservices:\n  ^shop: {replicas: 2}\n", "`command` is missing in `services.shop`"
    ),
    "no services": Mistake("^environments: {p: {}}\n", "`services` is missing"),
    "empty services": Mistake("environments: {p: {}}\n^services: {}\n", "it is empty"),
    "a list at the top": Mistake("^- services\n", "keys are expected here, not a list"),
    "a name in capitals": Mistake(
        "environments: {p: {}}\nservices: {^Shop_Web: {command: x}}\n", "did you mean shop-web?"
    ),
    "a long name": Mistake("environments: {p: {}}\nservices: {^" + "a" * 41 + ": {command: x}}\n", "at most 40"),
    "an empty command": Mistake("environments: {p: {}}\nservices: {shop: {^command: []}}\n", "the command is empty"),
    "a text for a list": Mistake(
        "service routes: [{hosts: ^shop.example.com}]", "a list is expected here, not a string"
    ),
    "a list for keys": Mistake("environment ^traffic: [a]", "keys are expected here, not a list"),
    "nothing": Mistake("environment traffic: ^~", "keys are expected here, not nothing"),
    "no value": Mistake("service stop_grace: ^~", "there is no value"),
    "a word for a number": Mistake("service replicas: ^two", "not a whole number"),
    "a quoted number": Mistake("service replicas: ^'2'", "without quotes"),
    "half an instance": Mistake("service replicas: ^1.5", "not a whole number"),
    "no instance": Mistake("service replicas: ^0", "at least 1"),
    "yes": Mistake("service worker: ^yes", "neither true nor false"),
    "a duration without unit": Mistake("environment soak: ^300", "did you mean 300s?"),
    "a strange duration": Mistake("environment soak: ^5 minutes", "write it as"),
    "an empty duration": Mistake("step pause: ^0s", "longer than nothing"),
    "a pause as in Argo": Mistake("step ^pause: {duration: 1m}", "until promoted"),
    "a weight above the whole": Mistake("step set_weight: ^101", "outside 0 to 100 %"),
    "a negative weight": Mistake("step set_weight: ^-1", "outside 0 to 100 %"),
    "two keys in a step": Mistake(
        "environment strategy: {canary: {steps: [^{pause: 5s, hold: x}]}}", "hold and pause exclude each other"
    ),
    "two strategies": Mistake("environment ^strategy: {rolling: {}, blue-green: {}}", "exclude each other"),
    "no strategy": Mistake("environment ^strategy: {}", "exactly one of rolling, blue-green, canary"),
    "no steps": Mistake("environment strategy: {canary: {^steps: []}}", "it is empty"),
    "two probes": Mistake("service ^readiness: {tcp: {}, http: {}}", "exclude each other"),
    "cookie and header": Mistake("service ^sticky: {cookie: a, header: b}", "cookie and header exclude each other"),
    "neither cookie nor header": Mistake("service ^sticky: {salt: a}", "exactly one of cookie, header"),
    "a rate without sign": Mistake("objective success_rate: {at_least: ^0.99}", "write it with its sign"),
    "a rate above the whole": Mistake("objective success_rate: {at_least: ^101%}", "from 0% to 100%"),
    "a limit and a comparison": Mistake(
        "objective ^success_rate: {at_least: 99%, against: stable}", "against and at_least exclude"
    ),
    "neither rate nor latency": Mistake(
        "environment objectives: [^{window: 5s}]", "exactly one of success_rate, latency"
    ),
    "a comparison with another": Mistake("objective latency: {against: ^stabel}", "did you mean stable?"),
    "a strange quantile": Mistake("objective latency: {quantile: ^99, at_most: 5ms}", "p99, p95 or p99.9"),
    "an unknown outcome": Mistake(
        "objective success_rate: {at_least: 9%}, on: {^nodata: hold}", "did you mean no_data?"
    ),
    "an unknown reaction": Mistake(
        "objective success_rate: {at_least: 9%}, on: {fail: ^rollbck}", "did you mean rollback?"
    ),
    "no samples": Mistake("objective success_rate: {at_least: 9%}, min_samples: ^0", "at least 1"),
    "an unknown word": Mistake("environment concurrency: ^superseed", "did you mean supersede?"),
    "a rollback class": Mistake("service before: {command: x, rollback: ^forward_only}", "did you mean forward-only?"),
    "a before without its class": Mistake("service ^before: {command: x}", "`rollback` is missing"),
    "a value for a secret": Mistake("service secrets: {DB: ^hunter2}", "env:NAME"),
    "an unknown provider": Mistake("service secrets: {DB: ^vault:x}", "env:NAME"),
    "a variable's name": Mistake("service environment: {^a-b: c}", "not the name of a variable"),
    "a signal nobody can answer": Mistake("service stop_signal: ^SIGKILL", "no signal that a program can answer"),
    "a port alone": Mistake("environment traffic: {listen: ^8080}", "127.0.0.1:8080"),
    "a host name": Mistake("environment traffic: {listen: ^localhost:8080}", "127.0.0.1:8080"),
    "half of TLS": Mistake("environment traffic: {^tls: {key: x}}", "`certificate` is missing"),
    "a host with a port": Mistake("service routes: [{hosts: [^'a.example.com:80']}]", "without port"),
    "a path without slash": Mistake("service routes: [{paths: [^api]}]", "from the slash on"),
    "an unknown protocol": Mistake("service routes: [{protocol: ^http2}]", "did you mean http/2?"),
    "no routes": Mistake("service ^routes: []", "it is empty"),
    "a time without zone": Mistake("environment gates: [{until: ^'2030-01-31T09:00:00'}]", "a time with its zone"),
    "two kinds of gates": Mistake(
        "environment gates: [^{approval: {}, until: 2030-01-31T09:00:00Z}]", "exclude each other"
    ),
    "engine lost without action": Mistake("environment ^if_engine_lost: {after: 5m}", "`action` is missing"),
    "a pattern that negates": Mistake("service exclude: [^'!keep']", "are not known"),
    "a sink without path": Mistake(
        "services: {a: {command: x}}\nenvironments: {b: {}}\nevents: [^{to: jsonl}]\n", "`path` is missing"
    ),
}

LATE = {
    "a shell's words": Mistake("environments: {p: {}}\nservices: {shop: {command: ^a | b}}\n", "no shell runs this"),
    "quotes that do not close": Mistake(
        'environments: {p: {}}\nservices: {shop: {command: ^"a \'b"}}\n', "cannot be split"
    ),
    "a signal nobody knows": Mistake("service stop_signal: ^SIGTREM", "did you mean SIGTERM?"),
    "an address that is none": Mistake("environment traffic: {listen: ^'999.0.0.1:80'}", "999.0.0.1"),
    "a port that is none": Mistake("environment traffic: {listen: ^'127.0.0.1:99999'}", "no port 99999"),
    "a very long duration": Mistake("environment soak: ^999999999999999999d", "longer than a year"),
    "a very fine duration": Mistake("environment soak: ^0.0001ms", "finer than a millisecond"),
    "a day that is none": Mistake("environment gates: [{until: ^2030-02-31T09:00:00Z}]", "day is out of range"),
    "a tick below the limit": Mistake("environment tick: ^1ms", "outside 100ms to 5m"),
    "a margin without comparison": Mistake("objective ^success_rate: {at_least: 9%, margin: 1%}", "against: stable"),
    "a remote source without an address": Mistake("environment ^metrics: {source: prometheus}", "`url` is missing"),
    "a remote source by its name alone": Mistake("environment metrics: ^prometheus", "`url` is missing"),
    "an address for the gateway's numbers": Mistake("environment ^metrics: {url: 'http://p'}", "it has no url"),
    "neither template nor queries": Mistake(
        "environment ^metrics: {source: prometheus, url: 'http://p'}", "exactly one of template, queries"
    ),
    "both template and queries": Mistake(
        f"environment ^metrics: {{source: prometheus, url: 'http://p', template: http, {QUERIES}}}", "exactly one of"
    ),
    "a user without a password": Mistake(
        f"{REMOTE}, user: me}}".replace(" metrics", " ^metrics"), "`token` is missing"
    ),
    "a pattern that is none": Mistake(
        "environment metrics: {queries: {requests: 'a{v=~\"$revisions\"}', revision_label: v, status_label: c, failed: ^'5('}}",
        "no regular expression",
    ),
    "a revision's pattern without the revision": Mistake(
        "environment metrics: {queries: {requests: 'a{v=~\"$revisions\"}', revision_label: v, status_label: c, "
        "revision_pattern: ^'x'}}",
        "`$revision` is missing",
    ),
    "a port that nobody has": Mistake("environment metrics: {url: ^'http://p:99999'}", "this is no address"),
    "looks between two scrapes": Mistake(f"{REMOTE}}}, tick: ^5s", "nothing new between two scrapes"),
    "a window of too few scrapes": Mistake(
        f"{REMOTE}}}, objectives: [{{success_rate: {{at_least: 9%}}, window: ^30s}}]", "fewer than 4 scrapes"
    ),
    "PORT": Mistake(
        "environments: {p: {}}\nservices: {^shop: {command: x, environment: {PORT: 1}}}\n", "PORT is handed"
    ),
    "a variable twice": Mistake(
        "environments: {p: {}}\nservices: {^shop: {command: x, environment: {A: 1}, secrets: {A: env:A}}}\n", "keep one"
    ),
    "a NUL": Mistake('service environment: {A: ^"a\\0b"}', "U+0000"),
    "a worker with routes": Mistake(
        "environments: {p: {}}\nservices: {^q: {command: x, worker: true, routes: [{}]}}\n", "no routes"
    ),
    "a worker with a port": Mistake(
        "environments: {p: {}}\nservices: {^q: {command: x, worker: true, readiness: {tcp: {}}}}\n",
        "only be a `command`",
    ),
    "a sticky worker": Mistake(
        "environments: {p: {}}\nservices: {^q: {command: x, worker: true, sticky: {cookie: a}}}\n", "no sticky"
    ),
    "two services on every path": Mistake(
        "environments: {p: {}}\nservices: {a: {command: x}, ^b: {command: x}}\n", "taken by services.a.routes[0]"
    ),
    "one path twice": Mistake(
        "service routes: [{paths: [/a]}, ^{paths: [/b, /a]}]", "taken by services.shop.routes[0]"
    ),
    "two environments at one address": Mistake(
        "services: {a: {command: x}}\nenvironments: {b: {}, ^c: {}}\n", "taken by the environment b"
    ),
    "an address inside another": Mistake(
        "services: {a: {command: x}}\nenvironments: {b: {}, c: {traffic: {listen: ^'0.0.0.0:8080'}}}\n",
        "taken by the environment b",
    ),
    "a source nobody knows": Mistake("environment promote_from: ^staging", "no environment 'staging'"),
    "a promotion from itself": Mistake(
        "environment promote_from: ^production", "in a circle: production <- production"
    ),
    "an analysis without objectives": Mistake("step analysis: ^1m", "something to measure"),
    "a rolling that cannot move": Mistake(
        "environment strategy: {^rolling: {max_surge: 0, max_unavailable: 0%}}", "nothing could ever move"
    ),
    "a certificate that is not there": Mistake(
        "environment traffic: {tls: {certificate: ^/nowhere/a.crt, key: /dev/../etc/passwd}}", "is not there"
    ),
    "two objectives of one name": Mistake(
        "environment objectives: [{success_rate: {at_least: 9%}, name: a}, {latency: {at_most: 9ms}, name: ^a}]",
        "second objective",
    ),
    "a preview for everybody": Mistake(
        "services: {a: {command: x, routes: [{hosts: [a.example.com]}]}}\nenvironments: {b: {strategy: {blue-green: {preview_host: ^a.example.com}}}}\n",
        "public host of a",
    ),
}
