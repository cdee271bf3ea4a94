// The options of a problem by name.
#pragma once

#include <optional>
#include <string_view>

namespace lanewise {

/// How an option is written. A count that can be large may be a word, a choice may be true or false.
enum class OptionKind { number, number_or_off, count, big_count, word, file, choice, points };

/// None when there is no option of that name.
std::optional<OptionKind> kind_of_option(std::string_view name);

}  // namespace lanewise
