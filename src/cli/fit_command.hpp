// `lanewise fit`, and `lanewise minimize` of many problems.
#pragma once

#include "lanewise/lanewise.hpp"

namespace lanewise::cli {

/// The exit code. \throws what main tells of.
int run_fit(const Problem& problem);
int run_minimize_problems(const Problem& problem);

}  // namespace lanewise::cli
