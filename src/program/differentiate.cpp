#include "differentiate.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

namespace lanewise {

namespace {

class ReverseMode {
  public:
    ReverseMode(Graph& graph, NodeId value)
        : graph_(&graph), adjoints_(value + 1), last_(value + 1, none), masked_(value + 1, false) {
        contributions_.push_back({graph.constant(1), none});
        last_[value] = 0;
        for (NodeId id = value + 1; id-- != 0;) {
            if (last_[id] == none) continue;
            adjoints_[id] = sum_of_contributions(id);
            if (!graph.is_operation(id)) continue;
            current_ = id;
            pass_on(id, *adjoints_[id]);
        }
    }

    NodeId adjoint_of_variable(std::uint32_t coordinate) {
        const NodeId variable = graph_->variable(coordinate);
        return variable < adjoints_.size() && adjoints_[variable] ? *adjoints_[variable]
                                                                  : graph_->constant(0);
    }

  private:
    /// Behind a branch that was not taken the adjoint is 0, and stays so whatever the derivatives there are:
    /// 0 times an infinite one must not become NaN.
    void add(NodeId operand, NodeId contribution) {
        if (graph_->is_constant(operand)) return;
        if (masked_[current_]) {
            if (!vanishes_with_adjoint(contribution)) contribution = where_adjoint_is_not_0(contribution);
            masked_[operand] = true;
        }
        contributions_.push_back({contribution, last_[operand]});
        last_[operand] = contributions_.size() - 1;
    }

    /// In the order in which the value uses the node, the reverse of the one in which they came: a program
    /// that follows the value can then add each as soon as it is known.
    NodeId sum_of_contributions(NodeId id) {
        NodeId sum = contributions_[last_[id]].adjoint;
        for (std::size_t at = contributions_[last_[id]].before; at != none; at = contributions_[at].before)
            sum = graph_->add(sum, contributions_[at].adjoint);
        return sum;
    }

    NodeId where_adjoint_is_not_0(NodeId contribution) { return where(*adjoints_[current_], contribution); }

    /// The contribution where `condition` is not 0, else 0.
    NodeId where(NodeId condition, NodeId contribution) {
        return graph_->select(condition, contribution, graph_->constant(0));
    }

    /// 0 where the adjoint is, without a look: the adjoint itself, or what is made of it by a few finite
    /// factors.
    bool vanishes_with_adjoint(NodeId contribution) const {
        constexpr int most_factors = 8;
        NodeId adjoint = *adjoints_[current_];
        if (graph_->is(adjoint, Opcode::neg)) adjoint = (*graph_)[adjoint].a;
        const auto is_finite = [&](NodeId id) {
            constexpr double largest = std::numeric_limits<float>::max();
            const Node& node = (*graph_)[id];
            return node.kind == Node::Kind::variable ||
                   (node.kind == Node::Kind::constant && std::abs(node.number) <= largest);
        };
        for (int factors = 0; contribution != adjoint; ++factors) {
            const Node& node = (*graph_)[contribution];
            if (factors == most_factors || node.kind != Node::Kind::operation) return false;
            if (node.op == Opcode::neg || (node.op == Opcode::mul && is_finite(node.b))) {
                contribution = node.a;
            } else if ((node.op == Opcode::mul && is_finite(node.a)) ||
                       (node.op == Opcode::select && graph_->is_constant(node.c, 0))) {
                contribution = node.b;
            } else if (node.op == Opcode::select && graph_->is_constant(node.b, 0)) {
                contribution = node.c;
            } else {
                return false;
            }
        }
        return true;
    }

