// The optimiser's rewrites, one by one.
#pragma once

#include <optional>
#include <span>

#include "graph.hpp"

namespace lanewise {

/// Tried on an operation before it becomes a node: gives the node that stands for it instead, or nothing when
/// it does not apply. A rewrite keeps the value to 1 ULP (powers: one rounding per product) but for the sign
/// of a zero and what follows from that (1/0, atan2), and never makes a finite value infinite or NaN.
using Rewrite = std::optional<NodeId> (*)(Graph& graph, const Node& operation);

/// The rewrites of a level, in the order in which they are tried.
std::span<const Rewrite> rewrites(Rewriting rewriting);

}  // namespace lanewise
