#include "finiteness.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace lanewise {

namespace {

/// Sums, of rows too, and products with a factor of about this size, count as finite where their operands
/// are: those would have to be this close to the end of the range.
constexpr double moderate = 1e6;

/// What reaches the value: where such a result is met, the value is infinite or NaN too.
enum class Reach { nothing, nan, nan_and_infinities };

/// A power with exponent 0 is 1, whatever its base.
Reach reach_through_base(const Graph& graph, const Node& power) {
    if (!graph.is_constant(power.b) || graph.is_constant(power.b, 0)) return Reach::nothing;
    return graph[power.b].number > 0 ? Reach::nan_and_infinities : Reach::nan;
}

/// A power of 1 is 1, whatever its exponent.
Reach reach_through_exponent(const Graph& graph, const Node& power) {
    const bool may_be_1 = !graph.is_constant(power.a) || graph.is_constant(power.a, 1);
    return may_be_1 ? Reach::nothing : Reach::nan;
}

/// What an operand brings about in the operation's result.
Reach reach_through(const Graph& graph, const Node& node, int operand) {
    switch (node.op) {
        case Opcode::lt:
        case Opcode::le:
        case Opcode::eq:
        case Opcode::ne:
        case Opcode::logical_and:
        case Opcode::logical_or:
        case Opcode::logical_not:
        case Opcode::select: return Reach::nothing;
        case Opcode::sign:
        case Opcode::min:
        case Opcode::max:
        case Opcode::exp:
        case Opcode::exp2:
        case Opcode::expm1:
        case Opcode::atan:
        case Opcode::atan2:
        case Opcode::tanh:
        case Opcode::erf:
        case Opcode::erfc: return Reach::nan;
        case Opcode::div: return operand == 0 ? Reach::nan_and_infinities : Reach::nan;
        case Opcode::pow:
            return operand == 0 ? reach_through_base(graph, node) : reach_through_exponent(graph, node);
        case Opcode::copy:
        case Opcode::neg:
        case Opcode::add:
        case Opcode::sub:
        case Opcode::mul:
        case Opcode::sqrt:
        case Opcode::abs:
        case Opcode::floor:
        case Opcode::ceil:
        case Opcode::sin:
        case Opcode::cos:
        case Opcode::tan:
        case Opcode::asin:
        case Opcode::acos:
        case Opcode::sinh:
        case Opcode::cosh:
        case Opcode::log:
        case Opcode::log2:
        case Opcode::log10:
        case Opcode::log1p:
        case Opcode::cbrt:
        case Opcode::lgamma:
        case Opcode::gamma:
        case Opcode::hypot:
        case Opcode::sum_rows: return Reach::nan_and_infinities;
        case Opcode::fma:
        case Opcode::fms:
        case Opcode::fnma:
        case Opcode::digamma:
        case Opcode::sincos:
        case Opcode::twins:
        case Opcode::sum_products: break;  // no part of a value
    }
    return Reach::nothing;
}

bool is_whole_constant(const Graph& graph, NodeId id) {
    return graph.is_constant(id) && graph[id].number == std::floor(graph[id].number);
}

std::vector<Reach> reaches(const Graph& graph, NodeId value) {
    std::vector<Reach> list(value + 1, Reach::nothing);
    list[value] = Reach::nan_and_infinities;
    for (NodeId id = value + 1; id-- != 0;) {
        const Node& node = graph[id];
        if (node.kind != Node::Kind::operation || list[id] == Reach::nothing) continue;
        // hypot of NaN and an infinity is infinite.
        if (node.op == Opcode::hypot && list[id] == Reach::nan) continue;
        const std::array<NodeId, 3> operands = {node.a, node.b, node.c};
        for (int i = 0; i < kernels::operand_count(node.op); ++i) {
            Reach& reach = list[operands[static_cast<std::size_t>(i)]];
            reach = std::max(reach, std::min(list[id], reach_through(graph, node, i)));
        }
    }
    return list;
}

}  // namespace

Finiteness::Finiteness(const Graph& graph, NodeId value) {
    const std::vector<Reach> reach = reaches(graph, value);
    results_.reserve(value + 1);
    for (NodeId id = 0; id <= value; ++id) {
        Result result;
        if (graph.is_constant(id)) {
            const double size = std::abs(graph[id].number);
            result = {size > std::numeric_limits<float>::max(), std::isnan(size), size <= moderate};
        } else if (graph.is_operation(id)) {
            result = of_operands(graph, graph[id]);
        }
        result.infinite = result.infinite && reach[id] < Reach::nan_and_infinities;
        result.nan = result.nan && reach[id] < Reach::nan;
        results_.push_back(result);
    }
}

Finiteness::Result Finiteness::of_operands(const Graph& graph, const Node& node) const {
    const Result a = results_[node.a];
    const Result b = kernels::operand_count(node.op) > 1 ? results_[node.b] : a;
    const bool infinite = a.infinite || b.infinite;
    const bool nan = a.nan || b.nan;
    const bool bounded = a.bounded && b.bounded;
    switch (node.op) {
        case Opcode::copy:
        case Opcode::neg:
        case Opcode::abs:
        case Opcode::floor:
        case Opcode::ceil:
        case Opcode::cbrt:
        case Opcode::min:
        case Opcode::max: return {infinite, nan, bounded};
        case Opcode::select: {
            const Result c = results_[node.c];
            return {b.infinite || c.infinite, b.nan || c.nan, b.bounded && c.bounded};
        }
        case Opcode::sum_rows:
        case Opcode::add:
        case Opcode::sub: return {infinite, nan || (a.infinite && b.infinite), bounded};
        case Opcode::mul: return {infinite || !(a.bounded || b.bounded), nan || infinite, bounded};
        case Opcode::div: {
            const bool may_be_0_over_0 =
                !is_nonzero_constant(graph, node.a) && !is_nonzero_constant(graph, node.b);
            return {true, nan || may_be_0_over_0 || (a.infinite && b.infinite), false};
        }
        case Opcode::sign:
        case Opcode::atan:
        case Opcode::atan2:
        case Opcode::tanh:
        case Opcode::erf:
        case Opcode::erfc: return {false, nan, true};
        case Opcode::sin:
        case Opcode::cos: return {false, nan || infinite, true};
        case Opcode::tan: return {false, nan || infinite, false};
        case Opcode::asin:
        case Opcode::acos: return {false, true, true};
        case Opcode::lt:
        case Opcode::le:
        case Opcode::eq:
        case Opcode::ne:
        case Opcode::logical_and:
        case Opcode::logical_or:
        case Opcode::logical_not: return {false, false, true};
        case Opcode::exp:
        case Opcode::exp2:
        case Opcode::expm1:
        case Opcode::sinh:
        case Opcode::cosh:
        case Opcode::hypot: return {true, nan, false};
        case Opcode::sqrt: return {infinite, true, bounded};
        case Opcode::pow: return {true, nan || !is_whole_constant(graph, node.b), false};
        case Opcode::log:
        case Opcode::log2:
        case Opcode::log10:
        case Opcode::log1p:
        case Opcode::lgamma:
        case Opcode::gamma: return {true, true, false};
        case Opcode::fma:
        case Opcode::fms:
        case Opcode::fnma:
        case Opcode::digamma:
        case Opcode::sincos:
        case Opcode::twins:
        case Opcode::sum_products: break;  // no part of a value
    }
    return {true, true, false};
}

bool is_nonzero_constant(const Graph& graph, NodeId id) {
    return graph.is_constant(id) && std::abs(graph[id].number) >= std::numeric_limits<float>::min();
}

}  // namespace lanewise
