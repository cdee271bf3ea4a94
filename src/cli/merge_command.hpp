// `lanewise merge`: what parts came to, put together.
#pragma once

#include "merge_states.hpp"

namespace lanewise::cli {

/// Of the problem the data and tables, options and outputs count. The exit code. \throws what main tells of.
int run_merge(const Problem& given, const MergeArguments& arguments);

}  // namespace lanewise::cli
