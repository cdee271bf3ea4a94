// From what a search found to its result.
#pragma once

#include "engine/engine.hpp"
#include "lanewise/result.hpp"
#include "outcome.hpp"
#include "setting.hpp"

namespace lanewise {

/// \throws NothingFinite when there is no best point.
Result report(const Setting& setting, Outcome outcome, Engine& engine, const Halt& halt);

}  // namespace lanewise
