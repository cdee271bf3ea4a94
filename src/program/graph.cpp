#include "graph.hpp"

#include <bit>
#include <cmath>

namespace lanewise {

namespace {

constexpr double largest_product_power = 1024;

}  // namespace

std::size_t Graph::Hash::operator()(const Node& node) const noexcept {
    std::uint64_t hash = (static_cast<std::uint64_t>(node.kind) << 16U) | static_cast<std::uint64_t>(node.op);
    for (const std::uint64_t part : {std::uint64_t{node.a}, std::uint64_t{node.b}, std::uint64_t{node.c},
                                     std::bit_cast<std::uint64_t>(node.number)}) {
        hash = (hash ^ part) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 32U;
    }
    return hash;
}

bool Graph::Equal::operator()(const Node& a, const Node& b) const noexcept {
    return a.kind == b.kind && a.op == b.op && a.a == b.a && a.b == b.b && a.c == b.c &&
           std::bit_cast<std::uint64_t>(a.number) == std::bit_cast<std::uint64_t>(b.number);
}

NodeId Graph::intern(const Node& node) {
    const auto [at, is_new] = ids_.try_emplace(node, static_cast<NodeId>(nodes_.size()));
    if (is_new) nodes_.push_back(node);
    return at->second;
}

NodeId Graph::variable(std::uint32_t coordinate) {
    return intern({.kind = Node::Kind::variable, .a = coordinate});
}

NodeId Graph::constant(double number) {
    return intern({.kind = Node::Kind::constant, .number = number});
}

NodeId Graph::apply(Opcode op, NodeId a, NodeId b, NodeId c) {
    return simplify(op, a, b, c);
}

NodeId Graph::power(NodeId a, NodeId b) {
    if (!is_constant(b)) return apply(Opcode::pow, a, b);
    const double exponent = nodes_[b].number;
    if (exponent == 0.5) return apply(Opcode::sqrt, a);
    if (exponent != std::floor(exponent) || std::abs(exponent) > largest_product_power)
        return apply(Opcode::pow, a, b);

    // Powers of 1/a rather than 1 over powers: its derivative leaves the range of doubles no sooner than it
    // has to.
    NodeId product = constant(1);
    NodeId square = exponent < 0 ? div(constant(1), a) : a;
    for (auto rest = static_cast<unsigned>(std::abs(exponent)); rest != 0; rest >>= 1U) {
        if ((rest & 1U) != 0) product = mul(product, square);
        if (rest > 1) square = mul(square, square);
    }
    return product;
}

}  // namespace lanewise
