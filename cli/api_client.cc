#include "cli/api_client.h"

#include <curl/curl.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/secret.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

constexpr std::size_t kLargestResponse = 64U << 20U;
constexpr int kPage = 1000;  // The servers give no more at once.
constexpr const char* kPasswordVariable = "LOWBALANCE_PASSWORD";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Asks on the terminal, with what is typed not shown.
std::string AskForPassword(const std::string& user) {
  termios before{};
  if (tcgetattr(STDIN_FILENO, &before) != 0) return "";
  termios quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  std::fprintf(stderr, "Password of %s: ", user.c_str());
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  std::string password;
  std::getline(std::cin, password);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fprintf(stderr, "\n");
  return password;
}

std::string FindPassword(const ApiOptions& options) {
  if (options.user.empty()) return "";
  if (!options.password_file.empty()) {
    const auto password = ReadSecretFile(options.password_file);
    if (!password) throw Stop(kUsage, password.error().message);
    return *password;
  }
  if (std::string password = Environment(kPasswordVariable); !password.empty()) return password;
  if (isatty(STDIN_FILENO) != 0) return AskForPassword(options.user);
  throw Stop(kUsage, "--user: no password; give --password-file or the variable " +
                         std::string(kPasswordVariable));
}

std::size_t Append(char* data, std::size_t size, std::size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size * count > kLargestResponse) return 0;
  text.append(data, size * count);
  return size * count;
}

std::size_t NoteDate(char* data, std::size_t size, std::size_t count, void* date) {
  constexpr std::string_view kName = "date:";
  const std::string_view line(data, size * count);
  if (line.size() > kName.size() &&
      std::equal(kName.begin(), kName.end(), line.begin(), [](char name, char c) {
        return std::tolower(static_cast<unsigned char>(c)) == name;
      })) {
    *static_cast<std::string*>(date) = line.substr(kName.size());
  }
  return size * count;
}

// A server on this machine is never reached through a proxy.
std::string NoProxy() {
  std::string hosts = Environment("no_proxy");
  if (hosts.empty()) hosts = Environment("NO_PROXY");
  return hosts + (hosts.empty() ? "" : ",") + "localhost,127.0.0.1,::1";
}

}  // namespace

void AddClientOptions(CLI::App& command, ApiOptions& options) {
  command.add_option("--user", options.user, "Who asks, if the program wants a login.")
      ->type_name("NAME")
      ->envname("LOWBALANCE_USER");
  command
      .add_option("--password-file", options.password_file,
                  "A file with the password. Else the variable LOWBALANCE_PASSWORD; else it is "
                  "asked for.")
      ->type_name("FILE");
  command
      .add_option("--ca-file", options.ca_file,
                  "Certificates to trust for https. Default: the system's")
      ->type_name("FILE");
  command.add_option("--timeout", options.timeout, "How long to wait for an answer.")
      ->type_name("DURATION")
      ->capture_default_str();
}

