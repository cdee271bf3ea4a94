// The options of a problem by name.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace lanewise {

/// How an option is written. A count that can be large may be a word, a choice may be true or false, a
/// formula a number.
enum class OptionKind { number, number_or_off, count, big_count, word, file, choice, points, formula };

/// None when there is no option of that name.
std::optional<OptionKind> kind_of_option(std::string_view name);

/// The same for the options of fits that a search does not have.
std::optional<OptionKind> kind_of_fit_option(std::string_view name);

/// The names of these.
std::vector<std::string_view> own_fit_option_names();

}  // namespace lanewise
