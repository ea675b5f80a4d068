#pragma once
// A test message that is really sent, for `lowbalance doctor --send-test`.

#include <string>

#include "cli/api_client.h"
#include "cli/doctor_findings.h"

namespace lowbalance::cli {

// Has the webhook send `contact` a test message and waits until every recipient has it, for as long
// as `timeout`. `webhook` needs an administrator's login.
void SendTestMessage(const ApiClient& webhook, const std::string& contact, Millis timeout,
                     Findings& findings);

}  // namespace lowbalance::cli
