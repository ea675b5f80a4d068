"""What the Prometheus operator makes of an AlertmanagerConfig in Alertmanager's configuration.

Its defaults, as far as our chart uses them: the top route gets a matcher for the config's own
namespace (alertmanagerConfigMatcherStrategy OnNamespace) and `continue`, receivers get the object's
name before theirs, and names are written in Alertmanager's own style.
"""

# What kube-prometheus-stack mutes unless told otherwise (its values, alertmanager.config).
STACK_INHIBITS = [
    {"source_matchers": ["severity = critical"], "target_matchers": ["severity =~ warning|info"],
     "equal": ["namespace", "alertname"]},
    {"source_matchers": ["severity = warning"], "target_matchers": ["severity = info"],
     "equal": ["namespace", "alertname"]},
    {"source_matchers": ["alertname = InfoInhibitor"], "target_matchers": ["severity = info"],
     "equal": ["namespace"]},
    {"target_matchers": ["alertname = InfoInhibitor"]},
]

_ROUTE = {"groupBy": "group_by", "groupWait": "group_wait", "groupInterval": "group_interval",
          "repeatInterval": "repeat_interval"}


def full_name(thing, receiver):
    return f"{thing['metadata']['namespace']}/{thing['metadata']['name']}/{receiver}"


def _route(thing, route):
    made = {"receiver": full_name(thing, route["receiver"])}
    for name, value in route.items():
        if name in _ROUTE:
            made[_ROUTE[name]] = value
        elif name == "matchers":
            made["matchers"] = [
                f"{matcher['name']}{matcher['matchType']}\"{matcher['value']}\""
                for matcher in value]
        elif name == "routes":
            made["routes"] = [_route(thing, child) for child in value]
        elif name != "receiver":
            raise ValueError(f"not understood in a route: {name}")
    return made


def _webhook(config):
    made = {"url": config["url"], "send_resolved": config["sendResolved"]}
    http = config.get("httpConfig", {})
    if "authorization" in http:
        # The operator reads the Secret; here its reference stands for what is in it.
        made["http_config"] = {"authorization": {
            "type": http["authorization"]["type"],
            "credentials": "secret:" + http["authorization"]["credentials"]["name"]}}
    return made


def alertmanager_configuration(thing):
    top = _route(thing, thing["spec"]["route"])
    top["matchers"].insert(0, f"namespace=\"{thing['metadata']['namespace']}\"")
    top["continue"] = True
    return {
        "route": {"receiver": "null", "routes": [top, {"receiver": "null"}]},
        "receivers": [{"name": "null"}] + [
            {"name": full_name(thing, receiver["name"]),
             "webhook_configs": [_webhook(config) for config in receiver["webhookConfigs"]]}
            for receiver in thing["spec"]["receivers"]],
    }
