#include "cli/doctor_local.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <system_error>

#include "base/clock.h"
#include "base/store.h"
#include "cli/config_checks.h"
#include "core/text.h"
#include "exporter/service.h"
#include "webhook/mime.h"
#include "webhook/schema.h"

namespace lowbalance::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMebibyte = std::uintmax_t{1} << 20U;
constexpr std::uintmax_t kTooLittle = 16 * kMebibyte;
constexpr std::uintmax_t kLittle = 256 * kMebibyte;
constexpr std::size_t kMostRecipients = 100;
constexpr std::string_view kFileScheme = "file:";

std::string Size(std::uintmax_t bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value,
                units[unit]);
  return text;
}

// On this machine, so that its store is here too.
bool IsHere(const std::string& url) {
  const auto at = url.find("://");
  const std::string host = at == std::string::npos ? url : url.substr(at + 3);
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

std::vector<std::string> Addresses(const Config& config) {
  std::vector<std::string> addresses;
  for (const Contact& contact : config.contacts) {
    for (const std::string& text : contact.email) {
      const auto mailbox = ParseMailbox(text);
      if (!mailbox || addresses.size() >= kMostRecipients) continue;
      if (std::find(addresses.begin(), addresses.end(), mailbox->address) == addresses.end()) {
        addresses.push_back(mailbox->address);
      }
    }
  }
  return addresses;
}

}  // namespace

StoreSeen LookAtStore(const std::string& name, const Config& config) {
  const Store::Options options = name == "exporter" ? ExporterStore(config) : WebhookStore(config);
  StoreSeen seen;
  seen.file = options.url.substr(options.url.starts_with("sqlite:") ? 7 : 0);
  seen.wrong = Store::Check(options);
  std::error_code code;
  seen.exists = fs::exists(seen.file, code);
  if (seen.exists) seen.size = fs::file_size(seen.file, code);
  const fs::path folder = fs::absolute(seen.file, code).parent_path();
  const fs::space_info space = fs::space(folder, code);
  if (!code) seen.free = space.available;
  if (seen.wrong.empty() && access(folder.c_str(), W_OK) != 0) {
    seen.wrong = "store " + seen.file +
                 ": its folder cannot be written to; make it writable for the service's user";
  }
  return seen;
}

void JudgeStore(const std::string& name, const StoreSeen& store, const Seen& seen,
                Findings& findings) {
  const std::string check = name + " store";
  const Server& server = name == "exporter" ? seen.exporter : seen.webhook;
  if (!IsHere(server.url)) {
    findings.Skipped(check, "the " + name + " is on another machine: " + server.url);
    return;
  }
  const Answer& ready = server.At(kReadyPath);
  if (!store.wrong.empty()) {
    const auto remedy = store.wrong.rfind("; ");
    findings.Fail(
        check, store.wrong.substr(0, remedy),
        remedy == std::string::npos ? "see docs/operations.md" : store.wrong.substr(remedy + 2));
  } else if (!store.exists && ready.error.empty()) {
    findings.Fail(check,
                  "there is no " + store.file + ", and yet the " + name +
                      " runs: the store was moved or deleted, or is another",
                  "stop the service, put the file back, start it; what it writes until then is "
                  "lost. docs/operations.md#restore");
  } else if (!store.exists) {
    findings.Warn(check, "there is no " + store.file + " yet",
                  "the " + name + " makes it at its first start");
  } else if (store.free < kTooLittle) {
    findings.Fail(check, store.file + ": only " + Size(store.free) + " free",
                  "make room on the disk: what cannot be stored is neither published nor accepted");
  } else if (store.free < std::max(kLittle, store.size)) {
    findings.Warn(check,
                  store.file + ", " + Size(store.size) + ", only " + Size(store.free) + " free",
                  "make room on the disk");
  } else {
    findings.Ok(check, store.file + ", " + Size(store.size) + ", " + Size(store.free) + " free");
  }
}

