#pragma once
// The webhook's HTTP API for people and programs that look at messages: see docs for the shapes.

#include "base/clock.h"
#include "base/http_server.h"
#include "webhook/archive.h"
#include "webhook/live_config.h"
#include "webhook/outbox.h"

namespace lowbalance {

// Adds GET /api/v1/messages, /api/v1/messages/{id}, /api/v1/inbox, /api/v1/episodes,
// /api/v1/bad-alerts and POST /api/v1/inbox/{id}/read, all behind a login. The arguments must
// outlive the server.
void AddMessagesApi(HttpServer& server, Archive& archive, const Outbox& outbox,
                    const LiveConfig& config, const Clock& clock);

}  // namespace lowbalance
