#include "webhook/landing_page.h"

namespace lowbalance {

std::string WebhookLandingPage() {
  return R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>lowbalance-webhook</title>
<style>
body { font-family: sans-serif; margin: 0; color: #222; background: #fff; }
header { background: #1d4e5f; color: #fff; padding: 1rem 2rem; }
h1 { font-size: 1.4rem; margin: 0; }
main { padding: 1rem 2rem; line-height: 1.6; }
a { color: #14607a; }
</style>
</head>
<body>
<header><h1>lowbalance-webhook</h1></header>
<main>
<p>Turns low balance alerts of Alertmanager into e-mails and internal messages.</p>
<p>Version )html" LOWBALANCE_VERSION R"html(</p>
<ul>
<li><a href="messages">Messages console</a></li>
<li><a href="metrics">Metrics</a></li>
<li><a href="-/healthy">Health</a> and <a href="-/ready">readiness</a></li>
<li><a href="api/v1/messages">Messages</a>, <a href="api/v1/inbox">inbox</a>, <a href="api/v1/episodes">episodes</a>
and <a href="api/v1/bad-alerts">alerts that decided nothing</a> (want a login)</li>
<li>Alertmanager sends to <code>POST api/v1/alerts</code></li>
</ul>
</main>
</body>
</html>
)html";
}

}  // namespace lowbalance
