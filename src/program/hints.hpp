// What is meant where a text is not of the language but of another one, or of none.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lanewise {

/// What the language has in place of a name of other languages: "log" for "ln".
std::optional<std::string_view> known_elsewhere(std::string_view name);

/// What is said of a definition that stands elsewhere, and of one that nothing follows.
inline constexpr std::string_view place_of_definitions =
    "definitions, 'NAME = ...;', stand at the beginning of the formula or of the body of a sum or product, "
    "and "
    "an expression follows them";

enum class Place { of_operand, of_operator };

/// How an error goes on about what stands at a position, where it does not belong: "; did you mean '*'?"
/// Empty when there is nothing to say.
std::string hint(std::string_view text, std::size_t position, Place place);

}  // namespace lanewise
