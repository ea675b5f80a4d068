#pragma once
// The account metrics as text: the hot path of the exporter, so plain and fast.
//
// Names, types, help and labels are those of core/contract.h. Amounts and instants are printed as
// exact decimals; what is unknown has no series, and a family without series is left out.

#include <string>

#include "exporter/snapshot.h"

namespace lowbalance {

// Appends the families of design 2.1 in the Prometheus text format, version 0.0.4.
void AppendAccountMetrics(const Snapshot& snapshot, std::string& out);

}  // namespace lowbalance
