#pragma once
// An HTTP client that sends exactly what a test says, however wrong.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lowbalance {

struct RawResponse {
  int status = 0;  // 0 if the connection ended without an answer.
  std::map<std::string, std::string, std::less<>> headers;  // Names as they were sent.
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False if the server has closed before it read all.
  bool Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  // Reads one answer. `to_head`: it is one to HEAD, and has no body.
  RawResponse Receive(bool to_head = false) {
    RawResponse response;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return response;
    }
    std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    response.status = std::stoi(head.substr(head.find(' ') + 1));
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size()) {
      const std::size_t line_end = head.find("\r\n", at);
      const std::string line = head.substr(at, line_end - at);
      const std::size_t colon = line.find(": ");
      response.headers[line.substr(0, colon)] = line.substr(colon + 2);
      at = line_end + 2;
    }
    if (response.status == 100 || to_head) return response;
    const std::size_t length = std::stoul(response.headers.at("Content-Length"));
    while (buffer_.size() < length && Fill()) {
    }
    response.body = buffer_.substr(0, length);
    buffer_.erase(0, std::min(length, buffer_.size()));
    return response;
  }

  RawResponse Ask(std::string_view request) {
    Send(request);
    return Receive(request.starts_with("HEAD "));
  }

  // Has the server closed the connection, within `wait_ms`?
  bool Closed(int wait_ms) {
    pollfd fd{fd_, POLLIN, 0};
    if (::poll(&fd, 1, wait_ms) <= 0) return false;
    char byte = 0;
    return ::recv(fd_, &byte, 1, MSG_PEEK) <= 0;
  }

 private:
  bool Fill() {
    pollfd fd{fd_, POLLIN, 0};
    if (::poll(&fd, 1, 30'000) <= 0) return false;
    char bytes[65536];
    const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }

  const int fd_;
  std::string buffer_;
};

// One request on a connection of its own. `headers` are whole lines, each with its "\r\n".
inline RawResponse Ask(std::uint16_t port, std::string_view method_and_target,
                       std::string_view headers = "", std::string_view body = "") {
  std::string request = std::string(method_and_target) + " HTTP/1.1\r\nHost: localhost\r\n";
  request += headers;
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request += "\r\n";
  request += body;
  return RawClient(port).Ask(request);
}

}  // namespace lowbalance
