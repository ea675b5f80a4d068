#pragma once
// What `lowbalance doctor` looks at itself: stores, sources, the mail server.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/doctor_findings.h"
#include "cli/doctor_seen.h"
#include "core/result.h"
#include "exporter/source.h"
#include "webhook/relays/smtp.h"

namespace lowbalance::cli {

struct StoreSeen {
  std::string file;
  std::string wrong;  // In the store's own words: what, and after the last ';' the remedy.
  bool exists = false;
  std::uintmax_t size = 0;
  std::uintmax_t free = 0;
};
// `name` is "exporter" or "webhook". Opens without writing.
[[nodiscard]] StoreSeen LookAtStore(const std::string& name, const Config& config);
void JudgeStore(const std::string& name, const StoreSeen& store, const Seen& seen,
                Findings& findings);

// One poll, as the exporter would make it.
[[nodiscard]] Result<Fetched> LookAtSource(const SourceConfig& source, Millis timeout);
void JudgeSource(const std::string& name, const Result<Fetched>& fetched, const Seen& seen,
                 Findings& findings);

struct MailSeen {
  std::string wrong;  // Why it did not come to the recipients.
  std::vector<SmtpClient::Refusal> refused;
  std::size_t recipients = 0;
};
// Talks to the mail server about all addresses of all contacts and sends nothing.
[[nodiscard]] MailSeen LookAtMail(const Config& config, Millis timeout);
void JudgeMail(const MailSeen& mail, const Seen& seen, Findings& findings);

}  // namespace lowbalance::cli
