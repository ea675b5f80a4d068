#include "webhook/relays/email.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "base/secret.h"
#include "core/text.h"
#include "webhook/mime.h"

namespace lowbalance {
namespace {

constexpr std::string_view kFileScheme = "file:";

struct CurlGlobal {
  CurlGlobal() {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw std::runtime_error("cannot initialize libcurl");
    }
  }
};

struct RecipientList {
  explicit RecipientList(const std::string& address)
      : list(curl_slist_append(nullptr, address.c_str())) {}
  ~RecipientList() { curl_slist_free_all(list); }
  RecipientList(const RecipientList&) = delete;
  RecipientList& operator=(const RecipientList&) = delete;
  curl_slist* list;
};

struct Upload {
  std::string_view rest;
};

std::size_t ReadUpload(char* buffer, std::size_t size, std::size_t count, void* user) {
  auto* const upload = static_cast<Upload*>(user);
  const std::size_t length = std::min(size * count, upload->rest.size());
  std::memcpy(buffer, upload->rest.data(), length);
  upload->rest.remove_prefix(length);
  return length;
}

// Follows the conversation: the server's own words say more than libcurl's code.
struct Conversation {
  std::string command;  // The first word of the last one sent: no argument, so no secret.
  std::string answer;   // The server's last line.
  bool over = false;    // QUIT was sent: what comes now is no answer to the mail.

  [[nodiscard]] int code() const {
    if (answer.size() < 3) return 0;
    int value = 0;
    for (const char c : std::string_view(answer).substr(0, 3)) {
      if (c < '0' || c > '9') return 0;
      value = value * 10 + (c - '0');
    }
    return value;
  }
};

int Listen(CURL* /*handle*/, curl_infotype type, char* data, std::size_t size, void* user) {
  auto* const conversation = static_cast<Conversation*>(user);
  std::string_view text(data, size);
  if (conversation->over) return 0;
  if (type == CURLINFO_HEADER_OUT) {
    const std::string_view word = text.substr(0, text.find_first_of(" \r\n"));
    // Within a login the lines sent are the secrets themselves.
    static constexpr std::array<std::string_view, 7> kCommands{"EHLO", "HELO", "STARTTLS", "AUTH",
                                                               "MAIL", "RCPT", "DATA"};
    conversation->over = word == "QUIT";
    if (conversation->over) return 0;
    const auto* const known = std::find(kCommands.begin(), kCommands.end(), word);
    if (known != kCommands.end()) conversation->command = *known;
    conversation->answer.clear();
  } else if (type == CURLINFO_DATA_OUT) {
    conversation->answer.clear();
  } else if (type == CURLINFO_HEADER_IN) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    conversation->answer = text.substr(0, 500);
  }
  return 0;
}

int CheckAborted(void* user, curl_off_t /*total_down*/, curl_off_t /*down*/,
                 curl_off_t /*total_up*/, curl_off_t /*up*/) {
  return static_cast<const std::atomic<bool>*>(user)->load() ? 1 : 0;
}

long UseSsl(const std::string& tls) {
  if (tls == "off") return CURLUSESSL_NONE;
  return tls == "optional" ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

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
  return time + "-" + std::string(message.kind()) + "-" + std::to_string(message.number) + "-" +
         account + "-" + mail.message_id.substr(0, mail.message_id.find('@')) + ".eml";
}

}  // namespace

struct EmailRelay::Smtp {
  CURL* handle = nullptr;
  std::atomic<bool> aborted{false};

  Result<void> Send(const EmailConfig& config, const Mail& mail);
};

EmailRelay::EmailRelay(const LiveConfig& config)
    : config_(config), smtp_(std::make_unique<Smtp>()) {
  static const CurlGlobal global;
  smtp_->handle = curl_easy_init();
  if (smtp_->handle == nullptr) throw std::runtime_error("cannot make a libcurl handle");
}

