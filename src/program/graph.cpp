#include "graph.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "rewrites.hpp"

namespace lanewise {

namespace {

constexpr NodeId free_slot = std::numeric_limits<NodeId>::max();

bool is_commutative(Opcode op) {
    return op == Opcode::add || op == Opcode::mul;
}

/// The same for a + b and b + a.
std::size_t hash(const Node& node) {
    constexpr std::uint64_t mixer = 0x9E3779B97F4A7C15U;
    const bool swap = is_commutative(node.op) && node.b < node.a;
    std::uint64_t hash = (static_cast<std::uint64_t>(node.kind) << 16U) | static_cast<std::uint64_t>(node.op);
    for (const std::uint64_t part :
         {std::uint64_t{swap ? node.b : node.a}, std::uint64_t{swap ? node.a : node.b}, std::uint64_t{node.c},
          std::bit_cast<std::uint64_t>(node.number)}) {
        hash = (hash ^ part) * mixer;
        hash ^= hash >> 32U;
    }
    // Whole numbers differ in their highest bits only, which it takes twice to bring down.
    hash *= mixer;
    return hash ^ (hash >> 32U);
}

bool same(const Node& a, const Node& b) {
    const bool alike = a.a == b.a && a.b == b.b && a.c == b.c;
    const bool swapped = is_commutative(a.op) && a.a == b.b && a.b == b.a;
    return a.kind == b.kind && a.op == b.op && (alike || swapped) &&
           std::bit_cast<std::uint64_t>(a.number) == std::bit_cast<std::uint64_t>(b.number);
}

}  // namespace

std::size_t Graph::slot_of(const Node& node) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash(node) & mask;
    while (slots_[slot] != free_slot && !same(nodes_[slots_[slot]], node)) slot = (slot + 1) & mask;
    return slot;
}

void Graph::grow() {
    constexpr std::size_t smallest = 64;
    const std::vector<NodeId> before =
        std::exchange(slots_, std::vector<NodeId>(std::max(smallest, 2 * slots_.size()), free_slot));
    for (const NodeId id : before) {
        if (id != free_slot) slots_[slot_of(nodes_[id])] = id;
    }
}

NodeId Graph::intern(const Node& node) {
    const auto next = static_cast<NodeId>(nodes_.size());
    if (node.kind == Node::Kind::operation && rewriting_ == Rewriting::none) {
        nodes_.push_back(node);
        return next;
    }
    if (2 * interned_ >= slots_.size()) grow();
    NodeId& id = slots_[slot_of(node)];
    if (id == free_slot) {
        id = next;
        ++interned_;
        nodes_.push_back(node);
    }
    return id;
}

NodeId Graph::variable(std::uint32_t coordinate) {
    return intern({.kind = Node::Kind::variable, .a = coordinate});
}

NodeId Graph::constant(double number) {
    return intern({.kind = Node::Kind::constant, .number = number});
}

NodeId Graph::column(std::uint32_t index, std::uint32_t loop) {
    return intern({.kind = Node::Kind::column, .a = index, .b = loop});
}

NodeId Graph::parameter(std::uint32_t index) {
    return intern({.kind = Node::Kind::parameter, .a = index});
}

NodeId Graph::apply(Opcode op, NodeId a, NodeId b, NodeId c) {
    const int operands = kernels::operand_count(op);
    const Node node{.kind = Node::Kind::operation,
                    .op = op,
                    .a = a,
                    .b = operands > 1 ? b : 0,
                    .c = operands > 2 ? c : 0};
    // A rewrite's own operations are rewritten too, along a chain that can be as long as the formula.
    constexpr int deepest_rewriting = 100;
    std::optional<NodeId> better;
    if (depth_ < deepest_rewriting) {
        ++depth_;
        for (const Rewrite rewrite : rewrites(rewriting_)) {
            better = rewrite(*this, node);
            if (better) break;
        }
        --depth_;
    }
    return better ? *better : intern(node);
}

bool is_power_of_two(double number) {
    int exponent = 0;
    return std::isnormal(number) && std::abs(std::frexp(number, &exponent)) == 0.5;
}

Outputs rewritten(const Graph& from, NodeId value, const std::vector<NodeId>& gradient, Rewriting rewriting) {
    constexpr NodeId unknown = std::numeric_limits<NodeId>::max();
    Graph graph(rewriting);
    std::vector<NodeId> ids(from.size(), unknown);
    std::vector<NodeId> stack;
    const auto copy = [&](NodeId root) {
        stack.push_back(root);
        while (!stack.empty()) {
            const NodeId id = stack.back();
            const Node& node = from[id];
            if (ids[id] == unknown && node.kind == Node::Kind::operation) {
                const std::array<NodeId, 3> operands = {node.a, node.b, node.c};
                const std::size_t waiting = stack.size();
                for (int i = kernels::operand_count(node.op); i-- > 0;) {
                    if (ids[operands[static_cast<std::size_t>(i)]] == unknown)
                        stack.push_back(operands[static_cast<std::size_t>(i)]);
                }
                if (stack.size() != waiting) continue;
                ids[id] = graph.apply(node.op, ids[node.a], ids[node.b], ids[node.c]);
            } else if (ids[id] == unknown) {
                ids[id] = graph.leaf(node);
            }
            stack.pop_back();
        }
        return ids[root];
    };
    const NodeId new_value = copy(value);
    std::vector<NodeId> new_gradient;
    new_gradient.reserve(gradient.size());
    for (const NodeId id : gradient) new_gradient.push_back(copy(id));
    return {std::move(graph), new_value, std::move(new_gradient)};
}

}  // namespace lanewise
