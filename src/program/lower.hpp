// From graph to straight-line code over rows.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "graph.hpp"
#include "kernels/table.hpp"

namespace lanewise {

/// Straight-line code for value and gradient together.
struct Lowered {
    std::vector<kernels::Instruction> instructions;
    std::vector<double> constants;
    std::size_t registers = 0;  ///< scratch rows it needs
};

/// As opcodes.hpp has it.
std::string_view name(Opcode op);

/// Calls `visit` with every operation; twins are two.
template <class Visit>
void visit_operations(const Lowered& lowered, Visit visit) {
    for (const kernels::Instruction& instruction : lowered.instructions) {
        if (instruction.op == Opcode::twins) {
            visit(kernels::twin_first(instruction.variant));
            visit(kernels::twin_second(instruction.variant));
        } else {
            visit(instruction.op);
        }
    }
}

/// Chooses the operations (selection.hpp), puts them into an order (order.hpp) and gives each result a
/// row, reusing rows whose result is no longer needed.
Lowered lower(const Outputs& outputs);

}  // namespace lanewise
