/// What this build is made of.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lanewise {

/// "major.minor.patch" of the library in use.
std::string_view version() noexcept;

/// Name and version of each library it was built with.
std::vector<std::pair<std::string, std::string>> dependencies();

}  // namespace lanewise
