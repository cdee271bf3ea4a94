#include "differentiate.hpp"

#include <numbers>
#include <optional>

namespace lanewise {

namespace {

class ReverseMode {
  public:
    ReverseMode(Graph& graph, NodeId value) : graph_(&graph), adjoints_(value + 1) {
        adjoints_[value] = graph.constant(1);
        for (NodeId id = value + 1; id-- != 0;) {
            if (adjoints_[id] && graph[id].kind == Node::Kind::operation) pass_on(id, *adjoints_[id]);
        }
    }

    NodeId adjoint_of_variable(std::uint32_t coordinate) {
        const NodeId variable = graph_->variable(coordinate);
        return variable < adjoints_.size() && adjoints_[variable] ? *adjoints_[variable]
                                                                  : graph_->constant(0);
    }

  private:
    void add(NodeId operand, NodeId contribution) {
        if (graph_->is_constant(operand)) return;
        std::optional<NodeId>& adjoint = adjoints_[operand];
        adjoint = adjoint ? graph_->add(*adjoint, contribution) : contribution;
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
            case Opcode::copy:
                add(a, adjoint);
                break;
            case Opcode::neg:
                add(a, g.neg(adjoint));
                break;
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
            case Opcode::sqrt:
                add(a, g.div(times(number(0.5)), id));
                break;
            case Opcode::abs:
                add(a, times(g.apply(Opcode::sign, a)));
                break;
            case Opcode::sign:
            case Opcode::floor:
            case Opcode::ceil:
                break;  // flat between the jumps
            case Opcode::min:
                add(a, g.apply(Opcode::if_ge, b, a, adjoint));
                add(b, g.apply(Opcode::if_lt, b, a, adjoint));
                break;
            case Opcode::max:
                add(a, g.apply(Opcode::if_ge, a, b, adjoint));
                add(b, g.apply(Opcode::if_lt, a, b, adjoint));
                break;
            case Opcode::exp:
                add(a, times(id));
                break;
            case Opcode::exp2:
                add(a, g.mul(times(number(std::numbers::ln2)), id));
                break;
            case Opcode::expm1:
                add(a, times(g.apply(Opcode::exp, a)));
                break;
            case Opcode::log:
                add(a, over(a));
                break;
            case Opcode::log2:
                add(a, g.div(times(number(std::numbers::log2e)), a));
                break;
            case Opcode::log10:
                add(a, g.div(times(number(std::numbers::log10e)), a));
                break;
            case Opcode::log1p:
                add(a, over(g.add(number(1), a)));
                break;
            case Opcode::sin:
                add(a, times(g.apply(Opcode::cos, a)));
                break;
            case Opcode::cos:
                add(a, g.neg(times(g.apply(Opcode::sin, a))));
                break;
            case Opcode::tan:
                add(a, times(g.add(number(1), square(id))));
                break;
            case Opcode::asin:
                add(a, over(g.apply(Opcode::sqrt, g.sub(number(1), square(a)))));
                break;
            case Opcode::acos:
                add(a, g.neg(over(g.apply(Opcode::sqrt, g.sub(number(1), square(a))))));
                break;
            case Opcode::atan:
                add(a, over(g.add(number(1), square(a))));
                break;
            case Opcode::sinh:
                add(a, times(g.apply(Opcode::cosh, a)));
                break;
            case Opcode::cosh:
                add(a, times(g.apply(Opcode::sinh, a)));
                break;
            case Opcode::tanh:
                add(a, times(g.sub(number(1), square(id))));
                break;
            case Opcode::cbrt:
                add(a, over(g.mul(number(3), square(id))));
                break;
            case Opcode::erf:
                add(a, times(bell(a)));
                break;
            case Opcode::erfc:
                add(a, g.neg(times(bell(a))));
                break;
            case Opcode::atan2: {
                const NodeId scaled = over(g.add(square(a), square(b)));
                add(a, g.mul(scaled, b));
                add(b, g.neg(g.mul(scaled, a)));
                break;
            }
            case Opcode::hypot: {
                const NodeId scaled = over(id);
                add(a, g.mul(scaled, a));
                add(b, g.mul(scaled, b));
                break;
            }
            case Opcode::pow:
                add(a, g.mul(times(b), g.power(a, g.sub(b, number(1)))));
                if (!g.is_constant(b)) add(b, g.mul(times(id), g.apply(Opcode::log, a)));
                break;
            case Opcode::fma:
            case Opcode::fms:
            case Opcode::fnma:
            case Opcode::if_ge:
            case Opcode::if_lt:
            case Opcode::sincos:
                break;  // made by later steps only, never differentiated
        }
    }

    /// 2/sqrt(pi) exp(-a^2), the derivative of erf.
    NodeId bell(NodeId a) {
        const NodeId exponential = graph_->apply(Opcode::exp, graph_->neg(graph_->mul(a, a)));
        return graph_->mul(graph_->constant(2 * std::numbers::inv_sqrtpi), exponential);
    }

    Graph* graph_;
    std::vector<std::optional<NodeId>> adjoints_;
};

}  // namespace

std::vector<NodeId> differentiate(Graph& graph, NodeId value, std::size_t dimension) {
    ReverseMode reverse(graph, value);
    std::vector<NodeId> gradient;
    for (std::uint32_t j = 0; j < dimension; ++j) gradient.push_back(reverse.adjoint_of_variable(j));
    return gradient;
}

}  // namespace lanewise
