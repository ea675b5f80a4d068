#pragma once
// The part of the webhook's HTTP API that is about single deliveries: see docs for the shapes.

#include <functional>

#include "base/clock.h"
#include "base/http_server.h"
#include "webhook/deliveries.h"
#include "webhook/live_config.h"
#include "webhook/metrics.h"

namespace lowbalance {

// Adds GET /api/v1/deliveries, and POST /api/v1/deliveries/{id}/resend and …/cancel, all behind a
// login. `queued` is called when something is to be sent again. The arguments must outlive the
// server.
void AddDeliveriesApi(HttpServer& server, Deliveries& deliveries, const LiveConfig& config,
                      WebhookMetrics& metrics, const Clock& clock,
                      const std::function<void()>& queued);

}  // namespace lowbalance
