// From graph to straight-line code over rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "graph.hpp"
#include "kernels/table.hpp"

namespace lanewise {

/// Straight-line code for value and gradient together, with loops over the rows of data.
struct Lowered {
    std::vector<kernels::Instruction> instructions;
    std::vector<double> constants;
    std::size_t registers = 0;  ///< scratch rows it needs
    std::size_t outputs = 0;    ///< rows of the gradient, and of what is computed beside it

    // Of a program with data, be it parameters alone; else empty.
    std::vector<kernels::Section> sections = {};     ///< those with an odd index are for each row
    std::vector<std::uint32_t> shared_columns = {};  ///< of the graph, in the order of their operands
    std::vector<std::uint32_t> lane_columns = {};
    std::vector<std::uint32_t> parameters = {};

    /// Rows or parameters.
    bool has_data() const { return !sections.empty(); }
};

/// Where programs that are run on the same data find it: the order of columns and parameters, by their index
/// in the graph. Columns that it does not list are shared ones, behind those that it does.
struct DataLayout {
    std::vector<std::uint32_t> shared_columns = {};
    std::vector<std::uint32_t> lane_columns = {};
    std::vector<std::uint32_t> parameters = {};
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
Lowered lower(const Outputs& outputs, const DataLayout& layout = {});

}  // namespace lanewise
