// `lanewise merge` of parts of a search.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lanewise/lanewise.hpp"

namespace lanewise::cli {

/// What `lanewise merge` was told, beside options.
struct MergeArguments {
    std::vector<std::string> files = {};
    bool allow_missing = false;
    std::optional<std::string> hand_out = {};  ///< of a search: what the parts of the next round are handed
};

/// Of the problem the data and tables, options and outputs count. The exit code. \throws what main tells of.
int merge_states(const Problem& given, const MergeArguments& arguments);

}  // namespace lanewise::cli
