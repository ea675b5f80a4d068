#include "webhook/compose.h"

#include <utility>

#include "webhook/text_limits.h"

namespace lowbalance {
namespace {

constexpr std::size_t kAccountNameMax = 500;

}  // namespace

Message MessageOf(MessageKind kind, const std::string& contact, WordedMessage worded, Time now) {
  Message m;
  m.created = now;
  m.kind = kind;
  m.low_since = now;
  m.contact = contact;
  m.subject = std::move(worded.subject);
  m.text = std::move(worded.text);
  m.html = std::move(worded.html);
  m.internal = std::move(worded.internal);
  return m;
}

Message MessageOf(const PlannedMessage& planned, const std::string& contact, const Config& config,
                  const Reader& reader, Time now) {
  const Facts& facts = planned.facts;
  Message m = MessageOf(planned.notice.kind, contact, WordMessage(planned, config, reader), now);
  m.number = planned.notice.number;
  m.key = {facts.account, facts.level};
  m.low_since = planned.low_since;
  m.account_name = OneLine(facts.account_name, kAccountNameMax);
  m.currency = facts.currency;
  m.available_credit = facts.available_credit;
  m.threshold = facts.threshold;
  return m;
}

}  // namespace lowbalance
