#include "differentiate.hpp"

#include <numbers>
#include <optional>

namespace lanewise {

namespace {

class ReverseMode {
  public:
    ReverseMode(Graph& graph, NodeId value)
        : graph_(&graph), adjoints_(value + 1), masked_(value + 1, false) {
        adjoints_[value] = graph.constant(1);
        for (NodeId id = value + 1; id-- != 0;) {
            if (!adjoints_[id] || graph[id].kind != Node::Kind::operation) continue;
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
            contribution = graph_->apply(Opcode::if_nonzero, *adjoints_[current_], contribution);
            masked_[operand] = true;
        }
        std::optional<NodeId>& adjoint = adjoints_[operand];
        adjoint = adjoint ? graph_->add(*adjoint, contribution) : contribution;
    }

    void add_branch(NodeId operand, Opcode condition, NodeId left, NodeId right, NodeId adjoint) {
        if (graph_->is_constant(operand)) return;
        add(operand, graph_->apply(condition, left, right, adjoint));
        masked_[operand] = true;
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
            case Opcode::sqrt: add(a, g.div(times(number(0.5)), id)); break;
            case Opcode::abs: add(a, times(g.apply(Opcode::sign, a))); break;
            case Opcode::sign:
            case Opcode::floor:
            case Opcode::ceil: break;  // flat between the jumps
            case Opcode::min:
                add_branch(a, Opcode::if_ge, b, a, adjoint);
                add_branch(b, Opcode::if_lt, b, a, adjoint);
                break;
            case Opcode::max:
                add_branch(a, Opcode::if_ge, a, b, adjoint);
                add_branch(b, Opcode::if_lt, a, b, adjoint);
                break;
            case Opcode::exp: add(a, times(id)); break;
            case Opcode::exp2: add(a, g.mul(times(number(std::numbers::ln2)), id)); break;
            case Opcode::expm1: add(a, times(g.apply(Opcode::exp, a))); break;
            case Opcode::log: add(a, over(a)); break;
            case Opcode::log2: add(a, g.div(times(number(std::numbers::log2e)), a)); break;
            case Opcode::log10: add(a, g.div(times(number(std::numbers::log10e)), a)); break;
            case Opcode::log1p: add(a, over(g.add(number(1), a))); break;
            case Opcode::sin: add(a, times(g.apply(Opcode::cos, a))); break;
            case Opcode::cos: add(a, g.neg(times(g.apply(Opcode::sin, a)))); break;
            case Opcode::tan: add(a, times(g.add(number(1), square(id)))); break;
            case Opcode::asin: add(a, over(half_chord(a))); break;
            case Opcode::acos: add(a, g.neg(over(half_chord(a)))); break;
            case Opcode::atan: add(a, over(g.add(number(1), square(a)))); break;
            case Opcode::sinh: add(a, times(g.apply(Opcode::cosh, a))); break;
            case Opcode::cosh: add(a, times(g.apply(Opcode::sinh, a))); break;
            case Opcode::tanh: add(a, times(g.sub(number(1), square(id)))); break;
            case Opcode::cbrt: add(a, over(g.mul(number(3), square(id)))); break;
            case Opcode::erf: add(a, times(bell(a))); break;
            case Opcode::erfc: add(a, g.neg(times(bell(a)))); break;
            case Opcode::atan2: {
                const NodeId distance = g.apply(Opcode::hypot, a, b);
                add(a, g.mul(over(distance), g.div(b, distance)));
                add(b, g.neg(g.mul(over(distance), g.div(a, distance))));
                break;
            }
            case Opcode::hypot: {
                // 0 at the apex.
                add(a, g.apply(Opcode::if_nonzero, id, g.mul(over(id), a)));
                add(b, g.apply(Opcode::if_nonzero, id, g.mul(over(id), b)));
                break;
            }
            case Opcode::pow:
                add(a, g.mul(times(b), g.power(a, g.sub(b, number(1)))));
                if (!g.is_constant(
                        b))  // 0 where the power is 0: at the edge of its domain the logarithm is infinite.
                    add(b, g.apply(Opcode::if_nonzero, id, g.mul(times(id), g.apply(Opcode::log, a))));
                break;
            case Opcode::fma:
            case Opcode::fms:
            case Opcode::fnma:
            case Opcode::if_ge:
            case Opcode::if_lt:
            case Opcode::if_nonzero:
            case Opcode::sincos: break;  // made by later steps only, never differentiated
        }
    }

    /// sqrt(1 - a^2), accurate near the ends too.
    NodeId half_chord(NodeId a) {
        const NodeId one = graph_->constant(1);
        return graph_->apply(Opcode::sqrt, graph_->mul(graph_->sub(one, a), graph_->add(one, a)));
    }

    /// 2/sqrt(pi) exp(-a^2), the derivative of erf.
    NodeId bell(NodeId a) {
        const NodeId exponential = graph_->apply(Opcode::exp, graph_->neg(graph_->mul(a, a)));
        return graph_->mul(graph_->constant(2 * std::numbers::inv_sqrtpi), exponential);
    }

    Graph* graph_;
    std::vector<std::optional<NodeId>> adjoints_;
    std::vector<bool> masked_;  ///< the adjoint may be 0 because a branch was not taken
    NodeId current_ = 0;        ///< the node whose adjoint is passed on
};

}  // namespace

std::vector<NodeId> differentiate(Graph& graph, NodeId value, std::size_t dimension) {
    ReverseMode reverse(graph, value);
    std::vector<NodeId> gradient;
    for (std::uint32_t j = 0; j < dimension; ++j) gradient.push_back(reverse.adjoint_of_variable(j));
    return gradient;
}

}  // namespace lanewise
