// A JSON file of balances.

#include "exporter/sources/file_json.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/readings.h"

namespace lowbalance::fuzz {

void Try(std::string_view input) { CheckReadings(ParseFileJson(input, BalancesFile()), input); }

}  // namespace lowbalance::fuzz
