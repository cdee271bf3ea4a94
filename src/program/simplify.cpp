// Rewrites made whenever an operation is added to a graph. Each keeps the value to a rounding or exactly, and
// none turns a finite value into something else.
#include <bit>
#include <cmath>
#include <utility>

#include "graph.hpp"

namespace lanewise {

namespace {

bool is_power_of_two(double number) {
    int exponent = 0;
    return std::isnormal(number) && std::abs(std::frexp(number, &exponent)) == 0.5;
}

bool is_commutative(Opcode op) {
    return op == Opcode::add || op == Opcode::mul;
}

}  // namespace

NodeId Graph::simplify(Opcode op, NodeId a, NodeId b, NodeId c) {
    const int operands = kernels::operand_count(op);
    const bool all_constant =
        is_constant(a) && (operands < 2 || is_constant(b)) && (operands < 3 || is_constant(c));
    if (all_constant) return constant(fold(op, nodes_[a].number, nodes_[b].number, nodes_[c].number));

    switch (op) {
        case Opcode::neg:
            if (is(a, Opcode::neg)) return nodes_[a].a;
            if (is(a, Opcode::sub)) return sub(nodes_[a].b, nodes_[a].a);
            if (is(a, Opcode::mul) && is_constant(nodes_[a].a)) {
                const NodeId factor = nodes_[a].b;
                return mul(constant(-nodes_[nodes_[a].a].number), factor);
            }
            break;
        case Opcode::add:
            if (is_constant(a, 0)) return b;
            if (is_constant(b, 0)) return a;
            if (a == b) return mul(constant(2), a);
            if (is(b, Opcode::neg)) return sub(a, nodes_[b].a);
            if (is(a, Opcode::neg)) return sub(b, nodes_[a].a);
            break;
        case Opcode::sub:
            if (is_constant(b, 0)) return a;
            if (is_constant(a, 0)) return neg(b);
            if (is(b, Opcode::neg)) return add(a, nodes_[b].a);
            break;
        case Opcode::mul: return simplify_product(a, b);
        case Opcode::div:
            if (is_constant(b, 1)) return a;
            if (is_constant(b, -1)) return neg(a);
            if (is_constant(b) && is_power_of_two(nodes_[b].number) && is_power_of_two(1 / nodes_[b].number))
                return mul(a, constant(1 / nodes_[b].number));
            break;
        default: break;
    }
    if (is_commutative(op) && b < a) std::swap(a, b);
    return intern({.kind = Node::Kind::operation,
                   .op = op,
                   .a = a,
                   .b = operands > 1 ? b : 0,
                   .c = operands > 2 ? c : 0});
}

NodeId Graph::simplify_product(NodeId a, NodeId b) {
    if (is_constant(b)) std::swap(a, b);
    if (is_constant(a, 1)) return b;
    if (is_constant(a, -1)) return neg(b);
    if (is(b, Opcode::neg))
        return is_constant(a) ? mul(constant(-nodes_[a].number), nodes_[b].a) : neg(mul(a, nodes_[b].a));
    if (is(a, Opcode::neg)) return neg(mul(nodes_[a].a, b));
    // c1 (c2 x) = (c1 c2) x, unless the product of the constants leaves the range of normal numbers.
    if (is_constant(a) && is(b, Opcode::mul) && is_constant(nodes_[b].a)) {
        const double merged = nodes_[a].number * nodes_[nodes_[b].a].number;
        const NodeId rest = nodes_[b].b;
        if (std::isnormal(merged) && std::abs(merged) < 1e100 && std::abs(merged) > 1e-100)
            return mul(constant(merged), rest);
    }
    // A constant is the first operand, so that the rule above finds it.
    if (!is_constant(a) && b < a) std::swap(a, b);
    return intern({.kind = Node::Kind::operation, .op = Opcode::mul, .a = a, .b = b});
}

}  // namespace lanewise
