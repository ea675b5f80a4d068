#pragma once
// One HTTP/1.1 request on a connection of its own, byte for byte as the test wants it.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace lowbalance {

struct HttpAnswer {
  int status = 0;
  std::string head;
  std::string body;

  [[nodiscard]] nlohmann::json Json() const {
    return nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  }
};

class RawHttpClient {
 public:
  // `authorization` is the value of that header; empty for none.
  explicit RawHttpClient(std::uint16_t port, std::string authorization = "")
      : port_(port), authorization_(std::move(authorization)) {}

  [[nodiscard]] HttpAnswer Get(const std::string& target) const { return Send("GET", target, ""); }
  // `header`, if any, is one more, with its line end.
  [[nodiscard]] HttpAnswer Send(const std::string& method, const std::string& target,
                                const std::string& body, const std::string& header = "") const {
    std::string request = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n";
    request += header;
    if (!authorization_.empty()) request += "Authorization: " + authorization_ + "\r\n";
    if (method != "GET") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request += "Connection: close\r\n\r\n" + body;
    return Parse(Exchange(request));
  }

 private:
  [[nodiscard]] std::string Exchange(const std::string& request) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
      ADD_FAILURE() << "nobody listens on port " << port_;
    } else {
      char buffer[4096];
      ssize_t n = 0;
      while ((n = ::read(fd, buffer, sizeof buffer)) > 0) {
        answer.append(buffer, static_cast<std::size_t>(n));
      }
    }
    ::close(fd);
    return answer;
  }

  static HttpAnswer Parse(const std::string& text) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos || text.size() < 12) {
      ADD_FAILURE() << "not an HTTP answer: " << text;
      return {};
    }
    return {.status = std::stoi(text.substr(9, 3)),
            .head = text.substr(0, end),
            .body = text.substr(end + 4)};
  }

  const std::uint16_t port_;
  const std::string authorization_;
};

}  // namespace lowbalance
