#include "exporter/landing_page.h"

namespace lowbalance {

std::string LandingPage() {
  return R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>lowbalance-exporter</title>
<style>
body { font-family: sans-serif; margin: 0; color: #222; background: #fff; }
header { background: #1d4e5f; color: #fff; padding: 1rem 2rem; }
h1 { font-size: 1.4rem; margin: 0; }
main { padding: 1rem 2rem; line-height: 1.6; }
a { color: #14607a; }
</style>
</head>
<body>
<header><h1>lowbalance-exporter</h1></header>
<main>
<p>Available credit and alert settings of cloud accounts, for Prometheus.</p>
<p>Version )html" LOWBALANCE_VERSION R"html(</p>
<ul>
<li><a href="accounts">Accounts console</a></li>
<li><a href="metrics">Metrics</a></li>
<li><a href="-/healthy">Health</a> and <a href="-/ready">readiness</a></li>
<li><a href="api/v1/accounts">Accounts API</a> (wants a login)</li>
</ul>
</main>
</body>
</html>
)html";
}

}  // namespace lowbalance
