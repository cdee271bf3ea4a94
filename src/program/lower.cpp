#include "lower.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "order.hpp"
#include "rows.hpp"
#include "selection.hpp"

namespace lanewise {

namespace {

/// Writes the instructions, giving each result a row.
class Emission {
  public:
    Emission(const Selection& selection, const Outputs& outputs, const DataLayout& layout)
        : graph_(&outputs.graph),
          selection_(&selection),
          row_(outputs.graph.size(), none),
          uses_left_(outputs.graph.size()) {
        lowered_.outputs = outputs.gradient.size();
        lowered_.shared_columns = layout.shared_columns;
        lowered_.lane_columns = layout.lane_columns;
        lowered_.parameters = layout.parameters;
        for (NodeId id = 0; id < outputs.graph.size(); ++id) uses_left_[id] = selection.uses(id);
        for (std::uint32_t j = 0; j < outputs.gradient.size(); ++j)
            claim_output(outputs.gradient[j], kernels::operand(kernels::gradient, j));
        claim_output(outputs.value, kernels::operand(kernels::value, 0));
    }

    Lowered emit(std::vector<NodeId> order) {
        const RowDependence rows(*graph_);
        if (rows.loops() == 0) {
            emit_section(order);
        } else {
            emit_with_loops(order, rows);
        }
        for (const auto& [id, output] : copies_)
            lowered_.instructions.push_back({.op = Opcode::copy, .to = output, .a = row_of(id)});
        if (!lowered_.has_data() && !lowered_.parameters.empty())
            lowered_.sections.push_back({.end = 0, .is_for_each_row = false});
        if (lowered_.has_data()) lowered_.sections.back().end = lowered_.instructions.size();
        return std::move(lowered_);
    }

  private:
    void emit_section(std::span<const NodeId> order) {
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
    }

    /// What is the same in all rows comes before the first loop that needs it. Sums begin before their loop.
    void emit_with_loops(std::vector<NodeId>& order, const RowDependence& rows) {
        const auto section = [&](NodeId id) {
            if (rows.varies(id))
                return 2 * static_cast<std::uint32_t>(std::countr_zero(rows.loops_that_need(id))) + 1;
            const std::uint32_t before = rows.loops_before(id);
            return graph_->is(id, Opcode::sum_rows) ? 2 * before - 1 : 2 * before;
        };
        std::ranges::stable_sort(order, {}, section);
        auto begin = order.begin();
        is_outer_.assign(graph_->size(), true);
        for (std::uint32_t s = 0; s <= 2 * rows.loops(); ++s) {
            const auto end = std::find_if(begin, order.end(), [&](NodeId id) { return section(id) > s; });
            const std::span<const NodeId> of_section(begin, end);
            is_in_loop_ = s % 2 == 1;
            if (is_in_loop_) {
                for (const NodeId id : of_section) is_outer_[id] = graph_->is(id, Opcode::sum_rows);
            }
            emit_section(of_section);
            for (const NodeId id : waiting_) free_.push_back(row_[id] & kernels::index_mask);
            waiting_.clear();
            begin = end;
            const auto next =
                std::find_if(begin, order.end(), [&](NodeId id) { return section(id) > s + 1; });
            if (s % 2 == 0) begin_sums(std::span<const NodeId>(begin, next));
            lowered_.sections.push_back(
                {.end = lowered_.instructions.size(), .is_for_each_row = is_in_loop_});
        }
    }

    void begin_sums(std::span<const NodeId> of_loop) {
        for (const NodeId id : of_loop) {
            if (graph_->is(id, Opcode::sum_rows))
                lowered_.instructions.push_back({.op = Opcode::copy, .to = result_row(id), .a = zero_row()});
        }
    }

    std::uint32_t zero_row() {
        if (zero_row_ == none) zero_row_ = constant_row(0);
        return zero_row_;
    }

    std::uint32_t constant_row(double number) {
        lowered_.constants.push_back(number);
        return kernels::operand(kernels::constant, static_cast<std::uint32_t>(lowered_.constants.size() - 1));
    }

    /// The row of a leaf among those of its kind, which is put behind them when it is new.
    static std::uint32_t data_row(kernels::Space space, std::vector<std::uint32_t>& rows,
                                  std::uint32_t index) {
        const auto found = std::ranges::find(rows, index);
        const auto row = static_cast<std::uint32_t>(found - rows.begin());
        if (found == rows.end()) rows.push_back(index);
        return kernels::operand(space, row);
    }

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
            switch (node.kind) {
                case Node::Kind::variable: row_[id] = kernels::operand(kernels::variable, node.a); break;
                case Node::Kind::column:
                    row_[id] = std::ranges::count(lowered_.lane_columns, node.a) != 0
                                   ? data_row(kernels::lane_column, lowered_.lane_columns, node.a)
                                   : data_row(kernels::shared_column, lowered_.shared_columns, node.a);
                    break;
                case Node::Kind::parameter:
                    row_[id] = data_row(kernels::parameter, lowered_.parameters, node.a);
                    break;
                default: row_[id] = constant_row(node.number);
            }
        }
        return row_[id];
    }

    void release(NodeId id) {
        if (--uses_left_[id] != 0 || row_[id] >> kernels::space_shift != kernels::scratch) return;
        // The next round of the loop reads it again.
        if (is_in_loop_ && is_outer_[id]) {
            waiting_.push_back(id);
        } else {
            free_.push_back(row_[id] & kernels::index_mask);
        }
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
    // Of programs with loops over rows.
    bool is_in_loop_ = false;
    std::vector<bool> is_outer_;   ///< [node] it is no result of one round of a loop
    std::vector<NodeId> waiting_;  ///< whose rows are free when the loop is over
    std::uint32_t zero_row_ = none;
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

Lowered lower(const Outputs& outputs, const DataLayout& layout) {
    const Selection selection(outputs);
    return Emission(selection, outputs, layout).emit(execution_order(selection, outputs));
}

}  // namespace lanewise
