#pragma once
// The accounts API: list, show, edit. docs/api.md describes it for users.

#include "base/clock.h"
#include "base/http_server.h"
#include "exporter/accounts.h"
#include "exporter/exporter_metrics.h"

namespace lowbalance {

// Adds the routes under /api/v1/accounts. All want a login. The references must outlive the server.
void AddAccountsApi(HttpServer& server, Accounts& accounts, ExporterMetrics& metrics, Clock clock);

}  // namespace lowbalance
