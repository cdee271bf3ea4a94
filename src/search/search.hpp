// The search from its first start to its last run: waves of starts, and the polish of what they found.
#pragma once

#include "findings.hpp"
#include "setting.hpp"

namespace lanewise {

/// Runs every start to its end or until a limit of the options is met.
Findings search(const Setting& setting);

}  // namespace lanewise
