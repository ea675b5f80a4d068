#pragma once
// A client for SMTP, by libcurl.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/result.h"
#include "webhook/mime.h"

namespace lowbalance {

class SmtpClient {
 public:
  SmtpClient();
  // Waits for nobody.
  ~SmtpClient();
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  // Sends one mail through the server that `config` names, over the connection of the last Send if
  // that was made with the same settings. The password is read from its file each time. Errors as
  // Relay::Send has them.
  [[nodiscard]] Result<void> Send(const EmailConfig& config, const Mail& mail);

  struct Refusal {
    std::string recipient;
    Error error;
  };
  // Goes as far as one can without sending: the connection, TLS, the login, the sender, each of the
  // recipients, and takes it back with RSET. Returns the recipients that were refused; an error
  // where it did not come to them.
  [[nodiscard]] Result<std::vector<Refusal>> TryOut(const EmailConfig& config, const Mailbox& from,
                                                    const std::vector<std::string>& recipients);

  // Closes the connection, if there is one, without waiting for the server.
  void Close();
  // As Relay::Abort.
  void Abort();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What an SMTP server's answer means. `command` is the last one sent ("RCPT", "DATA", …; empty if
// the server never got that far), `code` its answer (0: none). Only a refusal of this recipient or
// this message (5xx to RCPT or later) gives up; one of us (the connection, STARTTLS, the login, the
// sender) may be mended in the settings, and must not cost anybody an alert meanwhile.
[[nodiscard]] Error::Kind SmtpErrorKind(std::string_view command, int code);

}  // namespace lowbalance