EmailRelay::~EmailRelay() { curl_easy_cleanup(smtp_->handle); }

void EmailRelay::Abort() { smtp_->aborted = true; }

Result<void> EmailRelay::Send(const Message& message, const std::string& recipient) {
  const auto config = config_.Get();
  const EmailConfig& email = config->webhook.email;
  if (smtp_->aborted) return Retry("stopped before it was sent");
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
  return smtp_->Send(email, mail);
}

Result<void> EmailRelay::Smtp::Send(const EmailConfig& config, const Mail& mail) {
  std::string password;
  if (!config.username.empty()) {
    auto secret = ReadSecretFile(config.password_file);
    if (!secret) return Retry("webhook.email.password_file: " + secret.error().message);
    password = std::move(*secret);
  }
  curl_easy_reset(handle);  // Keeps the connections.
  const std::string rendered = RenderMail(mail);
  const std::string sender = "<" + mail.from.address + ">";
  const std::string ca_file = config.ca_file.string();
  const RecipientList recipients("<" + mail.to.address + ">");
  Upload upload{rendered};
  Conversation conversation;
  std::array<char, CURL_ERROR_SIZE> error{};
  const auto set = [this](CURLoption option, auto value) {
    if (curl_easy_setopt(handle, option, value) != CURLE_OK) {
      throw std::runtime_error("libcurl does not know option " + std::to_string(option));
    }
  };
  set(CURLOPT_URL, config.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");  // Whatever the environment says.
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, error.data());
  set(CURLOPT_USE_SSL, UseSsl(config.tls));
  set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!ca_file.empty()) set(CURLOPT_CAINFO, ca_file.c_str());
  if (!config.username.empty()) {
    set(CURLOPT_USERNAME, config.username.c_str());
    set(CURLOPT_PASSWORD, password.c_str());
  }
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(config.timeout.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(config.timeout.count()));
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT,
      std::max(1L, static_cast<long>(config.timeout.count() / 1000)));
  // Servers close what idles; a mail must not be the first to find out.
  set(CURLOPT_MAXAGE_CONN, 10L);
  set(CURLOPT_MAIL_FROM, sender.c_str());
  set(CURLOPT_MAIL_RCPT, recipients.list);
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, ReadUpload);
  set(CURLOPT_READDATA, static_cast<void*>(&upload));
  set(CURLOPT_VERBOSE, 1L);  // For Listen, which is called in place of printing.
  set(CURLOPT_DEBUGFUNCTION, Listen);
  set(CURLOPT_DEBUGDATA, static_cast<void*>(&conversation));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, CheckAborted);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&aborted));

  const CURLcode result = curl_easy_perform(handle);
  if (result == CURLE_OK) return {};
  if (result == CURLE_ABORTED_BY_CALLBACK) return Retry("stopped while it was being sent");
  const std::string library = error.front() != '\0' ? error.data() : curl_easy_strerror(result);
  std::string text = "sending through " + config.url + ": ";
  // A time-out leaves the answer to an earlier command behind; it is not to blame.
  const int code = result == CURLE_OPERATION_TIMEDOUT ? 0 : conversation.code();
  if (code >= 400) {
    text += "the server answered " + Quoted(conversation.answer, 300) + " to " +
            (conversation.command.empty() ? "the connection" : conversation.command);
  } else {
    text += library;
  }
  return tl::make_unexpected(Error{SmtpErrorKind(conversation.command, code), std::move(text)});
}

Error::Kind SmtpErrorKind(std::string_view command, int code) {
  const bool about_recipient = command == "RCPT" || command == "DATA";
  // "Authentication required" and its kin, whenever the server thinks of it.
  const bool about_login = code == 530 || code == 534 || code == 535 || code == 538;
  const bool refused = code >= 500 && code <= 599;
  return refused && about_recipient && !about_login ? Error::Kind::kGiveUp : Error::Kind::kRetry;
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
