#include "exporter/sources/alibaba/ecs_metadata.h"

#include <memory>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "exporter/sources/alibaba/api_client.h"
#include "exporter/sources/alibaba/replies.h"

namespace lowbalance::alibaba {
namespace {

constexpr std::string_view kRoles = "/latest/meta-data/ram/security-credentials/";
// The server is on the same machine, or not there.
constexpr Millis kTimeout = std::chrono::seconds{1};

// The conversation: a session token, the role's name, the role's credentials.
class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(EcsMetadata ecs, ApiClient& client, CredentialsCache::Done done)
      : ecs_(std::move(ecs)), client_(client), done_(std::move(done)) {}

  void Begin() {
    HttpCall call = To("PUT", "/latest/api/token");
    call.headers.emplace_back("x-aliyun-ecs-metadata-token-ttl-seconds", "21600");
    client_.Ask("EcsMetadataToken", std::move(call),
                [self = shared_from_this()](const auto& reply) {
                  if (reply && reply->status == 200 && !reply->body.empty()) {
                    self->token_ = reply->body;
                  } else if (self->ecs_.token_required || !reply) {
                    return self->Fail("token", reply);
                  }
                  self->AskForRole();
                });
  }

 private:
  void AskForRole() {
    if (!ecs_.role.empty()) return AskForCredentials();
    client_.Ask("EcsMetadataRole", To("GET", std::string(kRoles)),
                [self = shared_from_this()](const auto& reply) {
                  if (!reply || reply->status != 200) return self->Fail("role name", reply);
                  self->ecs_.role = reply->body.substr(0, reply->body.find_first_of("\r\n"));
                  if (self->ecs_.role.empty()) return self->Fail("role name", reply);
                  self->AskForCredentials();
                });
  }

  void AskForCredentials() {
    client_.Ask(
        "EcsMetadataCredentials", To("GET", std::string(kRoles) + PercentEncode(ecs_.role)),
        [self = shared_from_this()](const auto& reply) {
          if (!reply || reply->status != 200) return self->Fail("credentials", reply);
          auto credentials = ParseCredentials(reply->body);
          if (!credentials) {
            return self->done_(Retry("ECS metadata server: " + credentials.error().message));
          }
          self->done_(std::move(*credentials));
        });
  }

  [[nodiscard]] HttpCall To(const char* method, const std::string& path) const {
    HttpCall call{.method = method, .url = ecs_.endpoint + path};
    if (!token_.empty()) call.headers.emplace_back("x-aliyun-ecs-metadata-token", token_);
    call.connect_timeout = kTimeout;
    call.timeout = kTimeout;
    call.max_reply_bytes = std::size_t{64} << 10U;
    call.direct = true;
    return call;
  }

  void Fail(const std::string& what, const tl::expected<HttpReply, HttpFailure>& reply) {
    done_(Retry("the ECS metadata server gives no " + what + ": " +
                (reply ? "HTTP " + std::to_string(reply->status) : reply.error().message)));
  }

  EcsMetadata ecs_;
  ApiClient& client_;
  const CredentialsCache::Done done_;
  std::string token_;
};

}  // namespace

CredentialsCache::Obtain ObtainFromEcs(EcsMetadata ecs) {
  return [ecs = std::move(ecs)](ApiClient& client, CredentialsCache::Done done) {
    std::make_shared<Conversation>(ecs, client, std::move(done))->Begin();
  };
}

}  // namespace lowbalance::alibaba
