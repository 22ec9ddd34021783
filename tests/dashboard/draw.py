#!/usr/bin/env python3
"""Draws the panels of packaging/grafana/openvpn-auth-pam.json from what a Prometheus server has, without Grafana.

Usage: draw.py PROMETHEUS-URL SECONDS-BACK OUTPUT.png [END]      (needs matplotlib)

The queries, titles, units, colours and places are those of the dashboard, and Prometheus itself evaluates the queries;
only the drawing is another one.
"""

import json
import math
import pathlib
import sys
import time
import urllib.parse
import urllib.request

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates
import matplotlib.pyplot as plt

DASHBOARD = pathlib.Path(__file__).parents[2] / "packaging/grafana/openvpn-auth-pam.json"
DARK, PANEL, TEXT, GRID = "#111217", "#181b1f", "#ccccdc", "#2c3036"
COLOURS = {
    "green": "#73bf69", "red": "#f2495c", "orange": "#ff9830", "blue": "#5794f2", "yellow": "#fade2a", "purple": "#b877d9",
    "gray": "#8e8e8e",
}
PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0"]
COLUMNS, ROW = 24, 0.42


def ask(url, path, **words):
    with urllib.request.urlopen(f"{url}/api/v1/{path}?{urllib.parse.urlencode(words)}") as answer:
        return json.load(answer)["data"]["result"]


def filled_in(text, labels):
    for name, value in labels.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def query(expression):
    for name, value in {"$__rate_interval": "1m", "$instance": ".*", "$server": ".*"}.items():
        expression = expression.replace(name, value)
    return expression


def shown(value, unit):
    if unit == "percentunit":
        return f"{value * 100:.0f} %"
    if unit == "s":
        return f"{value:.1f} s" if value >= 1 else f"{value * 1000:.0f} ms"
    return f"{value:g}"


def override(panel, name):
    found = {}
    for entry in panel["fieldConfig"]["overrides"]:
        if entry["matcher"]["options"] == name:
            found.update({one["id"]: one["value"] for one in entry["properties"]})
    return found


def series_of(panel, url, start, end):
    for target in panel["targets"]:
        for one in ask(url, "query_range", query=query(target["expr"]), start=start, end=end, step=5):
            values = {float(at): float(value) for at, value in one["values"]}
            yield filled_in(target["legendFormat"], one["metric"]), values


def draw_stat(axes, panel, url, end):
    axes.set_xticks([])
    axes.set_yticks([])
    defaults = panel["fieldConfig"]["defaults"]
    target = panel["targets"][0]
    found = ask(url, "query", query=query(target["expr"]), time=end)
    value = float(found[0]["value"][1]) if found else math.nan
    colour = COLOURS["gray"]
    for step in defaults["thresholds"]["steps"]:
        if step["value"] is None or value >= step["value"]:
            colour = COLOURS.get(step["color"], step["color"])
    text = shown(value, defaults["unit"])
    for mapping in defaults.get("mappings", []):
        text = mapping["options"].get(f"{value:g}", {}).get("text", text)
    axes.set_facecolor(colour)
    axes.text(0.5, 0.45, text, ha="center", va="center", transform=axes.transAxes, fontsize=17, color=DARK, weight="bold")


def draw_series(axes, panel, url, start, end):
    axes.set_facecolor(PANEL)
    custom = panel["fieldConfig"]["defaults"]["custom"]
    stacked = custom["stacking"]["mode"] == "normal"
    lines = [(name, values) for name, values in series_of(panel, url, start, end)]
    times = sorted({at for _, values in lines for at in values})
    dates = [matplotlib.dates.epoch2num(at) if hasattr(matplotlib.dates, "epoch2num") else at / 86400 for at in times]
    base = [0.0] * len(times)
    for number, (name, values) in enumerate(lines):
        special = override(panel, name)
        colour = special.get("color", {}).get("fixedColor", PALETTE[number % len(PALETTE)])
        colour = COLOURS.get(colour, colour)
        heights = [values.get(at, math.nan) for at in times]
        if "custom.lineStyle" in special:
            axes.plot(dates, heights, color=colour, linewidth=1, linestyle="--", label=name)
        elif stacked:
            top = [low + (0 if math.isnan(height) else height) for low, height in zip(base, heights)]
            axes.fill_between(dates, base, top, color=colour, alpha=custom["fillOpacity"] / 100, linewidth=0)
            axes.plot(dates, top, color=colour, linewidth=1, label=name)
            base = top
        else:
            axes.plot(dates, heights, color=colour, linewidth=1.2, label=name)
            axes.fill_between(dates, 0, heights, color=colour, alpha=custom["fillOpacity"] / 100, linewidth=0)
    axes.set_ylim(bottom=0)
    if axes.get_ylim()[1] < 1 and panel["fieldConfig"]["defaults"]["unit"] == "short":
        axes.set_ylim(top=1)
    axes.set_xlim(start / 86400, end / 86400)
    axes.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%H:%M"))
    axes.yaxis.set_major_formatter(lambda value, _: shown(value, panel["fieldConfig"]["defaults"]["unit"]))
    axes.tick_params(colors=TEXT, labelsize=7, length=0)
    axes.grid(color=GRID, linewidth=0.6)
    if lines:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), ncol=4 if panel["gridPos"]["w"] > 8 else 2, fontsize=6.5, frameon=False, labelcolor=TEXT)


def main():
    url, back, output = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    end = float(sys.argv[4]) if len(sys.argv) > 4 else time.time()
    dashboard = json.loads(DASHBOARD.read_text())
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    height = rows * ROW + 0.5
    figure = plt.figure(figsize=(13, height), facecolor=DARK)
    figure.text(0.012, 1 - 0.3 / height, dashboard["title"], color=TEXT, fontsize=13, weight="bold")
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        bottom = 1 - (0.5 + (place["y"] + place["h"]) * ROW) / height
        is_stat = panel["type"] == "stat"
        below, above = (0.1, 0.35) if is_stat else (0.62, 0.35)
        axes = figure.add_axes([
            place["x"] / COLUMNS + (0.006 if is_stat else 0.034),
            bottom + below / height,
            place["w"] / COLUMNS - (0.012 if is_stat else 0.044),
            (place["h"] * ROW - below - above) / height,
        ])
        for spine in axes.spines.values():
            spine.set_color(GRID)
        axes.set_title(panel["title"], color=TEXT, fontsize=9, loc="left")
        if is_stat:
            draw_stat(axes, panel, url, end)
        else:
            draw_series(axes, panel, url, end - back, end)
    figure.savefig(output, dpi=100, facecolor=DARK)


main()
