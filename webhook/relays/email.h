#pragma once
// E-mail: by SMTP through libcurl, or as .eml files for trying out.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "webhook/live_config.h"
#include "webhook/relay.h"

namespace lowbalance {

// Reads the e-mail settings anew for each message, so that a reload counts at once. Connections
// are used again for messages that follow one another closely.
class EmailRelay : public Relay {
 public:
  // `config` must outlive it.
  explicit EmailRelay(const LiveConfig& config);
  ~EmailRelay() override;

  [[nodiscard]] Result<void> Send(const Message& message, const std::string& recipient) override;
  void Abort() override;

 private:
  struct Smtp;
  const LiveConfig& config_;
  std::unique_ptr<Smtp> smtp_;
};

// What an SMTP server's answer means. `command` is the last one sent ("RCPT", "DATA", …; empty if
// the server never got that far), `code` its answer (0: none). Only a refusal of this recipient or
// this message (5xx to RCPT or later) gives up; one of us (the connection, STARTTLS, the login, the
// sender) may be mended in the settings, and must not cost anybody an alert meanwhile.
[[nodiscard]] Error::Kind SmtpErrorKind(std::string_view command, int code);

// Writes the mail to `folder`/`name`, made if missing, so that a reader sees it whole or not at
// all. One that is there already is replaced: it is the same mail.
[[nodiscard]] Result<void> WriteMailFile(const std::filesystem::path& folder,
                                         const std::string& name, std::string_view mail);

}  // namespace lowbalance
