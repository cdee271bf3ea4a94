#include "schedule.hpp"

#include <algorithm>

namespace lanewise {

namespace {

class Scheduler {
  public:
    Scheduler(const Selection& selection, const Outputs& outputs)
        : selection_(&selection),
          users_(selection, outputs.graph.size()),
          waiting_for_(outputs.graph.size(), 0),
          uses_left_(outputs.graph.size()),
          done_(outputs.graph.size(), false) {
        for (NodeId id = 0; id < outputs.graph.size(); ++id) {
            uses_left_[id] = selection.uses(id);
            if (selection.is_selected(id))
                selection.for_each_operand(id, [&](NodeId /*operand*/) { ++waiting_for_[id]; });
        }
        for (const NodeId output : outputs.gradient) visit(output);
        visit(outputs.value);
    }

    std::vector<NodeId> order() && { return std::move(order_); }

  private:
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
                selection_->for_each_operand(id, [&](NodeId operand) {
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
        selection_->for_each_operand(id, [&](NodeId operand) { --uses_left_[operand]; });
        for (const NodeId user : users_.of(id)) --waiting_for_[user];
        push_last_users(id);
        selection_->for_each_operand(id, [&](NodeId operand) { push_last_users(operand); });
    }

    /// The user that was waited for only by the results it would free.
    void push_last_users(NodeId id) {
        if (uses_left_[id] > kernels::operand_count(Opcode::fma))
            return;  // one operation cannot be all of its users
        for (const NodeId user : users_.of(id)) {
            if (done_[user] || waiting_for_[user] != 0 || !is_last_user(user)) continue;
            ready_.push_back(user);
        }
    }

    bool is_last_user(NodeId id) const {
        bool last = false;
        selection_->for_each_operand(id, [&](NodeId operand) {
            const auto& operands = (*selection_)[id].operands;
            last |= uses_left_[operand] == static_cast<std::uint32_t>(std::ranges::count(operands, operand));
        });
        return last;
    }

    const Selection* selection_;
    Users users_;
    std::vector<std::uint32_t> waiting_for_;
    std::vector<std::uint32_t> uses_left_;
    std::vector<bool> done_;
    std::vector<NodeId> ready_;
    std::vector<NodeId> order_;
};

}  // namespace

std::vector<NodeId> schedule(const Selection& selection, const Outputs& outputs) {
    return Scheduler(selection, outputs).order();
}

}  // namespace lanewise
