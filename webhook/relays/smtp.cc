#include "webhook/relays/smtp.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/secret.h"
#include "core/text.h"

namespace lowbalance {
namespace {

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

curl_socket_t OpenSocket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) return CURL_SOCKET_BAD;
  static_cast<std::set<curl_socket_t>*>(user)->insert(socket);
  return socket;
}

int CloseSocket(void* user, curl_socket_t socket) {
  static_cast<std::set<curl_socket_t>*>(user)->erase(socket);
  return ::close(socket);
}

long UseSsl(const std::string& tls) {
  if (tls == "off") return CURLUSESSL_NONE;
  return tls == "optional" ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

}  // namespace

struct SmtpClient::Impl {
  Impl() { Renew(); }
  ~Impl() { Close(SHUT_RD); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // libcurl says QUIT on every connection that it closes and waits up to two minutes for an answer,
  // which nobody needs. SHUT_RD lets it say so and find that no answer will come; SHUT_RDWR, for a
  // server that may not even read, keeps it from trying.
  void Close(int how) {
    for (const curl_socket_t socket : sockets) ::shutdown(socket, how);
    curl_easy_cleanup(handle);
    handle = nullptr;
  }
  // A handle without connections.
  void Renew(int how = SHUT_RD) {
    static const CurlGlobal global;
    Close(how);
    handle = curl_easy_init();
    if (handle == nullptr) throw std::runtime_error("cannot make a libcurl handle");
  }
  Result<void> Send(const EmailConfig& config, const Mail& mail);
  Result<void> Ask(const EmailConfig& config, const std::string& command);

  template <class T>
  void Set(CURLoption option, T value) const {
    if (curl_easy_setopt(handle, option, value) != CURLE_OK) {
      throw std::runtime_error("libcurl does not know option " + std::to_string(option));
    }
  }
  // Sets what every request has: server, TLS, login, waits.
  Result<void> Prepare(const EmailConfig& config);
  // Has the request made that was set. `doing` begins the error.
  Result<void> Perform(const EmailConfig& config, const std::string& doing);

  CURL* handle = nullptr;
  std::set<curl_socket_t> sockets;  // Of the handle's connections.
  std::string settings;             // Those the connections were made with.
  Conversation conversation;        // Of the request under way.
  std::array<char, CURL_ERROR_SIZE> error{};
  std::atomic<bool> aborted{false};
};

SmtpClient::SmtpClient() : impl_(std::make_unique<Impl>()) {}
SmtpClient::~SmtpClient() = default;

Result<void> SmtpClient::Send(const EmailConfig& config, const Mail& mail) {
  if (impl_->aborted) return Retry("stopped before it was sent");
  return impl_->Send(config, mail);
}
void SmtpClient::Close() {
  if (!impl_->sockets.empty()) impl_->Renew();
}
void SmtpClient::Abort() { impl_->aborted = true; }

Result<void> SmtpClient::Impl::Prepare(const EmailConfig& config) {
  std::string password;
  if (!config.username.empty()) {
    auto secret = ReadSecretFile(config.password_file);
    if (!secret) return Retry("webhook.email.password_file: " + secret.error().message);
    password = std::move(*secret);
  }
  // libcurl would use a connection again that other settings had made: one without TLS where it is
  // required by now, or with a server that we have ceased to trust.
  const std::string now = config.url + "\n" + config.username + "\n" + password + "\n" +
                          config.tls + "\n" + config.ca_file.string();
  if (now != settings) Renew();
  settings = now;
  curl_easy_reset(handle);  // Keeps the connections.
  conversation = {};
  error = {};
  const std::string ca_file = config.ca_file.string();
  Set(CURLOPT_URL, config.url.c_str());
  Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  Set(CURLOPT_PROXY, "");  // Whatever the environment says.
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_ERRORBUFFER, error.data());
  Set(CURLOPT_USE_SSL, UseSsl(config.tls));
  Set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!ca_file.empty()) Set(CURLOPT_CAINFO, ca_file.c_str());
  if (!config.username.empty()) {
    Set(CURLOPT_USERNAME, config.username.c_str());
    Set(CURLOPT_PASSWORD, password.c_str());
  }
  Set(CURLOPT_TIMEOUT_MS, static_cast<long>(config.timeout.count()));
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(config.timeout.count()));
  Set(CURLOPT_SERVER_RESPONSE_TIMEOUT,
      std::max(1L, static_cast<long>(config.timeout.count() / 1000)));
  Set(CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  Set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&sockets));
  Set(CURLOPT_CLOSESOCKETFUNCTION, CloseSocket);
  Set(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&sockets));
  Set(CURLOPT_VERBOSE, 1L);  // For Listen, which is called in place of printing.
  Set(CURLOPT_DEBUGFUNCTION, Listen);
  Set(CURLOPT_DEBUGDATA, static_cast<void*>(&conversation));
  Set(CURLOPT_NOPROGRESS, 0L);
  Set(CURLOPT_XFERINFOFUNCTION, CheckAborted);
  Set(CURLOPT_XFERINFODATA, static_cast<void*>(&aborted));
  return {};
}

