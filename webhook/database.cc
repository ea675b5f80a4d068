#include "webhook/database.h"

#include <soci/soci.h>

namespace lowbalance {

std::string Database::Explain(std::string_view doing, const std::exception& error) {
  // SOCI's what() repeats the statement and its values, whole messages among them.
  const auto* const soci_error = dynamic_cast<const soci::soci_error*>(&error);
  const std::string text =
      soci_error != nullptr ? soci_error->get_error_message() : std::string(error.what());
  return "cannot " + std::string(doing) + ": " + text;
}

}  // namespace lowbalance
