"""The few shapes our Grafana dashboards are made of.

A dashboard is a plain dict in the form that Grafana 11 to 13 import and provision. Panels are laid
out from left to right in rows of 24 columns, in the order they are given.
"""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24

# Colours by meaning, the same on every dashboard.
CALM, WARN, BAD, PLAIN = "green", "orange", "red", "text"


def target(expr, legend="", table=False, instant=False):
    """One query. A table's is of one instant, with a column for each label."""
    query = {"datasource": DATASOURCE, "editorMode": "code", "expr": expr}
    if table or instant:
        query |= {"instant": True, "range": False}
    else:
        query |= {"instant": False, "range": True}
    if table:
        query["format"] = "table"
    if legend:
        query["legendFormat"] = legend
    return query


def thresholds(*steps):
    """`steps`: (from value or None for the lowest, colour), rising."""
    return {"mode": "absolute",
            "steps": [{"value": value, "color": colour} for value, colour in steps]}


def panel(kind, title, description, width, height, unit, targets, options, custom=None,
          defaults=None, overrides=(), transformations=()):
    for index, query in enumerate(targets):
        query["refId"] = chr(ord("A") + index)
    made = {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {
            "defaults": {"unit": unit, **(defaults or {})},
            "overrides": list(overrides),
        },
        "options": options,
        "targets": targets,
    }
    if custom:
        made["fieldConfig"]["defaults"]["custom"] = custom
    if transformations:
        made["transformations"] = list(transformations)
    return made


def stat(title, description, targets, unit="short", width=4, height=4, steps=((None, PLAIN),),
         decimals=None, no_value="–"):
    defaults = {"thresholds": thresholds(*steps), "color": {"mode": "thresholds"},
                "noValue": no_value}
    if decimals is not None:
        defaults["decimals"] = decimals
    return panel("stat", title, description, width, height, unit, targets, {
        "colorMode": "value", "graphMode": "none", "justifyMode": "auto",
        "orientation": "auto", "percentChangeColorMode": "standard", "showPercentChange": False,
        "textMode": "auto", "wideLayout": True,
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }, defaults=defaults)


def series(title, description, targets, unit="short", width=12, height=8, custom=None,
           overrides=(), least=None):
    """A graph over time."""
    defaults = {} if least is None else {"min": least}
    return panel("timeseries", title, description, width, height, unit, targets, {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }, custom={"drawStyle": "line", "lineWidth": 1, "fillOpacity": 0, "showPoints": "never",
               "spanNulls": False, **(custom or {})}, defaults=defaults, overrides=overrides)


def table(title, description, targets, columns, unit="none", width=12, height=9, sort=None,
          units=None, links=None):
    """A table of what the queries' series have in common.

    `columns`: field name (a label, or `Value #A`) to heading, in the order shown; all else is
    hidden. `units`: heading to unit. `links`: heading to (title, url). `sort`: (heading, falls).
    """
    overrides = [
        {"matcher": {"id": "byName", "options": heading},
         "properties": [{"id": "unit", "value": of_it}]}
        for heading, of_it in (units or {}).items()]
    overrides += [
        {"matcher": {"id": "byName", "options": heading},
         "properties": [{"id": "links", "value": [{"title": name, "url": url}]}]}
        for heading, (name, url) in (links or {}).items()]
    keep = "^(" + "|".join(columns) + ")$"
    transformations = []
    if len(targets) > 1:
        transformations.append({"id": "merge", "options": {}})
    transformations += [
        {"id": "filterFieldsByName", "options": {"include": {"pattern": keep}}},
        {"id": "organize", "options": {
            "excludeByName": {},
            "indexByName": {name: index for index, name in enumerate(columns)},
            "renameByName": dict(columns)}}]
    options = {"frameIndex": 0, "showHeader": True, "cellHeight": "sm"}
    if sort:
        options["sortBy"] = [{"displayName": sort[0], "desc": sort[1]}]
    return panel("table", title, description, width, height, unit, targets, options,
                 custom={"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False},
                 defaults={"noValue": "–"}, overrides=overrides, transformations=transformations)


def timeline(title, description, targets, width=24, height=6, names=None):
    """States over time; `names`: value to (text, colour)."""
    return panel("state-timeline", title, description, width, height, "none", targets, {
        "alignValue": "left", "mergeValues": True, "rowHeight": 0.9, "showValue": "auto",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    }, custom={"fillOpacity": 70, "lineWidth": 0}, defaults={
        "mappings": [{"type": "value", "options": {
            str(value): {"text": text, "color": colour, "index": index}
            for index, (value, (text, colour)) in enumerate((names or {}).items())}}]})


def named(name, *properties):
    """An override of the fields with that name."""
    return {"matcher": {"id": "byName", "options": name}, "properties": list(properties)}


def like(pattern, *properties):
    """An override of the fields whose names match."""
    return {"matcher": {"id": "byRegexp", "options": f"/{pattern}/"},
            "properties": list(properties)}


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"w": COLUMNS, "h": 1}}


def lay_out(panels):
    """Gives panels their places and numbers."""
    x = y = tallest = 0
    for number, made in enumerate(panels, start=1):
        place = made["gridPos"]
        if x + place["w"] > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        place |= {"x": x, "y": y}
        x += place["w"]
        tallest = max(tallest, place["h"])
        made["id"] = number
    return panels


def datasource_variable():
    return {"type": "datasource", "name": "datasource", "label": "Data source",
            "query": "prometheus", "regex": "", "multi": False, "includeAll": False, "hide": 0,
            "refresh": 1, "options": [], "current": {"text": "default", "value": "default"}}


def query_variable(name, label, query, description):
    """A choice among the few values of a label; all of them at first."""
    return {"type": "query", "name": name, "label": label, "description": description,
            "datasource": DATASOURCE,
            "query": {"query": query, "refId": "StandardVariableQuery", "qryType": 5},
            "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".+", "hide": 0,
            "regex": "", "options": [], "current": {"text": ["All"], "value": ["$__all"]}}


def text_variable(name, label, description):
    """A box to type into: a choice among a hundred thousand would stop the browser."""
    return {"type": "textbox", "name": name, "label": label, "description": description,
            "query": "", "hide": 0, "options": [], "current": {"text": "", "value": ""}}


def events(name, expr, colour, text):
    """Marks on every graph, at the instants (in seconds) that are the series' values."""
    return {"name": name, "datasource": DATASOURCE, "enable": True, "hide": False,
            "iconColor": colour, "expr": f"{expr} * 1000", "useValueForTime": True,
            "step": "60s", "titleFormat": name, "textFormat": text, "tagKeys": ""}


def dashboard(uid, title, description, variables, panels, annotations=(), span="now-7d"):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["lowbalance"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": span, "to": "now"},
        "timepicker": {},
        "fiscalYearStartMonth": 0,
        "links": [{"type": "dashboards", "title": "Low balance", "tags": ["lowbalance"],
                   "asDropdown": True, "includeVars": True, "keepTime": True, "icon": "",
                   "targetBlank": False, "tooltip": "", "url": ""}],
        "templating": {"list": [datasource_variable(), *variables]},
        "annotations": {"list": list(annotations)},
        "panels": lay_out(panels),
    }
