#include "webhook/payload.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "core/text.h"

namespace lowbalance {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDepthMax = 64;
// What an alert takes in a body at least: with its labels and instants it is several times that. In
// memory even an empty one takes more, so that a body of nothing but such would be a hundred times
// its size.
constexpr std::size_t kAlertBytesMin = 64;

// Reads the stream of a body's tokens, so that 64 MiB of it never become a tree. `place_` says what
// the value that comes next is; what nobody needs is kSkipped, and so is everything inside it.
class PayloadReader : public nlohmann::json_sax<Json> {
 public:
  explicit PayloadReader(std::size_t bytes) : alerts_max_(bytes / kAlertBytesMin + 1) {}

  // Go writes a map that was never made as null.
  bool null() override {
    return place_ == Place::kLabels || place_ == Place::kAnnotations || Scalar("null");
  }
  bool boolean(bool /*value*/) override { return Scalar("true or false"); }
  bool number_integer(number_integer_t /*value*/) override { return Scalar("a number"); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return Scalar("a number"); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return Scalar("a number");
  }
  bool binary(binary_t& /*value*/) override { return Scalar("binary data"); }

  bool string(string_t& value) override {
    switch (place_) {
      case Place::kVersion:
        version_ = std::move(value);
        break;
      case Place::kReceiver:
        payload_.receiver = std::move(value);
        break;
      case Place::kStatus:
        payload_.status = std::move(value);
        break;
      case Place::kAlertStatus:
        payload_.alerts.back().status = std::move(value);
        break;
      case Place::kLabel:
        payload_.alerts.back().labels.insert_or_assign(std::move(key_), std::move(value));
        break;
      case Place::kAnnotation:
        payload_.alerts.back().annotations.insert_or_assign(std::move(key_), std::move(value));
        break;
      default:
        return Scalar("a text");
    }
    return true;
  }

  bool start_object(std::size_t /*size*/) override {
    switch (place_) {
      case Place::kTop:
        return Enter(Place::kTopKey);
      case Place::kAlert:
        if (payload_.alerts.size() == alerts_max_) {
          error_ =
              "more alerts than a body of its size can hold: over " + std::to_string(alerts_max_);
          return false;
        }
        payload_.alerts.emplace_back().status.clear();
        return Enter(Place::kAlertKey);
      case Place::kLabels:
        return Enter(Place::kLabelKey);
      case Place::kAnnotations:
        return Enter(Place::kAnnotationKey);
      case Place::kSkipped:
        return Enter(Place::kSkipped);
      default:
        return Wrong("an object");
    }
  }

  bool start_array(std::size_t /*size*/) override {
    if (place_ == Place::kAlerts) {
      has_alerts_ = true;
      payload_.alerts.clear();  // Of a key that stands twice the last one counts.
      return Enter(Place::kAlert);
    }
    return place_ == Place::kSkipped ? Enter(Place::kSkipped) : Wrong("a list");
  }

  bool key(string_t& name) override {
    switch (inside_.back()) {
      case Place::kTopKey:
        place_ = name == "version"    ? Place::kVersion
                 : name == "receiver" ? Place::kReceiver
                 : name == "status"   ? Place::kStatus
                 : name == "alerts"   ? Place::kAlerts
                                      : Place::kSkipped;
        break;
      case Place::kAlertKey:
        place_ = name == "status"        ? Place::kAlertStatus
                 : name == "labels"      ? Place::kLabels
                 : name == "annotations" ? Place::kAnnotations
                                         : Place::kSkipped;
        break;
      case Place::kLabelKey:
        place_ = Place::kLabel;
        key_ = std::move(name);
        break;
      case Place::kAnnotationKey:
        place_ = Place::kAnnotation;
        key_ = std::move(name);
        break;
      default:
        place_ = Place::kSkipped;
        break;
    }
    return true;
  }

  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    const bool range = dynamic_cast<const nlohmann::detail::out_of_range*>(&error) != nullptr;
    error_ = (range ? "a number out of range at byte " : "not JSON in UTF-8 at byte ") +
             std::to_string(position);
    return false;
  }

  Result<Payload> Done() && {
    if (!error_.empty()) return Reject(std::move(error_));
    if (!version_) return Reject("version is missing");
    if (*version_ != "4") return Reject("version is " + Quoted(*version_, 20) + ", not \"4\"");
    if (!has_alerts_) return Reject("alerts is missing");
    return std::move(payload_);
  }

 private:
  enum class Place {
    kTop,
    kTopKey,
    kVersion,
    kReceiver,
    kStatus,
    kAlerts,
    kAlert,
    kAlertKey,
    kAlertStatus,
    kLabels,
    kLabelKey,
    kLabel,
    kAnnotations,
    kAnnotationKey,
    kAnnotation,
    kSkipped,
  };

  // Goes into an object or a list: `inside` is what its keys or elements are.
  bool Enter(Place inside) {
    if (inside_.size() >= kDepthMax) {
      error_ = "nested deeper than " + std::to_string(kDepthMax) + " levels";
      return false;
    }
    inside_.push_back(inside);
    place_ = inside;  // For the elements of a list; a key of an object sets it anew.
    return true;
  }

  bool Leave() {
    inside_.pop_back();
    place_ = inside_.empty() ? Place::kTop : inside_.back();
    return true;
  }

  bool Scalar(std::string_view seen) { return place_ == Place::kSkipped || Wrong(seen); }

  bool Wrong(std::string_view seen) {
    error_ = std::string(Expected()) + ", seen " + std::string(seen);
    return false;
  }

  [[nodiscard]] std::string_view Expected() const {
    switch (place_) {
      case Place::kVersion:
        return "version must be a text";
      case Place::kReceiver:
        return "receiver must be a text";
      case Place::kStatus:
        return "status must be a text";
      case Place::kAlerts:
        return "alerts must be a list";
      case Place::kAlert:
        return "an alert must be an object";
      case Place::kAlertStatus:
        return "an alert's status must be a text";
      case Place::kLabels:
        return "an alert's labels must be an object";
      case Place::kLabel:
        return "a label must be a text";
      case Place::kAnnotations:
        return "an alert's annotations must be an object";
      case Place::kAnnotation:
        return "an annotation must be a text";
      default:
        return "the body must be an object";
    }
  }

  const std::size_t alerts_max_;
  Payload payload_;
  std::optional<std::string> version_;
  bool has_alerts_ = false;
  Place place_ = Place::kTop;
  std::vector<Place> inside_;  // The objects and lists around, outermost first.
  std::string key_;
  std::string error_;
};

}  // namespace

Result<Payload> ParsePayload(std::string_view body) {
  PayloadReader reader(body.size());
  Json::sax_parse(body.begin(), body.end(), &reader);
  return std::move(reader).Done();
}

}  // namespace lowbalance
