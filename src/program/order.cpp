#include "order.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace lanewise {

namespace {

class Ordering {
  public:
    Ordering(const Selection& selection, const Outputs& outputs)
        : selection_(&selection), done_(outputs.graph.size(), false) {
        visit(outputs.value);
        const std::vector<NodeId> value_order = std::exchange(order_, {});
        const Followers followers(selection, value_order);
        done_.assign(done_.size(), false);
        for (std::size_t i = 0; i < value_order.size(); ++i) {
            visit(value_order[i]);
            for (const NodeId id : followers.of(i)) visit(id);
        }
        for (const NodeId output : outputs.gradient) visit(output);
    }

    std::vector<NodeId> order() && { return std::move(order_); }

  private:
    /// The operations that only the gradient needs, by the last operation of the value they wait for. Those
    /// that wait for none are left out.
    class Followers {
      public:
        Followers(const Selection& selection, const std::vector<NodeId>& value_order)
            : begin_(value_order.size() + 2, 0) {
            std::vector<std::uint32_t> last(selection.nodes(), 0);  // 1 + index of the last; 0: none
            for (std::size_t i = 0; i < value_order.size(); ++i)
                last[value_order[i]] = static_cast<std::uint32_t>(i + 1);
            std::vector<NodeId> ids;
            for (NodeId id = 0; id < selection.nodes(); ++id) {
                if (!selection.is_selected(id) || last[id] != 0) continue;
                selection.for_each_operand(
                    id, [&](NodeId operand) { last[id] = std::max(last[id], last[operand]); });
                if (last[id] == 0) continue;
                ids.push_back(id);
                ++begin_[last[id] + 1];
            }
            for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
            followers_.resize(ids.size());
            std::vector<std::uint32_t> end = begin_;
            for (const NodeId id : ids) followers_[end[last[id]]++] = id;
        }

        std::span<const NodeId> of(std::size_t i) const {
            return std::span(followers_).subspan(begin_[i + 1], begin_[i + 2] - begin_[i + 1]);
        }

      private:
        std::vector<std::uint32_t> begin_;
        std::vector<NodeId> followers_;
    };

    /// Depth first: what is needed, then the operation itself.
    void visit(NodeId root) {
        if (!selection_->is_selected(root)) return;
        stack_ = {root};
        while (!stack_.empty()) {
            const NodeId id = stack_.back();
            const std::size_t waiting = stack_.size();
            if (!done_[id]) {
                selection_->for_each_operand(id, [&](NodeId operand) {
                    if (!done_[operand]) stack_.push_back(operand);
                });
                if (stack_.size() != waiting) {
                    std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(waiting), stack_.end());
                    continue;
                }
                execute(id);
                if (const NodeId twin = selection_->twin(id); twin != none && is_ready(twin)) execute(twin);
            }
            stack_.pop_back();
        }
    }

    void execute(NodeId id) {
        done_[id] = true;
        if (const NodeId partner = selection_->partner(id); partner != none) done_[partner] = true;
        order_.push_back(id);
    }

    bool is_ready(NodeId id) const {
        bool ready = !done_[id];
        selection_->for_each_operand(id, [&](NodeId operand) { ready &= done_[operand]; });
        return ready;
    }

    const Selection* selection_;
    std::vector<bool> done_;
    std::vector<NodeId> stack_;
    std::vector<NodeId> order_;
};

}  // namespace

std::vector<NodeId> execution_order(const Selection& selection, const Outputs& outputs) {
    return Ordering(selection, outputs).order();
}

}  // namespace lanewise
