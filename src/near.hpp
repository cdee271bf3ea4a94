// What a name that is not known was likely meant to be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lanewise {

/// The one of `known` that differs from `name` by capitals, '-' and '_' alone, or else the only one that
/// begins with `name`, or else the nearest by slips (Damerau 1964: a character too many, missing, wrong, or
/// two swapped), as long as there is at most one slip for three characters.
std::optional<std::string_view> nearest(std::string_view name, const std::vector<std::string_view>& known);

/// "unknown option 'lr'; did you mean 'alpha'?"
std::string did_you_mean(std::string_view what, std::string_view name, std::string_view meant);

/// "unknown option 'alhpa'; did you mean 'alpha'?", or with all that are known when none of them is near.
std::string unknown(std::string_view what, std::string_view name, const std::vector<std::string_view>& known);

}  // namespace lanewise
