#include "differentiate.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <optional>
#include <utility>

#include "finiteness.hpp"
#include "rows.hpp"

namespace lanewise {

namespace {

class ReverseMode {
  public:
    ReverseMode(Graph& graph, NodeId value)
        : graph_(&graph),
          known_(std::make_shared<const Known>(graph, value)),
          adjoints_(value + 1),
          last_(value + 1, none) {
        go_back(value, [](NodeId) { return true; });
    }

    NodeId adjoint_of_variable(std::uint32_t coordinate) {
        const NodeId variable = graph_->variable(coordinate);
        return variable < adjoints_.size() && adjoints_[variable] ? *adjoints_[variable]
                                                                  : graph_->constant(0);
    }

  private:
    /// What is known of the graph as it was before derivatives were added.
    struct Known {
        Known(const Graph& graph, NodeId value) : finiteness(graph, value), rows(graph) {}
        Finiteness finiteness;
        RowDependence rows;
    };

    /// What a row's term changes by with what is the same in all rows.
    ReverseMode(Graph& graph, std::shared_ptr<const Known> known, NodeId term)
        : graph_(&graph), known_(std::move(known)), adjoints_(term + 1), last_(term + 1, none) {
        go_back(term, [&](NodeId id) { return known_->rows.varies(id); });
    }

    /// Gives adjoints to all nodes that `value` depends on, by way of those that `passes_on` is true for.
    template <class PassesOn>
    void go_back(NodeId value, PassesOn passes_on) {
        contributions_.push_back({graph_->constant(1), none});
        last_[value] = 0;
        for (NodeId id = value + 1; id-- != 0;) {
            if (last_[id] == none) continue;
            adjoints_[id] = sum_of_contributions(id);
            if (!graph_->is_operation(id) || !passes_on(id)) continue;
            current_ = id;
            pass_on(id, *adjoints_[id]);
        }
    }

    /// A sum over rows changes, with what is the same in all rows, by the sum of what its terms do.
    void pass_on_to_rows(NodeId term, NodeId adjoint) {
        const ReverseMode of_row(*graph_, known_, term);
        for (NodeId id = term + 1; id-- != 0;) {
            if (!of_row.adjoints_[id] || known_->rows.varies(id)) continue;
            const NodeId slope = graph_->sum_rows(*of_row.adjoints_[id]);
            add(id, graph_->mul(adjoint, slope), false);
        }
    }

    bool is_given(NodeId id) const {
        const Node::Kind kind = (*graph_)[id].kind;
        return kind == Node::Kind::constant || kind == Node::Kind::column || kind == Node::Kind::parameter;
    }

    /// A derivative that may be infinite or NaN where the formula's value is finite counts as 0 where the
    /// adjoint is 0.
    void add(NodeId operand, NodeId contribution, bool derivative_is_finite = true) {
        if (is_given(operand)) return;
        if (!derivative_is_finite) contribution = where(*adjoints_[current_], contribution);
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

    /// The contribution where `condition` is not 0, else 0.
    NodeId where(NodeId condition, NodeId contribution) {
        return graph_->select(condition, contribution, graph_->constant(0));
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
        const bool is_number = !known_->finiteness.may_be_nan(id);
        const bool is_finite = known_->finiteness.is_finite(id);
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
                add(a, times(b), known_->finiteness.is_finite(b));
                add(b, times(a), known_->finiteness.is_finite(a));
                break;
            case Opcode::div:
                add(a, over(b), is_finite || is_nonzero_constant(g, b));
                add(b, g.neg(g.mul(over(b), id)), is_finite);
                break;
            case Opcode::sqrt: add(a, where(id, g.div(times(number(0.5)), id)), is_number); break;
            case Opcode::abs: add(a, times(g.apply(Opcode::sign, a)), is_number); break;
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
            case Opcode::exp: add(a, times(id), is_finite); break;
            case Opcode::exp2: add(a, g.mul(times(number(std::numbers::ln2)), id), is_finite); break;
            case Opcode::expm1:  // exp overflows a little before expm1
                add(a, times(g.apply(Opcode::exp, a)), false);
                break;
            case Opcode::log: add(a, over(a), is_finite); break;
            case Opcode::log2: add(a, g.div(times(number(std::numbers::log2e)), a), is_finite); break;
            case Opcode::log10: add(a, g.div(times(number(std::numbers::log10e)), a), is_finite); break;
            case Opcode::log1p: add(a, over(g.add(number(1), a)), is_finite); break;
            case Opcode::sin: add(a, times(g.apply(Opcode::cos, a)), is_number); break;
            case Opcode::cos: add(a, g.neg(times(g.apply(Opcode::sin, a))), is_number); break;
            case Opcode::tan: add(a, times(g.add(number(1), square(id))), is_number); break;
            case Opcode::asin: add_over(a, half_chord(a)); break;
            case Opcode::acos: add_over(a, g.neg(half_chord(a))); break;
            case Opcode::atan: add(a, over(g.add(number(1), square(a))), is_number); break;
            case Opcode::sinh: add(a, times(g.apply(Opcode::cosh, a)), is_finite); break;
            case Opcode::cosh: add(a, times(g.apply(Opcode::sinh, a)), is_finite); break;
            case Opcode::tanh: add(a, times(squared_sech(a)), is_number); break;
            case Opcode::cbrt: add_over(a, g.mul(number(3), square(id))); break;
            case Opcode::erf: add(a, times(bell(a)), is_number); break;
            case Opcode::erfc: add(a, g.neg(times(bell(a))), is_number); break;
            case Opcode::lgamma:  // digamma overflows before lgamma
                add(a, times(g.apply(Opcode::digamma, a)), false);
                break;
            case Opcode::gamma: add(a, g.mul(times(id), g.apply(Opcode::digamma, a)), false); break;
            case Opcode::atan2: {
                const NodeId distance = g.apply(Opcode::hypot, a, b);
                const NodeId scaled = over(distance);
                // Of two infinite operands each share is NaN, and `scaled` is 0.
                const auto times_share = [&](NodeId of) {
                    NodeId product = g.mul(scaled, g.div(of, distance));
                    if (!known_->finiteness.is_finite(of)) product = where(scaled, product);
                    return where(distance, product);
                };
                add(a, times_share(b), is_number);
                add(b, g.neg(times_share(a)), is_number);
                break;
            }
            case Opcode::hypot:
                add(a, where(id, g.mul(adjoint, g.div(a, id))), is_finite);
                add(b, where(id, g.mul(adjoint, g.div(b, id))), is_finite);
                break;
            case Opcode::pow: pass_on_to_power(id, node); break;
            case Opcode::sum_rows: pass_on_to_rows(a, adjoint); break;
            case Opcode::fma:
            case Opcode::fms:
            case Opcode::fnma:
            case Opcode::digamma:
            case Opcode::sincos:
            case Opcode::twins:
            case Opcode::sum_products: break;  // made by later steps only, never differentiated
        }
    }