Result<void> SmtpClient::Impl::Perform(const EmailConfig& config, const std::string& doing) {
  const CURLcode result = curl_easy_perform(handle);
  // A time-out leaves the answer to an earlier command behind; it is not to blame.
  const int code = result == CURLE_OPERATION_TIMEDOUT ? 0 : conversation.code();
  // libcurl takes some refusals of a bare command for answers.
  if (result == CURLE_OK && (code < 400 || conversation.over)) return {};
  // libcurl would use a connection again on which an answer is still outstanding.
  Renew(SHUT_RDWR);
  if (result == CURLE_ABORTED_BY_CALLBACK) return Retry("stopped while it was being sent");
  const std::string library = error.front() != '\0' ? error.data() : curl_easy_strerror(result);
  std::string text = doing + config.url + ": ";
  if (code >= 400) {
    text += "the server answered " + Quoted(conversation.answer, 300) + " to " +
            (conversation.command.empty() ? "the connection" : conversation.command);
  } else {
    text += library;
  }
  return tl::make_unexpected(Error{SmtpErrorKind(conversation.command, code), std::move(text)});
}

Result<void> SmtpClient::Impl::Send(const EmailConfig& config, const Mail& mail) {
  if (auto prepared = Prepare(config); !prepared) return prepared;
  const std::string rendered = RenderMail(mail);
  const std::string sender = "<" + mail.from.address + ">";
  const RecipientList recipients("<" + mail.to.address + ">");
  Upload upload{rendered};
  Set(CURLOPT_MAIL_FROM, sender.c_str());
  Set(CURLOPT_MAIL_RCPT, recipients.list);
  Set(CURLOPT_UPLOAD, 1L);
  Set(CURLOPT_READFUNCTION, ReadUpload);
  Set(CURLOPT_READDATA, static_cast<void*>(&upload));
  return Perform(config, "sending through ");
}

Result<void> SmtpClient::Impl::Ask(const EmailConfig& config, const std::string& command) {
  if (auto prepared = Prepare(config); !prepared) return prepared;
  std::string encoded;  // libcurl decodes it.
  for (const char c : command) encoded += c == '%' ? std::string("%25") : std::string(1, c);
  Set(CURLOPT_CUSTOMREQUEST, encoded.c_str());
  Set(CURLOPT_NOBODY, 1L);
  return Perform(config, "trying ");
}

Result<std::vector<SmtpClient::Refusal>> SmtpClient::TryOut(
    const EmailConfig& config, const Mailbox& from, const std::vector<std::string>& recipients) {
  std::vector<Refusal> refused;
  bool begun = false;
  for (const std::string& recipient : recipients) {
    if (!begun) {
      const auto sender = impl_->Ask(config, "MAIL FROM:<" + from.address + ">");
      if (!sender) return tl::unexpected(sender.error());
    }
    // A refusal costs the connection.
    const auto taken = impl_->Ask(config, "RCPT TO:<" + recipient + ">");
    begun = taken.has_value();
    if (!taken) refused.push_back({recipient, taken.error()});
  }
  if (begun || recipients.empty()) {
    if (const auto reset = impl_->Ask(config, "RSET"); !reset) {
      return tl::unexpected(reset.error());
    }
  }
  Close();
  return refused;
}

Error::Kind SmtpErrorKind(std::string_view command, int code) {
  const bool about_recipient = command == "RCPT" || command == "DATA";
  // "Authentication required" and its kin, whenever the server thinks of it.
  const bool about_login = code == 530 || code == 534 || code == 535 || code == 538;
  const bool refused = code >= 500 && code <= 599;
  return refused && about_recipient && !about_login ? Error::Kind::kGiveUp : Error::Kind::kRetry;
}

}  // namespace lowbalance
