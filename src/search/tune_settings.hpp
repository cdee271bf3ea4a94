// The settings of a sweep.
#pragma once

#include <vector>

#include "lanewise/options.hpp"
#include "lanewise/tune.hpp"

namespace lanewise {

/// In the order of the design.
/// \throws std::invalid_argument naming the option, its value and what is allowed; values that are no values
///         of their option are left for validate.
std::vector<TuneSetting> settings_of(const Options& options, const TuneOptions& tune_options);

}  // namespace lanewise
