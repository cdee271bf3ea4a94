// Which results can be infinite or NaN where a formula's value is finite.
#pragma once

#include <vector>

#include "graph.hpp"

namespace lanewise {

/// Variables, columns and parameters are finite. What overflows in single precision counts as infinite.
class Finiteness {
  public:
    /// Of the nodes up to `value`, wherever `value` is finite.
    Finiteness(const Graph& graph, NodeId value);

    bool may_be_infinite(NodeId id) const { return results_[id].infinite; }
    bool may_be_nan(NodeId id) const { return results_[id].nan; }
    bool is_finite(NodeId id) const { return !may_be_infinite(id) && !may_be_nan(id); }

  private:
    struct Result {
        bool infinite = false, nan = false;
        bool bounded = false;  ///< a factor that leaves finite what is
    };
    Result of_operands(const Graph& graph, const Node& node) const;

    std::vector<Result> results_;
};

/// In single precision, too.
bool is_nonzero_constant(const Graph& graph, NodeId id);

}  // namespace lanewise
