#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>

#include "program.hpp"

namespace lanewise {

namespace {

constexpr NodeId none = std::numeric_limits<NodeId>::max();

/// An operation as it will be executed; its operands are nodes.
struct Operation {
    Opcode op = Opcode::copy;
    std::array<NodeId, 3> operands = {none, none, none};
};

/// Chooses the operations to execute: those the outputs need, with products fused into the sum that uses
/// them.
class Selection {
  public:
    Selection(const Graph& graph, const std::vector<NodeId>& outputs)
        : graph_(&graph), uses_(graph.size(), 0), operations_(graph.size()) {
        for (const NodeId output : outputs) ++uses_[output];
        // Users have larger ids than their operands, so that every use is counted before a node is looked at.
        for (auto id = static_cast<NodeId>(graph.size()); id-- != 0;) {
            if (uses_[id] == 0 || !is_operation(id)) continue;
            const Node& node = graph[id];
            const std::array<NodeId, 3> operands = {node.a, node.b, node.c};
            for (int i = 0; i < kernels::operand_count(node.op); ++i) {
                operations_[id].operands[static_cast<std::size_t>(i)] = operands[static_cast<std::size_t>(i)];
                ++uses_[operands[static_cast<std::size_t>(i)]];
            }
            operations_[id].op = node.op;
        }
        for (NodeId id = 0; id < graph.size(); ++id) {
            if (is_selected(id)) fuse(id);
        }
        pair_sines_with_cosines();
    }

    bool is_operation(NodeId id) const { return (*graph_)[id].kind == Node::Kind::operation; }
    bool is_selected(NodeId id) const { return uses_[id] != 0 && is_operation(id); }
    const Operation& operator[](NodeId id) const { return operations_[id]; }
    std::uint32_t uses(NodeId id) const { return uses_[id]; }
    /// The cosine that is computed together with this sine, or the other way round; else none.
    NodeId partner(NodeId id) const {
        const auto found = partners_.find(id);
        return found == partners_.end() ? none : found->second;
    }

  private:
    void fuse(NodeId id) {
        const auto [a, b, c] = operations_[id].operands;
        switch (operations_[id].op) {
            case Opcode::add:
                if (is_only_used_product(b)) {
                    absorb(id, Opcode::fma, b, a);
                } else if (is_only_used_product(a)) {
                    absorb(id, Opcode::fma, a, b);
                }
                break;
            case Opcode::sub:
                // a b - c d, fused, is a rounding error where the products are equal, and may be below 0.
                if (is_product(a) && is_product(b)) break;
                if (is_only_used_product(b)) {
                    absorb(id, Opcode::fnma, b, a);
                } else if (is_only_used_product(a)) {
                    absorb(id, Opcode::fms, a, b);
                }
                break;
            default: break;
        }
    }

    void pair_sines_with_cosines() {
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

    bool is_product(NodeId id) const { return is_operation(id) && (*graph_)[id].op == Opcode::mul; }

    bool is_only_used_product(NodeId id) const { return uses_[id] == 1 && is_product(id); }

    void absorb(NodeId id, Opcode op, NodeId product, NodeId addend) {
        const Operation factors = operations_[product];
        operations_[id] = {op, {factors.operands[0], factors.operands[1], addend}};
        uses_[product] = 0;
    }

    const Graph* graph_;
    std::vector<std::uint32_t> uses_;
    std::vector<Operation> operations_;
    std::unordered_map<NodeId, NodeId> partners_;
};

/// An order of the operations in which few results wait: depth first from the outputs, but an operation that
/// is ready and the last user of something is executed at once.
class Schedule {
  public:
    Schedule(const Graph& graph, const Selection& selection, const std::vector<NodeId>& outputs)
        : selection_(&selection),
          waiting_for_(graph.size(), 0),
          uses_left_(graph.size()),
          begin_(graph.size() + 1, 0) {
        for (NodeId id = 0; id < graph.size(); ++id) {
            uses_left_[id] = selection.uses(id);
            if (!selection.is_selected(id)) continue;
            for_each_operand(id, [&](NodeId operand) {
                ++begin_[operand + 1];
                ++waiting_for_[id];
            });
        }
        for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
        users_.resize(begin_.back());
        std::vector<std::uint32_t> end = begin_;
        for (NodeId id = 0; id < graph.size(); ++id) {
            if (selection.is_selected(id))
                for_each_operand(id, [&](NodeId operand) { users_[end[operand]++] = id; });
        }
        done_.resize(graph.size(), false);
        for (const NodeId output : outputs) visit(output);
    }

    const std::vector<NodeId>& order() const { return order_; }

  private:
    template <class Visit>
    void for_each_operand(NodeId id, Visit visit) const {
        for (const NodeId operand : (*selection_)[id].operands) {
            if (operand != none && selection_->is_operation(operand)) visit(operand);
        }
    }

    void visit(NodeId root) {
        if (!selection_->is_selected(root)) return;
        std::vector<NodeId> stack = {root};
        while (!stack.empty()) {
            const NodeId id = stack.back();
            if (done_[id]) {
                stack.pop_back();
            } else if (waiting_for_[id] == 0) {
                stack.pop_back();
                execute(id);
            } else {
                for_each_operand(id, [&](NodeId operand) {
                    if (!done_[operand]) stack.push_back(operand);
                });
            }
        }
    }

