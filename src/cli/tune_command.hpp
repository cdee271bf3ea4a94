// `lanewise tune`.
#pragma once

#include "arguments.hpp"

namespace lanewise::cli {

/// Runs the sweep, and writes what came of it. Returns the exit code.
int run_tune(const Command& command);

}  // namespace lanewise::cli