Result<Fetched> LookAtSource(const SourceConfig& source, Millis timeout) {
  return MakeSource(source)->Fetch(
      {.now = SystemClock()(),
       .deadline = std::chrono::steady_clock::now() + std::min(timeout, source.timeout)});
}

void JudgeSource(const std::string& name, const Result<Fetched>& fetched, const Seen& seen,
                 Findings& findings) {
  const std::string check = "source " + name;
  const std::string ask = "lowbalance sources test " + name + " shows what it answers";
  if (!fetched) {
    findings.Fail(check, fetched.error().message, ask + "; docs/runbooks.md#billingpollfailing");
    return;
  }
  const std::string read = Count(fetched->readings.size(), "account") + " read";
  if (!fetched->failures.empty()) {
    findings.Warn(check,
                  read + ", " + std::to_string(fetched->failures.size()) +
                      " could not be: " + fetched->failures.front().message,
                  ask);
    return;
  }
  const Millis most = seen.config.pipeline.billing_data_max_age;
  const auto old = std::count_if(
      fetched->readings.begin(), fetched->readings.end(),
      [&](const Reading& reading) { return reading.as_of && seen.now - *reading.as_of > most; });
  if (old > 0) {
    findings.Fail(check,
                  "the data of " + std::to_string(old) + " of its " +
                      Count(fetched->readings.size(), "account") + " is older than " +
                      FormatDuration(most) + ": nothing is decided on it",
                  "mend what writes it; docs/runbooks.md#billingdatastale");
    return;
  }
  findings.Ok(check, read);
}

MailSeen LookAtMail(const Config& config, Millis timeout) {
  MailSeen seen;
  EmailConfig email = config.webhook.email;
  if (email.url.starts_with(kFileScheme)) {
    fs::path folder = email.url.substr(kFileScheme.size());
    if (folder.is_relative()) folder = config.file.parent_path() / folder;
    std::error_code code;
    if (fs::exists(folder, code) && access(folder.c_str(), W_OK) != 0) {
      seen.wrong = "the folder " + folder.string() + " cannot be written to";
    }
    return seen;
  }
  const auto from = ParseMailbox(email.from);
  if (!from) {
    seen.wrong = "webhook.email.from: " + from.error().message;
    return seen;
  }
  email.timeout = std::min(email.timeout, timeout);
  const std::vector<std::string> addresses = Addresses(config);
  seen.recipients = addresses.size();
  SmtpClient client;
  auto refused = client.TryOut(email, *from, addresses);
  if (refused) {
    seen.refused = std::move(*refused);
  } else {
    seen.wrong = refused.error().message;
  }
  return seen;
}

void JudgeMail(const MailSeen& mail, const Seen& seen, Findings& findings) {
  const std::string check = "mail";
  const EmailConfig& email = seen.config.webhook.email;
  if (!mail.wrong.empty()) {
    findings.Fail(check, mail.wrong,
                  "mend the mail server, or webhook.email in lowbalance.yml; what waits is then "
                  "sent by itself. docs/runbooks.md#lowbalancedeliveryfailing");
    return;
  }
  if (email.url.starts_with(kFileScheme)) {
    findings.Ok(check, "mails are written to " + email.url);
    return;
  }
  std::string refused;
  bool for_good = false;
  for (const SmtpClient::Refusal& one : mail.refused) {
    refused += (refused.empty() ? "" : ", ") + one.recipient;
    for_good = for_good || one.error.kind == Error::Kind::kGiveUp;
  }
  if (!refused.empty()) {
    const std::string detail = "refuses " + refused + ": " + mail.refused.front().error.message;
    if (for_good) {
      findings.Fail(check, detail, "correct the address in contacts, or mend the mailbox");
    } else {
      findings.Warn(check, detail, "it may be a greylist: what is deferred is tried again");
    }
    return;
  }
  findings.Ok(check, email.url + " would take mail for " + Count(mail.recipients, "recipient") +
                         "; nothing was sent");
}

}  // namespace lowbalance::cli
