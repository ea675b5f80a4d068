#include "base/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "core/text.h"

namespace lowbalance {
namespace {

// Alertmanager opens a connection for each group at once; the kernel cuts this to its somaxconn.
constexpr int kBacklog = 4096;

std::string Errno() { return std::generic_category().message(errno); }

}  // namespace

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

UniqueFd ListenOn(const std::string& address, std::uint16_t* port) {
  const auto fail = [&](const std::string& why) {
    return std::runtime_error("cannot listen on " + Quoted(address) + ": " + why);
  };
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) throw fail("not HOST:PORT or :PORT");
  std::string host = address.substr(0, colon);
  const std::string service = address.substr(colon + 1);
  if (service.empty() || service.size() > 5 ||
      service.find_first_not_of("0123456789") != std::string::npos || std::stoi(service) > 65535) {
    throw fail("the port must be a number from 0 to 65535");
  }
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    throw fail("an IPv6 address is written in brackets, as in [::1]:80");
  }
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code =
          ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
      code != 0) {
    throw fail(::gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &::freeaddrinfo);
  // Where all addresses are meant, one IPv6 socket takes IPv4 too, if the machine has IPv6.
  std::string why = "no address";
  for (const bool want_v6 : {true, false}) {
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
      if (host.empty() && (each->ai_family == AF_INET6) != want_v6) continue;
      UniqueFd fd(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      if (fd.get() < 0) {
        why = Errno();
        continue;
      }
      const int on = 1;
      const int off = 0;
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      if (host.empty() && each->ai_family == AF_INET6) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
      }
      if (::bind(fd.get(), each->ai_addr, each->ai_addrlen) != 0 ||
          ::listen(fd.get(), kBacklog) != 0) {
        why = Errno();
        continue;
      }
      sockaddr_storage bound{};
      socklen_t size = sizeof bound;
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size);
      *port = ntohs(bound.ss_family == AF_INET6
                        ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                        : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
      return fd;
    }
    if (!host.empty()) break;
  }
  throw fail(why);
}

}  // namespace lowbalance
