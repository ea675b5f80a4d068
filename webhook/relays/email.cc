#include "webhook/relays/email.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "webhook/mime.h"

namespace lowbalance {
namespace {

constexpr std::string_view kFileScheme = "file:";

std::string SystemError(int number) { return std::generic_category().message(number); }

// "20261123T071200Z-alert-0-17-lowbalance.1763881920000.0.0123456789abcdef.eml"
std::string FileName(const Message& message, const Mail& mail) {
  std::string time = FormatRfc3339(std::chrono::floor<std::chrono::seconds>(message.created));
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  std::string account;
  for (const char c : message.key.account.account_id.substr(0, 40)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    account += plain ? c : '_';
  }
  return time + "-" + std::string(ToString(message.kind)) + "-" + std::to_string(message.number) +
         "-" + account + "-" + mail.message_id.substr(0, mail.message_id.find('@')) + ".eml";
}

}  // namespace

void EmailRelay::Abort() { smtp_.Abort(); }

void EmailRelay::Rest() { smtp_.Close(); }

Result<void> EmailRelay::Send(const Message& message, const std::string& recipient) {
  const auto config = config_.Get();
  const EmailConfig& email = config->webhook.email;
  if (email.url.empty()) return Retry("no mail server is configured (webhook.email.url)");
  const auto from = ParseMailbox(email.from);
  if (!from) return Retry("webhook.email.from: " + from.error().message);
  const auto to = ParseMailbox(recipient);
  if (!to) return GiveUp(to.error().message);
  const Mail mail = MailFor(message, *from, to->address);
  if (email.url.starts_with(kFileScheme)) {
    std::filesystem::path folder = email.url.substr(kFileScheme.size());
    if (folder.is_relative()) folder = config->file.parent_path() / folder;
    return WriteMailFile(folder, FileName(message, mail), RenderMail(mail));
  }
  return smtp_.Send(email, mail);
}

Result<void> WriteMailFile(const std::filesystem::path& folder, const std::string& name,
                           std::string_view mail) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return Retry("cannot make the folder " + folder.string() + ": " + code.message());
  const std::filesystem::path file = folder / name;
  const std::filesystem::path unfinished = folder / ("." + name + ".part");
  const int fd = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return Retry("cannot write " + unfinished.string() + ": " + SystemError(errno));
  int failed = 0;
  while (failed == 0 && !mail.empty()) {
    const ssize_t written = ::write(fd, mail.data(), mail.size());
    if (written < 0) {
      if (errno != EINTR) failed = errno;
    } else {
      mail.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  if (failed == 0 && ::fsync(fd) != 0) failed = errno;
  if (::close(fd) != 0 && failed == 0) failed = errno;
  if (failed == 0 && ::rename(unfinished.c_str(), file.c_str()) != 0) failed = errno;
  if (failed == 0) return {};
  ::unlink(unfinished.c_str());
  return Retry("cannot write " + file.string() + ": " + SystemError(failed));
}

}  // namespace lowbalance
