// An expression as a directed acyclic graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/opcodes.hpp"

namespace lanewise {

using kernels::Opcode;

/// Index of a node; operands have smaller ones.
using NodeId = std::uint32_t;

struct Node {
    enum class Kind : std::uint8_t {
        variable,   ///< a is its coordinate
        constant,   ///< see number
        operation,  ///< see op
        column,     ///< of the data, by row: a is its index, b the loop over rows that reads it
        parameter,  ///< that differs by problem: a is its index
    };
    Kind kind;
    Opcode op = Opcode::copy;
    NodeId a = 0, b = 0, c = 0;  ///< operands of an operation
    double number = 0;
};

/// What a graph makes of the operations that are added to it.
enum class Rewriting {
    none,      ///< kept as they were written; only operations on numbers are worked out
    algebra,   ///< every distinct operation once, simplified: what derivatives are taken of
    strength,  ///< then in the cheapest form: powers as products
};

/// Nodes are added by the members, which rewrite (rewrites.cpp) and give an equal node back when there is
/// one.
class Graph {
  public:
    explicit Graph(Rewriting rewriting) : rewriting_(rewriting) {}

    NodeId variable(std::uint32_t coordinate);
    NodeId constant(double number);
    NodeId column(std::uint32_t index, std::uint32_t loop = 0);
    NodeId parameter(std::uint32_t index);
    /// A copy of one that is no operation.
    NodeId leaf(const Node& node) { return intern(node); }
    /// Operands beyond those of the operation do not count.
    NodeId apply(Opcode op, NodeId a, NodeId b = 0, NodeId c = 0);

    NodeId neg(NodeId a) { return apply(Opcode::neg, a); }
    NodeId add(NodeId a, NodeId b) { return apply(Opcode::add, a, b); }
    NodeId sub(NodeId a, NodeId b) { return apply(Opcode::sub, a, b); }
    NodeId mul(NodeId a, NodeId b) { return apply(Opcode::mul, a, b); }
    NodeId div(NodeId a, NodeId b) { return apply(Opcode::div, a, b); }
    NodeId pow(NodeId a, NodeId b) { return apply(Opcode::pow, a, b); }
    NodeId sum_rows(NodeId a) { return apply(Opcode::sum_rows, a); }
    NodeId select(NodeId condition, NodeId a, NodeId b) { return apply(Opcode::select, condition, a, b); }

    const Node& operator[](NodeId id) const { return nodes_[id]; }
    std::size_t size() const noexcept { return nodes_.size(); }
    bool is_constant(NodeId id) const { return nodes_[id].kind == Node::Kind::constant; }
    bool is_constant(NodeId id, double number) const {
        return is_constant(id) && nodes_[id].number == number;
    }
    bool is_operation(NodeId id) const { return nodes_[id].kind == Node::Kind::operation; }
    bool is(NodeId id, Opcode op) const { return is_operation(id) && nodes_[id].op == op; }

  private:
    NodeId intern(const Node& node);
    /// Where in `slots_` the node is, or would be.
    std::size_t slot_of(const Node& node) const;
    void grow();

    Rewriting rewriting_;
    int depth_ = 0;  ///< of rewrites within rewrites
    std::vector<Node> nodes_;
    /// Hash table with linear probing, its size a power of two: at large sizes several times as fast as
    /// std::unordered_map, which would also hold every node twice.
    std::vector<NodeId> slots_;
    std::size_t interned_ = 0;
};

/// A graph and the nodes of it that matter.
struct Outputs {
    Graph graph;
    NodeId value;
    std::vector<NodeId> gradient;  ///< by coordinate; then whatever else is to be computed
};

/// Copies a graph to another node by node: `replace` is handed each node and its copy, and says what stands
/// there. Gives the node that stands for `value`.
template <class Replace>
NodeId copy_replacing(const Graph& from, NodeId value, Graph& to, Replace replace) {
    std::vector<NodeId> ids(from.size());
    for (NodeId id = 0; id < from.size(); ++id) {
        const Node& node = from[id];
        const NodeId copy = node.kind == Node::Kind::operation
                                ? to.apply(node.op, ids[node.a], ids[node.b], ids[node.c])
                                : to.leaf(node);
        ids[id] = replace(node, copy);
    }
    return ids[value];
}

/// Adds what value and gradient need to a new graph, in the order in which the formula reads: how the old one
/// came to be does not show any more.
Outputs rewritten(const Graph& from, NodeId value, const std::vector<NodeId>& gradient, Rewriting rewriting);

/// Multiplying by it only changes the exponent.
bool is_power_of_two(double number);

/// Whole powers up to this size are products.
inline constexpr double largest_product_power = 1024;

/// The number an operation gives on numbers; the same bits on every machine.
double fold(Opcode op, double a, double b, double c);

}  // namespace lanewise
