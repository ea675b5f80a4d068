#pragma once
// E-mail: by SMTP through libcurl, or as .eml files for trying out.

#include <filesystem>
#include <string>
#include <string_view>

#include "webhook/live_config.h"
#include "webhook/relay.h"
#include "webhook/relays/smtp.h"

namespace lowbalance {

// Reads the e-mail settings anew for each message, so that a reload counts at once. One
// connection serves all messages up to a Rest.
class EmailRelay : public Relay {
 public:
  // `config` must outlive it.
  explicit EmailRelay(const LiveConfig& config) : config_(config) {}

  [[nodiscard]] Result<void> Send(const Message& message, const std::string& recipient) override;
  void Abort() override;
  void Rest() override;

 private:
  const LiveConfig& config_;
  SmtpClient smtp_;
};

// Writes the mail to `folder`/`name`, made if missing, so that a reader sees it whole or not at
// all. One that is there already is replaced: it is the same mail.
[[nodiscard]] Result<void> WriteMailFile(const std::filesystem::path& folder,
                                         const std::string& name, std::string_view mail);

}  // namespace lowbalance
