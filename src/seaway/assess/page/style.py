"""The look of the report: one style sheet, light and dark, and for paper. A test reckons the contrast of its colours."""

from __future__ import annotations

LIGHT = {
    "ground": "#ffffff",
    "raised": "#f5f7f9",
    "edge": "#d8dee5",
    "ink": "#17202a",
    "quiet": "#52606d",
    "accent": "#0b5cad",
    "critical": "#9f1239",
    "high": "#a63a0a",
    "medium": "#7a5800",
    "low": "#41596b",
    "info": "#52606d",
    "good": "#0c6b58",
    "mark": "#fde9b8",
    "mark-ink": "#3d2c00",
}
DARK = {
    "ground": "#11161c",
    "raised": "#1a2129",
    "edge": "#303a46",
    "ink": "#e6ebf0",
    "quiet": "#9fadbb",
    "accent": "#79b8ff",
    "critical": "#ff8aa5",
    "high": "#ffa172",
    "medium": "#e3bd5a",
    "low": "#a3bccd",
    "info": "#9fadbb",
    "good": "#63cdb4",
    "mark": "#5a4410",
    "mark-ink": "#fff3d6",
}
# (text, ground) of everything that is read: a test holds each to 4.5.
PAIRS = (
    *((name, ground) for ground in ("ground", "raised") for name in
      ("ink", "quiet", "accent", "critical", "high", "medium", "low", "info", "good")),
    ("mark-ink", "mark"),
)  # fmt: skip


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
font-variant-numeric:tabular-nums lining-nums}
main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:26px;line-height:1.2;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:19px;margin:52px 0 6px;padding-top:14px;border-top:1px solid var(--edge);letter-spacing:-.005em}
h3{font-size:15px;margin:24px 0 6px;overflow-wrap:anywhere}
header+section h2,.first h2{margin-top:26px}
p{margin:6px 0;max-width:78ch}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
code{overflow-wrap:anywhere}
.quiet{color:var(--quiet)}.small{font-size:13px}
.head{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:baseline;justify-content:space-between}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin-top:10px;font-size:13px}
.tiles{display:grid;grid-template-columns:repeat(5,minmax(0,1fr));border:1px solid var(--edge);border-radius:8px;overflow:hidden;background:var(--edge);gap:1px;margin:10px 0}
.tile{background:var(--ground);padding:12px 14px}
.tile .name{font-size:12.5px;color:var(--quiet)}
.tile .value{font-size:23px;font-weight:600;line-height:1.25;margin:2px 0;letter-spacing:-.01em}
.tile .value.none{font-size:15px;font-weight:500;color:var(--quiet);line-height:29px}
.tile .note{font-size:12px;line-height:1.4;color:var(--quiet)}
.scores{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:12px 30px;margin:12px 0}
.score .line{display:flex;justify-content:space-between;align-items:baseline}
.score .line b{font-size:17px}
.score svg{display:block;width:100%;height:6px;margin:3px 0;border-radius:3px}
.score .note{font-size:12px;color:var(--quiet)}
.scroll{overflow-x:auto;margin:10px 0}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th{font-weight:600;font-size:12px;color:var(--quiet);text-align:left;border-bottom:1px solid var(--edge);padding:5px 14px 5px 0;vertical-align:bottom}
td{padding:6px 14px 6px 0;border-bottom:1px solid var(--edge);vertical-align:top}
th:last-child,td:last-child{padding-right:0}
tr:last-child td{border-bottom:0}
.num{text-align:right;white-space:nowrap}
.sev{font-weight:600;white-space:nowrap;font-size:12.5px}
.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}.info{color:var(--info)}.good{color:var(--good)}
.rule{margin:26px 0 0}
.rule h3{margin:0}.rule h3 code{font-weight:400}
.place{margin:14px 0 0;padding-left:14px;border-left:3px solid var(--edge)}
.place p{margin:0 0 4px;overflow-wrap:anywhere}
.place .where{font-size:13px}
pre{margin:6px 0;padding:8px 10px;background:var(--raised);border-radius:6px;overflow-x:auto;line-height:1.45;tab-size:4}
pre .n{color:var(--quiet);display:inline-block;min-width:3.2em;padding-right:1em;text-align:right;user-select:none}
pre .add{color:var(--good)}pre .del{color:var(--critical)}
mark{background:var(--mark);color:var(--mark-ink);border-radius:2px}
details{margin:6px 0}
summary{cursor:pointer;color:var(--accent);font-size:13px;width:fit-content}
summary::marker{color:var(--quiet)}
.chart{display:block;width:100%;height:auto;max-width:860px;margin:10px 0}
.chart text{fill:var(--ink);font:12px system-ui,sans-serif;font-variant-numeric:tabular-nums}
.chart .axis{fill:var(--quiet);font-size:11px}
.chart .grid{stroke:var(--edge);stroke-width:1}
.chart .bar{fill:var(--low)}.path{fill:var(--accent)}.chart .ghost{fill:var(--edge)}
.jobs svg{border-radius:3px;display:block;width:100%;min-width:120px;height:6px;margin-top:8px}
.track{fill:var(--edge)}.fill-good{fill:var(--good)}.fill-mid{fill:var(--medium)}.fill-bad{fill:var(--critical)}
.whisker{display:block;width:100%;height:auto;max-height:16px;margin-top:5px}
.whisker .axis{stroke:var(--edge);stroke-width:2}.whisker .span{stroke:var(--accent);stroke-width:2}.whisker .dot{fill:var(--accent)}
.facts{width:auto}.facts td:first-child{color:var(--quiet);white-space:nowrap}
.facts td{overflow-wrap:anywhere}
ul{margin:6px 0;padding-left:20px}li{margin:3px 0}
footer{margin-top:56px;padding-top:12px;border-top:1px solid var(--edge);font-size:12.5px;color:var(--quiet)}
@media screen and (max-width:760px){
.chart{min-width:560px}
main{padding:20px 16px 48px}
.tiles{grid-template-columns:1fr 1fr}.tile:last-child:nth-child(odd){grid-column:1/-1}
.scores{grid-template-columns:1fr 1fr;gap:12px 18px}
h1{font-size:22px}
.moves table,.moves tbody,.moves tr,.moves td{display:block;border:0;padding:0}
.moves thead{display:none}.moves tr{padding:10px 0;border-bottom:1px solid var(--edge)}
.moves td.num{display:inline-block;margin-right:14px;text-align:left;font-size:12.5px;color:var(--quiet)}
.moves td.num:first-child{display:none}.moves td.num::before{content:attr(data-name) " "}
}
@media print{
@page{size:A4;margin:14mm 13mm}
body{font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{padding:0;max-width:none}
nav{display:none}
h1{font-size:17pt}h2{font-size:13pt;margin-top:22pt;break-after:avoid}h3{break-after:avoid}
.first{break-after:page}.first h2,header+section h2{margin-top:7pt;padding-top:7pt;font-size:12pt}.first h3{margin-top:6pt}
.first .scores{gap:5px 24px;margin:6px 0}.first .scroll{margin:4px 0}.first .quiet{font-size:8.5pt}
.tile .value{font-size:14pt}.tile{padding:7px 8px}.tile .note,.score .note{font-size:7.5pt;line-height:1.3}.tile .value.none{font-size:11pt}.tile .name{font-size:7.8pt}
table{font-size:9pt}.first td,.first th{padding:3px 8px 3px 0}.first td{line-height:1.32}.first .small{font-size:8pt}.first td p{margin:0}
.place,.tile,tr,.chart{break-inside:avoid}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
.scroll{overflow:visible}
details.keep::details-content{content-visibility:visible;display:block;height:auto}
a{color:inherit}
}
"""


def sheet() -> str:
    """All of it."""
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{_variables(DARK)}}}}}"
    return f":root{{color-scheme:light;{_variables(LIGHT)}}}\n{dark}\n{_RULES.strip()}\n"
