// The gradient of a graph's value, as more of the same graph.
#pragma once

#include <cstddef>
#include <vector>

#include "graph.hpp"

namespace lanewise {

/// Reverse-mode differentiation: adds the partial derivatives of `value` by the coordinates 0 .. dimension-1
/// to the graph and returns them.
std::vector<NodeId> differentiate(Graph& graph, NodeId value, std::size_t dimension);

}  // namespace lanewise
