// What a variable or parameter can be called.
#pragma once

#include <algorithm>
#include <string_view>

namespace lanewise {

/// Letters, digits and underscores, not beginning with a digit.
inline bool is_identifier(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return !name.empty() && letter(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); });
}

}  // namespace lanewise