    /// Adds what node `id` with this adjoint contributes to the adjoints of its operands.
    void pass_on(NodeId id, NodeId adjoint) {
        Graph& g = *graph_;
        const Node node = g[id];
        const NodeId a = node.a;
        const NodeId b = node.b;
        const auto number = [&](double value) { return g.constant(value); };
        const auto square = [&](NodeId of) { return g.mul(of, of); };
        const auto times = [&](NodeId derivative) { return g.mul(adjoint, derivative); };
        const auto over = [&](NodeId divisor) { return g.div(adjoint, divisor); };
        switch (node.op) {
            case Opcode::copy: add(a, adjoint); break;
            case Opcode::neg: add(a, g.neg(adjoint)); break;
            case Opcode::add:
                add(a, adjoint);
                add(b, adjoint);
                break;
            case Opcode::sub:
                add(a, adjoint);
                add(b, g.neg(adjoint));
                break;
            case Opcode::mul:
                add(a, times(b));
                add(b, times(a));
                break;
            case Opcode::div:
                add(a, over(b));
                add(b, g.neg(g.mul(over(b), id)));
                break;
            case Opcode::sqrt: add(a, where(id, g.div(times(number(0.5)), id))); break;
            case Opcode::abs: add(a, times(g.apply(Opcode::sign, a))); break;
            case Opcode::sign:
            case Opcode::floor:
            case Opcode::ceil:
            case Opcode::lt:
            case Opcode::le:
            case Opcode::eq:
            case Opcode::ne:
            case Opcode::logical_and:
            case Opcode::logical_or:
            case Opcode::logical_not: break;  // flat between the jumps
            case Opcode::min: pass_on_to_chosen(g.apply(Opcode::le, a, b), a, b); break;
            case Opcode::max: pass_on_to_chosen(g.apply(Opcode::le, b, a), a, b); break;
            case Opcode::select: pass_on_to_chosen(a, b, node.c); break;
            case Opcode::exp: add(a, where_adjoint_is_not_0(times(id))); break;
            case Opcode::exp2:
                add(a, where_adjoint_is_not_0(g.mul(times(number(std::numbers::ln2)), id)));
                break;
            case Opcode::expm1: add(a, where_adjoint_is_not_0(times(g.apply(Opcode::exp, a)))); break;
            case Opcode::log: add(a, over(a)); break;
            case Opcode::log2: add(a, g.div(times(number(std::numbers::log2e)), a)); break;
            case Opcode::log10: add(a, g.div(times(number(std::numbers::log10e)), a)); break;
            case Opcode::log1p: add(a, over(g.add(number(1), a))); break;
            case Opcode::sin: add(a, times(g.apply(Opcode::cos, a))); break;
            case Opcode::cos: add(a, g.neg(times(g.apply(Opcode::sin, a)))); break;
            case Opcode::tan: add(a, times(g.add(number(1), square(id)))); break;
            case Opcode::asin: add_over(a, half_chord(a)); break;
            case Opcode::acos: add_over(a, g.neg(half_chord(a))); break;
            case Opcode::atan: add(a, over(g.add(number(1), square(a)))); break;
            case Opcode::sinh: add(a, where_adjoint_is_not_0(times(g.apply(Opcode::cosh, a)))); break;
            case Opcode::cosh: add(a, where_adjoint_is_not_0(times(g.apply(Opcode::sinh, a)))); break;
            case Opcode::tanh: add(a, times(squared_sech(a))); break;
            case Opcode::cbrt: add_over(a, g.mul(number(3), square(id))); break;
            case Opcode::erf: add(a, times(bell(a))); break;
            case Opcode::erfc: add(a, g.neg(times(bell(a)))); break;
            case Opcode::lgamma: add(a, times(g.apply(Opcode::digamma, a))); break;
            case Opcode::gamma:
                add(a, where_adjoint_is_not_0(g.mul(times(id), g.apply(Opcode::digamma, a))));
                break;
            case Opcode::atan2: {
                const NodeId distance = g.apply(Opcode::hypot, a, b);
                add(a, where(distance, g.mul(over(distance), g.div(b, distance))));
                add(b, where(distance, g.neg(g.mul(over(distance), g.div(a, distance)))));
                break;
            }
            case Opcode::hypot:
                add(a, where(id, g.mul(adjoint, g.div(a, id))));
                add(b, where(id, g.mul(adjoint, g.div(b, id))));
                break;
            case Opcode::pow: pass_on_to_power(id, node); break;
            case Opcode::fma:
            case Opcode::fms:
            case Opcode::fnma:
            case Opcode::digamma:
            case Opcode::sincos:
            case Opcode::twins: break;  // made by later steps only, never differentiated
        }
    }

