#pragma once
// The accounts API. docs/openapi/exporter.yaml describes each route, docs/api.md how they are used.
//
//   GET   /api/v1/accounts?select=&sort=&limit=&offset=&after=
//   GET   /api/v1/accounts/summary
//   GET   /api/v1/accounts/{provider}/{account_id}
//   GET   /api/v1/accounts/{provider}/{account_id}/history?since=
//   PATCH /api/v1/accounts/{provider}/{account_id}/alerts/{level}
//   POST  /api/v1/accounts/edits          many accounts, whole or not at all
//   GET   /api/v1/settings.csv?select=    what the line before reads again
//   GET   /api/v1/edits, /api/v1/edits.csv    the audit
//
// An edit that cannot be stored is answered with 503 and has changed nothing. Contacts see and edit
// their own accounts; others are to them as if they were not there.

#include "base/clock.h"
#include "base/http_server.h"
#include "exporter/accounts.h"
#include "exporter/exporter_metrics.h"

namespace lowbalance {

// Adds the routes. All want a login. The references must outlive the server.
void AddAccountsApi(HttpServer& server, Accounts& accounts, ExporterMetrics& metrics, Clock clock);
// Of them, those of many accounts and of the audit.
void AddEditsApi(HttpServer& server, Accounts& accounts, ExporterMetrics& metrics, Clock clock);

// Who makes a request, for the audit and for what they see.
[[nodiscard]] Editor EditorOf(const HttpRequest& request);
// Refuses those who may only look; empty for the others.
[[nodiscard]] std::optional<HttpResponse> RefuseViewer(const HttpRequest& request);
[[nodiscard]] HttpResponse NotStored(ExporterMetrics& metrics, const HttpRequest& request,
                                     const std::exception& error);
// The accounts that the request may see, in their order.
[[nodiscard]] std::vector<AccountPtr> VisibleAccounts(const Accounts& accounts,
                                                      const HttpRequest& request);

}  // namespace lowbalance
