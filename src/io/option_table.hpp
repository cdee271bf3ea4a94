// The options of a problem by name: how each is written and what it sets.
#pragma once

#include <string_view>

#include "lanewise/problem.hpp"

namespace lanewise {

/// A count that can be large may be a word, a choice may be true or false.
enum class OptionKind { number, count, big_count, word, file, choice, points };

struct OptionEntry {
    std::string_view name;
    OptionKind kind;
    void (*set)(Problem& problem, std::string_view name, std::string_view text);
};

/// Null when there is no option of that name.
const OptionEntry* find_option(std::string_view name) noexcept;

}  // namespace lanewise
