// Programs that were recorded in another language.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lanewise/lanewise.hpp"

namespace lanewise::c {

/// The number of an operation, if there is one of that name.
std::optional<std::uint8_t> operation_number(std::string_view name);

/// What lanewise_set_program was handed.
struct Recorded {
    std::vector<std::uint8_t> operations;
    std::vector<std::uint32_t> a, b, c;
    std::vector<double> numbers;
    std::uint32_t value;

    /// \throws std::invalid_argument naming the node that is none.
    Program program(std::size_t dimension) const;
};

}  // namespace lanewise::c
