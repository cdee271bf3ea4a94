// What of a graph differs from row to row of the data, and in which loops over the rows it is computed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph.hpp"

namespace lanewise {

/// So many loops can follow one another.
inline constexpr std::uint32_t most_loops = 64;

/// A sum over rows is known when its loop is over. What is summed up may need such sums of loops before:
/// rows((y - m)^2) with m = rows(y)/rows(1) takes two loops.
class RowDependence {
  public:
    explicit RowDependence(const Graph& graph);

    /// Whether a node differs from row to row.
    bool varies(NodeId id) const { return varies_[id]; }
    /// Loops that are over when the node can be known: a sum over rows is made in the last of them.
    std::uint32_t loops_before(NodeId id) const { return loops_before_[id]; }
    /// Of all nodes.
    std::uint32_t loops() const { return loops_; }
    /// The loops, as bits, whose sums need a node that differs from row to row.
    std::uint64_t loops_that_need(NodeId id) const { return needing_[id]; }

  private:
    std::vector<bool> varies_;
    std::vector<std::uint32_t> loops_before_;
    std::vector<std::uint64_t> needing_;
    std::uint32_t loops_ = 0;
};

/// The same with nodes of its own for each loop, where several loops need what differs from row to row:
/// nothing of a row is kept from one loop to the next.
Outputs with_loops_apart(Outputs outputs);

}  // namespace lanewise