    void execute(NodeId first) {
        ready_ = {first};
        while (!ready_.empty()) {
            const NodeId id = ready_.back();
            ready_.pop_back();
            if (done_[id]) continue;
            order_.push_back(id);
            finish(id);
            if (const NodeId partner = selection_->partner(id); partner != none) finish(partner);
        }
    }

    void finish(NodeId id) {
        done_[id] = true;
        for_each_operand(id, [&](NodeId operand) { --uses_left_[operand]; });
        for (std::uint32_t i = begin_[id]; i < begin_[id + 1]; ++i) --waiting_for_[users_[i]];
        push_last_users(id);
        for_each_operand(id, [&](NodeId operand) { push_last_users(operand); });
    }

    /// The user that was waited for only by the results it would free.
    void push_last_users(NodeId id) {
        if (uses_left_[id] > kernels::operand_count(Opcode::fma))
            return;  // one operation cannot be all of its users
        for (std::uint32_t i = begin_[id]; i < begin_[id + 1]; ++i) {
            const NodeId user = users_[i];
            if (done_[user] || waiting_for_[user] != 0 || !is_last_user(user)) continue;
            ready_.push_back(user);
        }
    }

    bool is_last_user(NodeId id) const {
        bool last = false;
        for_each_operand(id, [&](NodeId operand) {
            const auto& operands = (*selection_)[id].operands;
            last |= uses_left_[operand] == static_cast<std::uint32_t>(std::ranges::count(operands, operand));
        });
        return last;
    }

    const Selection* selection_;
    std::vector<std::uint32_t> waiting_for_;
    std::vector<std::uint32_t> uses_left_;
    std::vector<std::uint32_t> begin_;  ///< users of node i: users_[begin_[i]] .. users_[begin_[i+1]]
    std::vector<NodeId> users_;
    std::vector<bool> done_;
    std::vector<NodeId> ready_;
    std::vector<NodeId> order_;
};

/// Writes the instructions, giving each result a row.
class Emission {
  public:
    Emission(const Graph& graph, const Selection& selection, NodeId value,
             const std::vector<NodeId>& gradient)
        : graph_(&graph), selection_(&selection), row_(graph.size(), none), uses_left_(graph.size()) {
        for (NodeId id = 0; id < graph.size(); ++id) uses_left_[id] = selection.uses(id);
        for (std::uint32_t j = 0; j < gradient.size(); ++j)
            claim_output(gradient[j], kernels::operand(kernels::gradient, j));
        claim_output(value, kernels::operand(kernels::value, 0));
    }

    Program emit(const std::vector<NodeId>& order) {
        for (const NodeId id : order) {
            const Operation& operation = (*selection_)[id];
            std::array<std::uint32_t, 3> rows = {0, 0, 0};
            for (std::size_t i = 0; i < rows.size() && operation.operands[i] != none; ++i)
                rows[i] = row_of(operation.operands[i]);
            for (const NodeId operand : operation.operands) {
                if (operand != none) release(operand);
            }
            if (const NodeId partner = selection_->partner(id); partner != none) {
                release(operation.operands[0]);
                const bool is_sine = operation.op == Opcode::sin;
                const std::uint32_t sine = result_row(is_sine ? id : partner);
                const std::uint32_t cosine = result_row(is_sine ? partner : id);
                program_.instructions.push_back({Opcode::sincos, sine, rows[0], cosine, 0});
            } else {
                program_.instructions.push_back({operation.op, result_row(id), rows[0], rows[1], rows[2]});
            }
        }
        for (const auto& [id, output] : copies_)
            program_.instructions.push_back({Opcode::copy, output, row_of(id), 0, 0});
        return std::move(program_);
    }

  private:
    /// An operation's first output is the row it writes; whatever else is an output is copied there at the
    /// end.
    void claim_output(NodeId id, std::uint32_t output) {
        if (selection_->is_selected(id) && row_[id] == none) {
            row_[id] = output;
        } else {
            copies_.emplace_back(id, output);
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
                                            static_cast<std::uint32_t>(program_.constants.size()));
                program_.constants.push_back(node.number);
            }
        }
        return row_[id];
    }

    void release(NodeId id) {
        if (--uses_left_[id] == 0 && row_[id] >> kernels::space_shift == kernels::scratch)
            free_.push_back(row_[id] & kernels::index_mask);
    }

    std::uint32_t take_register() {
        if (free_.empty()) return static_cast<std::uint32_t>(program_.registers++);
        const std::uint32_t last = free_.back();
        free_.pop_back();
        return last;
    }

    const Graph* graph_;
    const Selection* selection_;
    Program program_;
    std::vector<std::uint32_t> row_;
    std::vector<std::uint32_t> uses_left_;
    std::vector<std::uint32_t> free_;
    std::vector<std::pair<NodeId, std::uint32_t>> copies_;
};

}  // namespace

Program lower(const Graph& graph, NodeId value, const std::vector<NodeId>& gradient) {
    std::vector<NodeId> outputs = gradient;
    outputs.push_back(value);
    const Selection selection(graph, outputs);
    const Schedule schedule(graph, selection, outputs);
    return Emission(graph, selection, value, gradient).emit(schedule.order());
}

}  // namespace lanewise
