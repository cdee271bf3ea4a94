#include "selection.hpp"

#include <algorithm>

namespace lanewise {

namespace {

/// Operations that do not stay as they were when a rounding error moves an operand across a point.
bool jumps_or_ends(Opcode op) {
    switch (op) {
        case Opcode::sqrt:
        case Opcode::log:
        case Opcode::log2:
        case Opcode::log10:
        case Opcode::log1p:
        case Opcode::asin:
        case Opcode::acos:
        case Opcode::pow:
        case Opcode::lgamma:
        case Opcode::gamma:
        case Opcode::atan2:
        case Opcode::floor:
        case Opcode::ceil:
        case Opcode::sign:
        case Opcode::lt:
        case Opcode::le:
        case Opcode::eq:
        case Opcode::ne:
        case Opcode::logical_and:
        case Opcode::logical_or:
        case Opcode::logical_not: return true;
        default: return false;
    }
}

}  // namespace

Selection::Selection(const Outputs& outputs)
    : graph_(&outputs.graph),
      uses_(outputs.graph.size(), 0),
      is_watched_(outputs.graph.size(), false),
      operations_(outputs.graph.size()) {
    select(outputs);
    fuse_products_into_sums();
    pair_sines_with_cosines();
}

NodeId Selection::partner(NodeId id) const {
    const auto found = partners_.find(id);
    return found == partners_.end() ? none : found->second;
}

NodeId Selection::twin(NodeId id) const {
    const auto found = twins_.find(id);
    return found == twins_.end() ? none : found->second;
}

void Selection::select(const Outputs& outputs) {
    for (const NodeId output : outputs.gradient) ++uses_[output];
    ++uses_[outputs.value];
    // Users have larger ids than their operands, so that every use is counted before a node is looked at.
    for (auto id = static_cast<NodeId>(graph_->size()); id-- != 0;) {
        if (!is_selected(id)) continue;
        const Node& node = (*graph_)[id];
        const std::array<NodeId, 3> operands = {node.a, node.b, node.c};
        operations_[id].op = node.op;
        for (std::size_t i = 0; i < static_cast<std::size_t>(kernels::operand_count(node.op)); ++i) {
            operations_[id].operands[i] = operands[i];
            ++uses_[operands[i]];
            const bool is_condition = node.op == Opcode::select && i == 0;
            if (is_watched_[id] || is_condition || jumps_or_ends(node.op)) is_watched_[operands[i]] = true;
        }
    }
}

/// A product is left out when every operation that uses it can take it as a factor of its own: a fused
/// multiply-add costs no more than the sum.
void Selection::fuse_products_into_sums() {
    const Users users(*this);
    // Of two products in a sum the later one is fused, so that the earlier one's factors need not wait for
    // it.
    for (auto id = static_cast<NodeId>(graph_->size()); id-- != 0;) {
        if (!is_selected(id) || operations_[id].op != Opcode::mul) continue;
        const std::span<const NodeId> sums = users.of(id);
        const bool used_by_sums_only = sums.size() == uses_[id] && std::ranges::all_of(sums, [&](NodeId sum) {
                                           return can_fuse(id, sum);
                                       });
        if (!used_by_sums_only) continue;
        const auto copies = static_cast<std::uint32_t>(sums.size());
        const auto [a, b, unused] = operations_[id].operands;
        for (const NodeId sum : sums) {
            auto& [op, operands] = operations_[sum];
            if (op == Opcode::sum_rows) {
                op = Opcode::sum_products;
                operands = {a, b, none};
                continue;
            }
            const bool is_first = operands[0] == id;
            const NodeId addend = operands[is_first ? 1 : 0];
            op = op == Opcode::add ? Opcode::fma : is_first ? Opcode::fms : Opcode::fnma;
            operands = {a, b, addend};
        }
        for (std::size_t i = 0; i + 1 < sums.size(); i += 2) {
            if (operations_[sums[i]].op == Opcode::sum_products ||
                operations_[sums[i + 1]].op == Opcode::sum_products)
                continue;
            twins_.emplace(sums[i], sums[i + 1]);
            twins_.emplace(sums[i + 1], sums[i]);
        }
        uses_[a] += copies - 1;
        uses_[b] += copies - 1;
        uses_[id] = 0;
    }
}

bool Selection::can_fuse(NodeId product, NodeId sum) const {
    const auto& [op, operands] = operations_[sum];
    // Of squares the sum cannot fall below 0.
    if (op == Opcode::sum_rows) {
        const auto& factors = operations_[product].operands;
        return !is_watched_[sum] || factors[0] == factors[1];
    }
    if ((op != Opcode::add && op != Opcode::sub) || operands[0] == operands[1]) return false;
    return !is_watched_[sum] || is_exact(product);
}

bool Selection::is_exact(NodeId product) const {
    const NodeId factor = (*graph_)[product].a;
    return graph_->is_constant(factor) && is_power_of_two((*graph_)[factor].number);
}

void Selection::pair_sines_with_cosines() {
    std::unordered_map<NodeId, NodeId> sines;
    for (NodeId id = 0; id < graph_->size(); ++id) {
        if (is_selected(id) && operations_[id].op == Opcode::sin)
            sines.emplace(operations_[id].operands[0], id);
    }
    for (NodeId id = 0; id < graph_->size(); ++id) {
        if (!is_selected(id) || operations_[id].op != Opcode::cos) continue;
        const auto sine = sines.find(operations_[id].operands[0]);
        if (sine == sines.end()) continue;
        partners_.emplace(id, sine->second);
        partners_.emplace(sine->second, id);
    }
}

Users::Users(const Selection& selection) : begin_(selection.nodes() + 1, 0) {
    const auto for_each_use = [&](auto visit) {
        for (NodeId id = 0; id < selection.nodes(); ++id) {
            if (selection.is_selected(id))
                selection.for_each_operand(id, [&](NodeId operand) { visit(operand, id); });
        }
    };
    for_each_use([&](NodeId operand, NodeId /*user*/) { ++begin_[operand + 1]; });
    for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
    users_.resize(begin_.back());
    std::vector<std::uint32_t> end = begin_;
    for_each_use([&](NodeId operand, NodeId user) { users_[end[operand]++] = user; });
}

}  // namespace lanewise
