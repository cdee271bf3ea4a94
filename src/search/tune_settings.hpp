// The settings of a sweep.
#pragma once

#include <vector>

#include "lanewise/options.hpp"
#include "lanewise/tune.hpp"

namespace lanewise {

/// With what is varied where nothing is said, and with the number of settings unless there is a grid.
/// \throws std::invalid_argument naming the option, its value and what is allowed; values that are no values
///         of their option are left for validate.
TuneOptions with_used(TuneOptions options);

/// In the order of the design; options are those that are used. \throws std::invalid_argument as above.
std::vector<TuneSetting> settings_of(const Options& options, const TuneOptions& tune_options);

}  // namespace lanewise
