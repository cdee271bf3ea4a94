// Straight-line code for value and gradient together.
#pragma once

#include <cstddef>
#include <vector>

#include "graph.hpp"
#include "table.hpp"

namespace lanewise {

struct Program {
    std::vector<kernels::Instruction> instructions;
    std::vector<double> constants;
    std::size_t registers = 0;  ///< scratch rows it needs
};

/// Lowers a graph: multiply and add fused, dead operations left out, operations put into an order that keeps
/// few results waiting, registers reused.
Program lower(const Graph& graph, NodeId value, const std::vector<NodeId>& gradient);

}  // namespace lanewise