void AddApiOptions(CLI::App& command, ApiOptions& options, const std::string& default_url,
                   const std::string& url_variable) {
  options.url = default_url;
  command.add_option("--url", options.url, "Where the program is.")
      ->type_name("URL")
      ->envname(url_variable)
      ->capture_default_str();
  AddClientOptions(command, options);
  command.add_option("--output", options.output, "table for people, json for scripts.")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void ApiClient::CheckUrl() {
  while (options_.url.ends_with('/')) options_.url.pop_back();
  if (options_.url.find('@') != std::string::npos) {
    throw Stop(kUsage,
               "--url: no user name or password in the URL; use --user and "
               "--password-file");
  }
  if (!options_.url.starts_with("http://") && !options_.url.starts_with("https://")) {
    throw Stop(kUsage, "--url: not a URL like http://127.0.0.1:10380: " + Quoted(options_.url));
  }
}

ApiClient ApiClient::At(const std::string& url) const {
  ApiClient other = *this;
  other.options_.url = url;
  other.CheckUrl();
  return other;
}

ApiClient::ApiClient(const ApiOptions& options) : options_(options) {
  CheckUrl();
  if (options_.user.find(':') != std::string::npos) {
    throw Stop(kUsage, "--user: a name has no ':' in it");
  }
  const auto timeout = ParseDuration(options_.timeout);
  if (!timeout || *timeout < Millis{1} || *timeout > std::chrono::hours{24}) {
    throw Stop(kUsage, "--timeout: not a duration like 30s: " + Quoted(options_.timeout));
  }
  timeout_ = *timeout;
  password_ = FindPassword(options_);
  if (options_.bearer_token_file.empty()) return;
  if (!options_.user.empty()) {
    throw Stop(kUsage, "--bearer-token-file: not together with --user");
  }
  const auto token = ReadSecretFile(options_.bearer_token_file);
  if (!token) throw Stop(kUsage, "--bearer-token-file: " + token.error().message);
  if (HasControlCharacters(*token)) {
    throw Stop(kUsage, "--bearer-token-file: the token has control characters");
  }
  bearer_token_ = *token;
}

Result<ApiClient::Response> ApiClient::Send(const std::string& method, const std::string& path,
                                            const std::string& body) const {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return Retry("libcurl cannot be started");
  Response response;
  std::array<char, CURL_ERROR_SIZE> error{};
  const auto set = [&](CURLoption option, auto value) {
    curl_easy_setopt(curl.get(), option, value);
  };
  const std::string url = options_.url + path;
  const std::string no_proxy = NoProxy();
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_CUSTOMREQUEST, method.c_str());
  set(CURLOPT_NOPROXY, no_proxy.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "lowbalance/" LOWBALANCE_VERSION);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
  set(CURLOPT_ERRORBUFFER, error.data());
  set(CURLOPT_WRITEFUNCTION, &Append);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&response.body));
  set(CURLOPT_HEADERFUNCTION, &NoteDate);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&response.date));
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  if (!options_.user.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, options_.user.c_str());
    set(CURLOPT_PASSWORD, password_.c_str());
  }
  if (!bearer_token_.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    set(CURLOPT_XOAUTH2_BEARER, bearer_token_.c_str());
  }
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(nullptr, curl_slist_free_all);
  if (!body.empty()) {
    headers.reset(curl_slist_append(nullptr, "Content-Type: application/json"));
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_POSTFIELDS, body.c_str());
  }
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) {
    const std::string why = error[0] != '\0' ? error.data() : curl_easy_strerror(code);
    return Retry("no answer from " + options_.url + ": " + why);
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  return response;
}

std::string ApiClient::Get(const std::string& path) const {
  auto response = Send("GET", path);
  if (!response) throw Stop(kUnreachable, response.error().message);
  if (response->status / 100 != 2) throw Stop(kFailed, Complaint(*response));
  return std::move(response->body);
}

std::string Complaint(const ApiClient::Response& response) {
  const auto json = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  std::string text;
  if (json.is_object() && json.contains("error") && json["error"].is_object()) {
    const auto& error = json["error"];
    if (error.contains("field") && error["field"].is_string()) {
      text = error["field"].get<std::string>() + ": ";
    }
    if (error.contains("message") && error["message"].is_string()) {
      text += error["message"].get<std::string>();
    }
  } else if (json.is_object() && json.contains("error") && json["error"].is_string()) {
    text = json["error"].get<std::string>();  // Prometheus' form.
  }
  if (text.empty()) text = "the server answered " + std::to_string(response.status);
  if (response.status == 401) text += " (401: give --user and the right password)";
  return Plain(text);
}

std::string PercentEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    std::array<char, 4> hex{};
    std::snprintf(hex.data(), hex.size(), "%%%02X", byte);
    out += hex.data();
  }
  return out;
}

std::string QueryString(const std::map<std::string, std::string, std::less<>>& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    out += (out.empty() ? "?" : "&") + name + "=" + PercentEncode(value);
  }
  return out;
}

nlohmann::json FetchPages(const ApiClient& client, const std::string& path, const std::string& list,
                          int limit, std::map<std::string, std::string, std::less<>> parameters,
                          std::string* next) {
  nlohmann::json all = nlohmann::json::array();
  std::string more;
  while (static_cast<int>(all.size()) < limit) {
    parameters["limit"] = std::to_string(std::min(kPage, limit - static_cast<int>(all.size())));
    const nlohmann::json page = ParseAnswer(client.Get(path + QueryString(parameters)));
    for (const nlohmann::json& one : ListOf(page, list)) all.push_back(one);
    more = TextOf(page, "next");
    if (more.empty() || more == parameters["before"]) break;
    parameters["before"] = more;
  }
  if (next != nullptr) *next = std::move(more);
  return all;
}

void TellWhetherMore(std::size_t shown, const std::string& next, const std::string& advice) {
  if (next.empty()) return;
  std::fprintf(stderr, "lowbalance: only the newest %zu; %s\n", shown, advice.c_str());
}

}  // namespace lowbalance::cli
