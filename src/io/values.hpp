// Values of options, read from text. Each throws std::invalid_argument naming option, text and what is
// allowed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/part.hpp"

namespace lanewise {

[[noreturn]] void refuse(std::string_view option, std::string_view text, std::string_view allowed);

/// A finite number, from an expression of numbers. `text` is a part of `whole`, which errors show.
double parse_constant(std::string_view option, std::string_view whole, std::string_view text);

/// Without the blanks around it.
std::string_view trim(std::string_view text);

/// The parts between the separators that no bracket holds, each without the blanks around it.
std::vector<std::string_view> split(std::string_view text, char separator);

/// A finite number.
double parse_number(std::string_view option, std::string_view text);

/// A whole number, 0 or above; 1e6 is one too.
std::uint64_t parse_count(std::string_view option, std::string_view text);

/// "500M": a whole number, of KiB, MiB or GiB with K, M or G behind it.
std::uint64_t parse_bytes(std::string_view option, std::string_view text);

/// "3/100": the third of 100 parts.
Part parse_part(std::string_view option, std::string_view text);

/// The length of a vector variable.
std::size_t parse_length(std::string_view option, std::string_view text);

}  // namespace lanewise
