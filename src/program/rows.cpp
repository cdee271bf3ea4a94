#include "rows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace lanewise {

namespace {

template <class Visit>
void visit_operands(const Node& node, Visit visit) {
    if (node.kind != Node::Kind::operation) return;
    const std::array<NodeId, 3> operands = {node.a, node.b, node.c};
    for (int i = 0; i < kernels::operand_count(node.op); ++i) visit(operands[static_cast<std::size_t>(i)]);
}

bool is_needed(std::uint64_t loops, std::uint32_t loop) {
    return (loops >> loop & 1U) != 0;
}

}  // namespace

RowDependence::RowDependence(const Graph& graph)
    : varies_(graph.size()), loops_before_(graph.size(), 0), needing_(graph.size(), 0) {
    for (NodeId id = 0; id < graph.size(); ++id) {
        const Node& node = graph[id];
        bool varies = node.kind == Node::Kind::column;
        std::uint32_t before = 0;
        visit_operands(node, [&](NodeId operand) {
            varies = varies || varies_[operand];
            before = std::max(before, loops_before_[operand]);
        });
        const bool is_sum = graph.is(id, Opcode::sum_rows);
        varies_[id] = varies && !is_sum;
        loops_before_[id] = before + (is_sum ? 1 : 0);
        loops_ = std::max(loops_, loops_before_[id]);
    }
    for (auto id = static_cast<NodeId>(graph.size()); id-- != 0;) {
        const bool is_sum = graph.is(id, Opcode::sum_rows);
        const std::uint64_t loops =
            is_sum ? std::uint64_t{1} << (loops_before_[id] - 1) % most_loops : needing_[id];
        visit_operands(graph[id], [&](NodeId operand) {
            if (varies_[operand]) needing_[operand] |= loops;
        });
    }
}

Outputs with_loops_apart(Outputs outputs) {
    const Graph& from = outputs.graph;
    const RowDependence rows(from);
    if (rows.loops() < 2) return outputs;
    Graph graph(Rewriting::strength);
    std::vector<NodeId> ids(from.size());  // of what is the same in all rows
    std::map<std::pair<NodeId, std::uint32_t>, NodeId> ids_in_loop;
    const auto in_loop = [&](NodeId id, std::uint32_t loop) {
        return rows.varies(id) ? ids_in_loop.at({id, loop}) : ids[id];
    };
    const auto copy = [&](NodeId id, std::uint32_t loop) {
        const Node& node = from[id];
        if (node.kind == Node::Kind::column) return graph.column(node.a, loop);
        if (node.kind != Node::Kind::operation) return graph.leaf(node);
        std::array<NodeId, 3> operands = {};
        std::size_t i = 0;
        visit_operands(node, [&](NodeId operand) { operands[i++] = in_loop(operand, loop); });
        return graph.apply(node.op, operands[0], operands[1], operands[2]);
    };
    for (NodeId id = 0; id < from.size(); ++id) {
        if (!rows.varies(id)) {
            ids[id] = copy(id, std::max(rows.loops_before(id), 1U) - 1);
            continue;
        }
        for (std::uint32_t loop = 0; loop < rows.loops(); ++loop) {
            if (is_needed(rows.loops_that_need(id), loop)) ids_in_loop[{id, loop}] = copy(id, loop);
        }
    }
    const NodeId value = ids[outputs.value];
    std::vector<NodeId> gradient;
    gradient.reserve(outputs.gradient.size());
    for (const NodeId id : outputs.gradient) gradient.push_back(ids[id]);
    return rewritten(graph, value, gradient, Rewriting::strength);
}

}  // namespace lanewise
