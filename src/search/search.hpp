// The search from its first start to its last run: waves of starts, and the polish of what they found.
#pragma once

#include "archive.hpp"
#include "findings.hpp"
#include "setting.hpp"

namespace lanewise {

/// Runs every start to its end or until a limit of the options is met.
Findings search(const Setting& setting, Engine& engine, Halt& halt);

/// Goes on from where a search was when it was saved.
Findings resume(const Setting& setting, Engine& engine, Halt& halt, Reader saved);

/// The findings of a saved search, which does not go on.
Findings found(const Setting& setting, Engine& engine, Halt& halt, Reader saved);

}  // namespace lanewise
