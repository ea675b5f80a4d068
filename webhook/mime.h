#pragma once
// E-mails as bytes: RFC 5322 headers, RFC 2045 bodies, RFC 2047 encoded words.
//
// Pure. Whatever the texts hold, the result is ASCII in lines of at most 78 characters ended by
// CRLF, and no text can begin a header of its own.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "webhook/records.h"

namespace lowbalance {

struct Mailbox {
  std::string name;     // For display; may be empty.
  std::string address;  // local@domain
};

// Reads "Low Balance Alerts <alerts@example.com>", "\"Alerts, low\" <a@example.com>" or
// "alerts@example.com". Refuses control characters, blanks or brackets within the address, and
// addresses without exactly one '@' between something and something.
[[nodiscard]] Result<Mailbox> ParseMailbox(std::string_view text);

struct Mail {
  Mailbox from;
  Mailbox to;
  std::string subject;
  std::string message_id;  // Without the angle brackets.
  std::string references;  // The Message-ID of the mail this one follows; empty if there is none.
  Time date{};
  std::vector<std::pair<std::string, std::string>> headers;  // Further ones.
  std::string text;
  std::string html;
};

// The mail as it goes over the wire, before SMTP's dot-stuffing.
[[nodiscard]] std::string RenderMail(const Mail& mail);

// The Message-ID, without the angle brackets, of a message to a recipient: the same at every try,
// whatever becomes of the store. `domain` is the sender's.
[[nodiscard]] std::string MessageId(const EpisodeKey& key, Time low_since, const Notice& notice,
                                    std::string_view recipient, std::string_view domain);

// The mail that carries a message. X-Lowbalance-* headers repeat for machines what it is about;
// what follows an alert stands in its thread of the mail program.
[[nodiscard]] Mail MailFor(const Message& message, const Mailbox& from,
                           const std::string& recipient);

}  // namespace lowbalance
