// A CSV file of balances.

#include "exporter/sources/file_csv.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/readings.h"

namespace lowbalance::fuzz {

void Try(std::string_view input) { CheckReadings(ParseFileCsv(input, BalancesFile()), input); }

}  // namespace lowbalance::fuzz