    /// The derivative 1/divisor, 0 where that is infinite.
    void add_over(NodeId operand, NodeId divisor) {
        add(operand, where(divisor, graph_->div(*adjoints_[current_], divisor)));
    }

    void pass_on_to_chosen(NodeId condition, NodeId a, NodeId b) {
        const NodeId zero = graph_->constant(0);
        const NodeId adjoint = *adjoints_[current_];
        add(a, graph_->select(condition, adjoint, zero));
        masked_[a] = true;
        add(b, graph_->select(condition, zero, adjoint));
        masked_[b] = true;
    }

    /// a^b. At a = 0 the derivative by a is 1 for b = 1 and else 0, where the power is finite; the one by b
    /// is 0 for all a <= 0.
    void pass_on_to_power(NodeId id, const Node& power) {
        Graph& g = *graph_;
        const NodeId zero = g.constant(0);
        const NodeId one = g.constant(1);
        const NodeId adjoint = *adjoints_[id];
        const NodeId by_base = g.mul(g.mul(adjoint, power.b), g.pow(power.a, g.sub(power.b, one)));
        if (!g.is_constant(power.b)) {
            const NodeId at_zero = g.select(g.apply(Opcode::eq, power.b, one), adjoint, zero);
            add(power.a, g.select(power.a, by_base, at_zero));
            const NodeId by_exponent = g.mul(g.mul(adjoint, id), g.apply(Opcode::log, power.a));
            add(power.b, g.select(g.apply(Opcode::lt, zero, power.a), by_exponent, zero));
        } else if (g[power.b].number > 0 && g[power.b].number < 1) {
            add(power.a, where(power.a, by_base));
        } else {
            add(power.a, by_base);
        }
    }

    /// sqrt(1 - a^2), accurate near the ends too.
    NodeId half_chord(NodeId a) {
        const NodeId one = graph_->constant(1);
        return graph_->apply(Opcode::sqrt, graph_->mul(graph_->sub(one, a), graph_->add(one, a)));
    }

    /// 1/cosh(a)^2 = 4 e / (1 + e)^2 with e = exp(-2 |a|), accurate where tanh is close to 1 too.
    NodeId squared_sech(NodeId a) {
        const NodeId e = graph_->apply(
            Opcode::exp, graph_->neg(graph_->mul(graph_->constant(2), graph_->apply(Opcode::abs, a))));
        const NodeId sum = graph_->add(graph_->constant(1), e);
        return graph_->div(graph_->mul(graph_->constant(4), e), graph_->mul(sum, sum));
    }

    /// 2/sqrt(pi) exp(-a^2), the derivative of erf.
    NodeId bell(NodeId a) {
        const NodeId exponential = graph_->apply(Opcode::exp, graph_->neg(graph_->mul(a, a)));
        return graph_->mul(graph_->constant(2 * std::numbers::inv_sqrtpi), exponential);
    }

    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    struct Contribution {
        NodeId adjoint;
        std::size_t before;  ///< the one to the same node that came before it
    };

    Graph* graph_;
    std::vector<std::optional<NodeId>> adjoints_;
    std::vector<Contribution> contributions_;
    std::vector<std::size_t> last_;  ///< contribution to each node
    std::vector<bool> masked_;       ///< the adjoint may be 0 because a branch was not taken
    NodeId current_ = 0;             ///< the node whose adjoint is passed on
};

}  // namespace

std::vector<NodeId> differentiate(Graph& graph, NodeId value, std::size_t dimension) {
    ReverseMode reverse(graph, value);
    std::vector<NodeId> gradient;
    for (std::uint32_t j = 0; j < dimension; ++j) gradient.push_back(reverse.adjoint_of_variable(j));
    return gradient;
}

}  // namespace lanewise
