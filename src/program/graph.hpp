// An expression as a directed acyclic graph: every distinct operation once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "opcodes.hpp"

namespace lanewise {

using kernels::Opcode;

/// Index of a node; operands have smaller ones.
using NodeId = std::uint32_t;

struct Node {
    enum class Kind : std::uint8_t { variable, constant, operation };
    Kind kind;
    Opcode op = Opcode::copy;    ///< of an operation
    NodeId a = 0, b = 0, c = 0;  ///< its operands; a is the coordinate of a variable
    double number = 0;           ///< of a constant
};

/// Nodes are added by the members, which simplify (simplify.cpp) and give an equal node back when there is
/// one.
class Graph {
  public:
    NodeId variable(std::uint32_t coordinate);
    NodeId constant(double number);
    NodeId apply(Opcode op, NodeId a, NodeId b = 0, NodeId c = 0);

    NodeId neg(NodeId a) { return apply(Opcode::neg, a); }
    NodeId add(NodeId a, NodeId b) { return apply(Opcode::add, a, b); }
    NodeId sub(NodeId a, NodeId b) { return apply(Opcode::sub, a, b); }
    NodeId mul(NodeId a, NodeId b) { return apply(Opcode::mul, a, b); }
    NodeId div(NodeId a, NodeId b) { return apply(Opcode::div, a, b); }
    /// a to the power b: products for a whole number b up to 1024 in size, sqrt for 1/2.
    NodeId power(NodeId a, NodeId b);

    const Node& operator[](NodeId id) const { return nodes_[id]; }
    std::size_t size() const noexcept { return nodes_.size(); }
    bool is_constant(NodeId id) const { return nodes_[id].kind == Node::Kind::constant; }
    bool is_constant(NodeId id, double number) const {
        return is_constant(id) && nodes_[id].number == number;
    }
    bool is(NodeId id, Opcode op) const {
        return nodes_[id].kind == Node::Kind::operation && nodes_[id].op == op;
    }

  private:
    struct Hash {
        std::size_t operator()(const Node& node) const noexcept;
    };
    struct Equal {
        bool operator()(const Node& a, const Node& b) const noexcept;
    };

    NodeId intern(const Node& node);
    NodeId simplify(Opcode op, NodeId a, NodeId b, NodeId c);
    NodeId simplify_product(NodeId a, NodeId b);

    std::vector<Node> nodes_;
    std::unordered_map<Node, NodeId, Hash, Equal> ids_;
};

/// The number an operation gives on numbers; the same bits on every machine.
double fold(Opcode op, double a, double b, double c);

}  // namespace lanewise
