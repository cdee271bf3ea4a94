// What `lanewise profile` prints.
#pragma once

#include <string>

#include "lanewise/lanewise.hpp"

namespace lanewise::cli {

/// Where the time went, and how near that is to what this machine can do, which is measured for it now.
std::string profile_report(const Profile& profile, const Result& result, const Program& objective,
                           const Options& options);

}  // namespace lanewise::cli
