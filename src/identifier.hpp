// What a variable or parameter can be called.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace lanewise {

/// Letters, digits and underscores, not beginning with a digit.
inline bool is_identifier(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return !name.empty() && letter(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); });
}

/// \throws std::invalid_argument naming what it should be the name of.
inline void check_identifier(std::string_view what, std::string_view name) {
    if (!is_identifier(name))
        throw std::invalid_argument(
            fmt::format("{} '{}': a name is letters, digits and underscores, and does not begin with a digit",
                        what, name));
}

}  // namespace lanewise
