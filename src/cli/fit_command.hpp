// `lanewise fit`.
#pragma once

#include "lanewise/lanewise.hpp"

namespace lanewise::cli {

/// The exit code. \throws what main tells of.
int run_fit(const Problem& problem);

}  // namespace lanewise::cli
