#pragma once
// What `lowbalance doctor` makes of what it has seen. Pure: every function adds one or more
// findings, and what follows from another failure is skipped, so that the cause stands out.

#include <string>
#include <vector>

#include "cli/doctor_findings.h"
#include "cli/doctor_seen.h"

namespace lowbalance::cli {

// ---- Our services: doctor_services.cc.
// `name` is "exporter" or "webhook".
void JudgeService(const std::string& name, const Seen& seen, Findings& findings);
void JudgePolls(const Seen& seen, Findings& findings);
void JudgeWatchdog(const Seen& seen, Findings& findings);
void JudgeDeliveries(const Seen& seen, Findings& findings);
void JudgeClocks(const Seen& seen, Findings& findings);

// ---- Prometheus: doctor_prometheus.cc, doctor_rules.cc.
void JudgePrometheus(const Seen& seen, Findings& findings);
void JudgeScrape(const std::string& name, const Seen& seen, Findings& findings);
void JudgeRules(const Seen& seen, Findings& findings);
void JudgeAlertmanagers(const Seen& seen, Findings& findings);
void JudgeDropped(const Seen& seen, Findings& findings);

// Expressions of our rules that Prometheus has in other words: it has to be asked (FormatPath)
// whether they mean the same.
[[nodiscard]] std::vector<std::string> ExpressionsToCompare(const Pipeline& pipeline,
                                                            const Answer& rules);
// The address of the first Alertmanager that Prometheus sends to; empty if there is none.
[[nodiscard]] std::string FirstAlertmanager(const Answer& alertmanagers);

// ---- Alertmanager: doctor_alertmanager.cc.
void JudgeAlertmanager(const Seen& seen, Findings& findings);
void JudgeRoute(const Seen& seen, Findings& findings);

// Addresses of receivers that our alerts come to, other than `route_url`.
[[nodiscard]] std::vector<std::string> OtherReceivers(const Seen& seen);

}  // namespace lowbalance::cli
