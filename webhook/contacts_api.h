#pragma once
// The part of the webhook's HTTP API that is about contacts: who they are, what a message to one
// looks like, and a test of whether messages arrive.

#include <functional>

#include "base/clock.h"
#include "base/http_server.h"
#include "webhook/live_config.h"
#include "webhook/metrics.h"
#include "webhook/outbox.h"

namespace lowbalance {

// Adds GET /api/v1/contacts, POST /api/v1/contacts/{name}/preview and …/test. `queued` is called
// when there is something to send. The arguments must outlive the server.
void AddContactsApi(HttpServer& server, Outbox& outbox, const LiveConfig& config,
                    WebhookMetrics& metrics, const Clock& clock,
                    const std::function<void()>& queued);

}  // namespace lowbalance
