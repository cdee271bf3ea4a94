// The options of a problem by name: how each is written and what it sets.
#pragma once

#include <string>
#include <string_view>

#include "lanewise/problem.hpp"

namespace lanewise {

enum class OptionKind { number, count, big_count, word, file, yes_or_no, points };

struct OptionEntry {
    std::string_view name;
    OptionKind kind;
    void (*set)(Problem& problem, std::string_view name, std::string_view text);
};

/// Null when there is no option of that name.
const OptionEntry* find_option(std::string_view name) noexcept;

/// "unknown option 'NAME'; known: ..."
std::string unknown_option(std::string_view name);

}  // namespace lanewise