    /// The derivative 1/divisor, 0 where that is infinite.
    void add_over(NodeId operand, NodeId divisor) {
        add(operand, where(divisor, graph_->div(*adjoints_[current_], divisor)),
            !known_->finiteness.may_be_nan(current_));
    }

    void pass_on_to_chosen(NodeId condition, NodeId a, NodeId b) {
        const NodeId zero = graph_->constant(0);
        const NodeId adjoint = *adjoints_[current_];
        add(a, graph_->select(condition, adjoint, zero));
        add(b, graph_->select(condition, zero, adjoint));
    }

    void pass_on_to_power(NodeId id, const Node& power) {
        if (graph_->is_constant(power.b)) {
            pass_on_to_base(id, power.a, (*graph_)[power.b].number);
        } else {
            pass_on_to_base_and_exponent(id, power.a, power.b);
        }
    }

    /// a^exponent; flat where it is finite if the exponent is 0 or infinite.
    void pass_on_to_base(NodeId id, NodeId a, double exponent) {
        if (exponent == 0 || !std::isfinite(exponent)) return;
        Graph& g = *graph_;
        const NodeId by_base =
            g.mul(g.mul(*adjoints_[id], g.constant(exponent)), g.pow(a, g.constant(exponent - 1)));
        const bool ends_at_0 = exponent > 0 && exponent < 1;
        // Of powers up to a square the derivative is finite where the base is.
        const bool is_finite = !known_->finiteness.may_be_nan(id) &&
                               !known_->finiteness.may_be_infinite(exponent > 0 && exponent <= 2 ? a : id);
        add(a, ends_at_0 ? where(a, by_base) : by_base, is_finite);
    }

    /// a^b: b a^b/a and a^b log(a). At a = 0 the derivative by a is 1 for b = 1 and else 0; it is 0 where
    /// b is infinite, too, and where b = 0 whatever a is. The one by b is 0 but for 0 < a < inf.
    void pass_on_to_base_and_exponent(NodeId id, NodeId a, NodeId b) {
        Graph& g = *graph_;
        const NodeId zero = g.constant(0);
        const NodeId infinity = g.constant(std::numeric_limits<double>::infinity());
        const NodeId adjoint = *adjoints_[id];
        const NodeId scaled = g.mul(adjoint, id);
        const bool is_finite = known_->finiteness.is_finite(id);

        NodeId by_base = where(b, g.mul(g.div(scaled, a), b));
        if (!known_->finiteness.is_finite(b))
            by_base = where(g.apply(Opcode::lt, g.apply(Opcode::abs, b), infinity), by_base);
        const NodeId at_zero = g.select(g.apply(Opcode::eq, b, g.constant(1)), adjoint, zero);
        add(a, g.select(a, by_base, at_zero), is_finite);

        NodeId by_exponent = where(g.apply(Opcode::lt, zero, a), g.mul(scaled, g.apply(Opcode::log, a)));
        if (known_->finiteness.may_be_infinite(a))
            by_exponent = where(g.apply(Opcode::lt, a, infinity), by_exponent);
        add(b, by_exponent, is_finite);
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
    std::shared_ptr<const Known> known_;
    std::vector<std::optional<NodeId>> adjoints_;
    std::vector<Contribution> contributions_;
    std::vector<std::size_t> last_;  ///< contribution to each node
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
