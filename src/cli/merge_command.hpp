// `lanewise merge`: what parts came to, put together.
#pragma once

#include "arguments.hpp"

namespace lanewise::cli {

/// The exit code. \throws what main tells of.
int run_merge(const Command& command);

}  // namespace lanewise::cli
