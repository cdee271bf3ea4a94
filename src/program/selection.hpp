// Which operations of a graph are executed, and which of them as one.
#pragma once

#include <array>
#include <limits>
#include <span>
#include <unordered_map>
#include <vector>

#include "graph.hpp"

namespace lanewise {

constexpr NodeId none = std::numeric_limits<NodeId>::max();

/// An operation as it will be executed; its operands are nodes.
struct Operation {
    Opcode op = Opcode::copy;
    std::array<NodeId, 3> operands = {none, none, none};
};

/// The operations the outputs need: products fused into the sums that use them, sines paired with cosines.
class Selection {
  public:
    explicit Selection(const Outputs& outputs);

    std::size_t nodes() const noexcept { return operations_.size(); }
    bool is_operation(NodeId id) const { return graph_->is_operation(id); }
    bool is_selected(NodeId id) const { return uses_[id] != 0 && is_operation(id); }
    const Operation& operator[](NodeId id) const { return operations_[id]; }
    /// By selected operations and outputs.
    std::uint32_t uses(NodeId id) const { return uses_[id]; }
    /// The cosine that is computed together with this sine, or the other way round; else none.
    NodeId partner(NodeId id) const;

    /// The multiply-add that has the same factors as this one, and can be done together with it; else none.
    NodeId twin(NodeId id) const;

    template <class Visit>
    void for_each_operand(NodeId id, Visit visit) const {
        for (const NodeId operand : operations_[id].operands) {
            if (operand != none && is_operation(operand)) visit(operand);
        }
    }

  private:
    void select(const Outputs& outputs);
    void fuse_products_into_sums();
    bool can_fuse(NodeId product, NodeId sum) const;
    bool is_exact(NodeId product) const;
    void pair_sines_with_cosines();

    const Graph* graph_;
    std::vector<std::uint32_t> uses_;
    /// A root, logarithm, comparison ... is taken of what it gives: a fused product, rounded differently,
    /// could be below 0 where it has to be 0.
    std::vector<bool> is_watched_;
    std::vector<Operation> operations_;
    std::unordered_map<NodeId, NodeId> partners_;
    std::unordered_map<NodeId, NodeId> twins_;
};

/// The selected operations that use each operation, as they are when this is made.
class Users {
  public:
    explicit Users(const Selection& selection);

    std::span<const NodeId> of(NodeId id) const {
        return std::span(users_).subspan(begin_[id], begin_[id + 1] - begin_[id]);
    }

  private:
    std::vector<std::uint32_t> begin_;  ///< users of node i: users_[begin_[i]] .. users_[begin_[i+1]]
    std::vector<NodeId> users_;
};

}  // namespace lanewise
