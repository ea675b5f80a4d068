#pragma once
// The accounts API: list, show, edit.
//
//   GET   /api/v1/accounts?limit=&after=&provider=&account_id=&contact=&state=
//   GET   /api/v1/accounts/{provider}/{account_id}
//   PATCH /api/v1/accounts/{provider}/{account_id}/alerts/{level}
//         {"enabled": true, "threshold": "100", "currency": "USD", "dry_run": true}
//
// An edit that cannot be stored is answered with 503 and has changed nothing.

#include "base/clock.h"
#include "base/http_server.h"
#include "exporter/accounts.h"
#include "exporter/exporter_metrics.h"

namespace lowbalance {

// Adds the routes under /api/v1/accounts. All want a login. The references must outlive the server.
void AddAccountsApi(HttpServer& server, Accounts& accounts, ExporterMetrics& metrics, Clock clock);

}  // namespace lowbalance
