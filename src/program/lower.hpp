// From graph to straight-line code over rows.
#pragma once

#include <cstddef>
#include <vector>

#include "graph.hpp"
#include "table.hpp"

namespace lanewise {

/// Straight-line code for value and gradient together.
struct Lowered {
    std::vector<kernels::Instruction> instructions;
    std::vector<double> constants;
    std::size_t registers = 0;  ///< scratch rows it needs
};

/// Chooses the operations (selection.hpp), puts them into an order (order.hpp) and gives each result a
/// row, reusing rows whose result is no longer needed.
Lowered lower(const Outputs& outputs);

}  // namespace lanewise
