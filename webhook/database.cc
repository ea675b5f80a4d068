#include "webhook/database.h"

namespace lowbalance {

std::string Database::Explain(std::string_view doing, const std::exception& error) const {
  return "cannot " + std::string(doing) + ": " + store_.Explain(error);
}

}  // namespace lowbalance
