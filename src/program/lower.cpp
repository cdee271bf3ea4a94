#include "lower.hpp"

#include <algorithm>
#include <array>

#include "order.hpp"
#include "selection.hpp"

namespace lanewise {

namespace {

/// Writes the instructions, giving each result a row.
class Emission {
  public:
    Emission(const Selection& selection, const Outputs& outputs)
        : graph_(&outputs.graph),
          selection_(&selection),
          row_(outputs.graph.size(), none),
          uses_left_(outputs.graph.size()) {
        for (NodeId id = 0; id < outputs.graph.size(); ++id) uses_left_[id] = selection.uses(id);
        for (std::uint32_t j = 0; j < outputs.gradient.size(); ++j)
            claim_output(outputs.gradient[j], kernels::operand(kernels::gradient, j));
        claim_output(outputs.value, kernels::operand(kernels::value, 0));
    }

    Lowered emit(const std::vector<NodeId>& order) {
        for (std::size_t i = 0; i < order.size(); ++i) {
            const NodeId id = order[i];
            if (selection_->partner(id) != none) {
                emit_sine_and_cosine(id);
            } else if (i + 1 < order.size() && are_twins(id, order[i + 1])) {
                emit_twins(id, order[++i]);
            } else {
                emit_operation(id);
            }
        }
        for (const auto& [id, output] : copies_)
            lowered_.instructions.push_back({.op = Opcode::copy, .to = output, .a = row_of(id)});
        return std::move(lowered_);
    }

  private:
    void emit_operation(NodeId id) {
        const Operation& operation = (*selection_)[id];
        const auto [a, b, c] = rows_of(operation);
        release(operation);
        lowered_.instructions.push_back({.op = operation.op, .to = result_row(id), .a = a, .b = b, .c = c});
    }

    void emit_sine_and_cosine(NodeId id) {
        const Operation& operation = (*selection_)[id];
        const NodeId partner = selection_->partner(id);
        const bool is_sine = operation.op == Opcode::sin;
        const auto [a, unused, unused_too] = rows_of(operation);
        release(operation);
        release(operation);
        const std::uint32_t sine = result_row(is_sine ? id : partner);
        const std::uint32_t cosine = result_row(is_sine ? partner : id);
        lowered_.instructions.push_back({.op = Opcode::sincos, .to = sine, .a = a, .b = cosine});
    }

    bool are_twins(NodeId id, NodeId next) const {
        return selection_->twin(id) == next && (*selection_)[next].operands[2] != id;
    }

    void emit_twins(NodeId id, NodeId next) {
        const Operation& first = (*selection_)[id];
        const Operation& second = (*selection_)[next];
        const auto kind = [](Opcode op) {
            return std::ranges::find(kernels::twin_kinds, op) - kernels::twin_kinds;
        };
        const auto [a, b, c] = rows_of(first);
        const std::uint32_t d = row_of(second.operands[2]);
        release(first);
        release(second);
        lowered_.instructions.push_back({.op = Opcode::twins,
                                         .variant = static_cast<std::uint16_t>(
                                             kind(first.op) * kernels::twin_kind_count + kind(second.op)),
                                         .to = result_row(id),
                                         .a = a,
                                         .b = b,
                                         .c = c,
                                         .d = d,
                                         .e = result_row(next)});
    }

    std::array<std::uint32_t, 3> rows_of(const Operation& operation) {
        std::array<std::uint32_t, 3> rows = {0, 0, 0};
        for (std::size_t i = 0; i < rows.size() && operation.operands[i] != none; ++i)
            rows[i] = row_of(operation.operands[i]);
        return rows;
    }

    void release(const Operation& operation) {
        for (const NodeId operand : operation.operands) {
            if (operand != none) release(operand);
        }
    }

    /// An operation's first output is the row it writes; whatever else is an output is copied there at the
    /// end.
    void claim_output(NodeId id, std::uint32_t output) {
        if (selection_->is_selected(id) && row_[id] == none) {
            row_[id] = output;
            sum_in_place(id);
        } else {
            copies_.emplace_back(id, output);
        }
    }

    /// What an output is summed up of step by step is written where the output will be: fewer rows to keep
    /// near.
    void sum_in_place(NodeId id) {
        for (;;) {
            const auto& [op, operands] = (*selection_)[id];
            const bool is_multiply_add = op == Opcode::fma || op == Opcode::fms || op == Opcode::fnma;
            if (!is_multiply_add && op != Opcode::add && op != Opcode::sub && op != Opcode::neg) return;
            const NodeId before = operands[is_multiply_add ? 2 : 0];
            const bool is_used_here_only = selection_->is_selected(before) && selection_->uses(before) == 1;
            if (!is_used_here_only || row_[before] != none) return;
            row_[before] = row_[id];
            id = before;
        }
    }

    std::uint32_t result_row(NodeId id) {
        if (row_[id] == none) row_[id] = kernels::operand(kernels::scratch, take_register());
        return row_[id];
    }

    std::uint32_t row_of(NodeId id) {
        if (row_[id] == none) {
            const Node& node = (*graph_)[id];
            if (node.kind == Node::Kind::variable) {
                row_[id] = kernels::operand(kernels::variable, node.a);
            } else {
                row_[id] = kernels::operand(kernels::constant,
                                            static_cast<std::uint32_t>(lowered_.constants.size()));
                lowered_.constants.push_back(node.number);
            }
        }
        return row_[id];
    }

    void release(NodeId id) {
        if (--uses_left_[id] == 0 && row_[id] >> kernels::space_shift == kernels::scratch)
            free_.push_back(row_[id] & kernels::index_mask);
    }

    std::uint32_t take_register() {
        if (free_.empty()) return static_cast<std::uint32_t>(lowered_.registers++);
        const std::uint32_t last = free_.back();
        free_.pop_back();
        return last;
    }

    const Graph* graph_;
    const Selection* selection_;
    Lowered lowered_;
    std::vector<std::uint32_t> row_;
    std::vector<std::uint32_t> uses_left_;
    std::vector<std::uint32_t> free_;
    std::vector<std::pair<NodeId, std::uint32_t>> copies_;
};

}  // namespace

std::string_view name(Opcode op) {
    constexpr std::string_view names[] = {
#define LANEWISE_NAME(name, ...) #name,
        LANEWISE_OPERATIONS(LANEWISE_NAME) LANEWISE_FUNCTIONS(LANEWISE_NAME)
#undef LANEWISE_NAME
    };
    return names[static_cast<std::size_t>(op)];
}

Lowered lower(const Outputs& outputs) {
    const Selection selection(outputs);
    return Emission(selection, outputs).emit(execution_order(selection, outputs));
}

}  // namespace lanewise
