// From what a search found to its result.
#pragma once

#include "findings.hpp"
#include "setting.hpp"

namespace lanewise {

/// \throws NothingFinite when no run saw a finite value.
Result report(const Setting& setting, const Findings& findings, Engine& engine, const Halt& halt);

}  // namespace lanewise
