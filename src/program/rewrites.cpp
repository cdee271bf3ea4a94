#include "rewrites.hpp"

#include <array>
#include <cmath>

namespace lanewise {

namespace {

using Result = std::optional<NodeId>;

/// Far enough from the ends of the range, of single precision too, to stand for two constants one after the
/// other.
bool is_moderate(double number) {
    return std::abs(number) < 1e30 && std::abs(number) > 1e-30;
}

double number(const Graph& graph, NodeId constant) {
    return graph[constant].number;
}

Result fold_constants(Graph& graph, const Node& of) {
    if (of.op == Opcode::sum_rows) return {};
    const int operands = kernels::operand_count(of.op);
    const bool all_constant = graph.is_constant(of.a) && (operands < 2 || graph.is_constant(of.b)) &&
                              (operands < 3 || graph.is_constant(of.c));
    if (!all_constant) return {};
    const auto operand = [&](int i, NodeId id) { return i < operands ? number(graph, id) : 0; };
    return graph.constant(fold(of.op, operand(0, of.a), operand(1, of.b), operand(2, of.c)));
}

/// x + 0, x - 0, 1 x, -1 x, x / 1, x / -1, x^1, x^0
Result drop_neutral_constants(Graph& graph, const Node& of) {
    switch (of.op) {
        case Opcode::add:
            if (graph.is_constant(of.a, 0)) return of.b;
            if (graph.is_constant(of.b, 0)) return of.a;
            break;
        case Opcode::sub:
            if (graph.is_constant(of.b, 0)) return of.a;
            break;
        case Opcode::mul:
            if (graph.is_constant(of.a, 1)) return of.b;
            if (graph.is_constant(of.b, 1)) return of.a;
            if (graph.is_constant(of.a, -1)) return graph.neg(of.b);
            if (graph.is_constant(of.b, -1)) return graph.neg(of.a);
            break;
        case Opcode::div:
            if (graph.is_constant(of.b, 1)) return of.a;
            if (graph.is_constant(of.b, -1)) return graph.neg(of.a);
            break;
        case Opcode::pow:
            if (graph.is_constant(of.b, 1)) return of.a;
            if (graph.is_constant(of.b, 0)) return graph.constant(1);
            break;
        default: break;
    }
    return {};
}

/// Minus signs move outwards, where sums absorb them: -(-x), -(x - y), (-x) y, (-x)/y, x + -y, x - -y; and
/// vanish in |-x| and cos(-x).
Result merge_negations(Graph& graph, const Node& of) {
    const auto is_neg = [&](NodeId id) { return graph.is(id, Opcode::neg); };
    const auto inside = [&](NodeId id) { return graph[id].a; };
    switch (of.op) {
        case Opcode::neg:
            if (is_neg(of.a)) return inside(of.a);
            if (graph.is(of.a, Opcode::sub)) return graph.sub(graph[of.a].b, graph[of.a].a);
            break;
        case Opcode::add:
            if (is_neg(of.b)) return graph.sub(of.a, inside(of.b));
            if (is_neg(of.a)) return graph.sub(of.b, inside(of.a));
            break;
        case Opcode::sub:
            if (is_neg(of.b)) return graph.add(of.a, inside(of.b));
            if (is_neg(of.a)) return graph.neg(graph.add(inside(of.a), of.b));
            break;
        case Opcode::mul:
            if (is_neg(of.a)) return graph.neg(graph.mul(inside(of.a), of.b));
            if (is_neg(of.b)) return graph.neg(graph.mul(of.a, inside(of.b)));
            break;
        case Opcode::div:
            if (is_neg(of.a)) return graph.neg(graph.div(inside(of.a), of.b));
            if (is_neg(of.b)) return graph.neg(graph.div(of.a, inside(of.b)));
            break;
        case Opcode::abs:
        case Opcode::cos:
            if (is_neg(of.a)) return graph.apply(of.op, inside(of.a));
            break;
        default: break;
    }
    return {};
}

/// A negative constant factor is a minus sign.
Result take_sign_from_constants(Graph& graph, const Node& of) {
    const auto is_negative = [&](NodeId id) { return graph.is_constant(id) && number(graph, id) < 0; };
    const auto positive = [&](NodeId id) { return graph.constant(-number(graph, id)); };
    if (of.op != Opcode::mul && of.op != Opcode::div) return {};
    if (is_negative(of.a)) return graph.neg(graph.apply(of.op, positive(of.a), of.b));
    if (is_negative(of.b)) return graph.neg(graph.apply(of.op, of.a, positive(of.b)));
    return {};
}

/// The constant of a product comes first, so that the rules below find it.
Result put_constants_first(Graph& graph, const Node& of) {
    if (of.op != Opcode::mul || !graph.is_constant(of.b) || graph.is_constant(of.a)) return {};
    return graph.mul(of.b, of.a);
}

bool is_scaled(const Graph& graph, NodeId id) {
    return graph.is(id, Opcode::mul) && graph.is_constant(graph[id].a);
}

/// c (d x) = (c d) x; x + x = 2 x; x / 2^k = 2^-k x. Nothing on the way is larger than the result was.
Result merge_scalings(Graph& graph, const Node& of) {
    switch (of.op) {
        case Opcode::add:
            if (of.a == of.b) return graph.mul(graph.constant(2), of.a);
            break;
        case Opcode::mul: {
            if (!graph.is_constant(of.a) || !is_scaled(graph, of.b)) break;
            const double merged = number(graph, of.a) * number(graph, graph[of.b].a);
            if (is_moderate(merged)) return graph.mul(graph.constant(merged), graph[of.b].b);
            break;
        }
        case Opcode::div:
            if (graph.is_constant(of.b) && is_power_of_two(number(graph, of.b)) &&
                is_moderate(number(graph, of.b)))
                return graph.mul(graph.constant(1 / number(graph, of.b)), of.a);
            break;
        default: break;
    }
    return {};
}

/// c x + c y = c (x + y), and c x - c y. With |c| >= 1, so that the sum is no larger than the result.
Result factor_out_scaling(Graph& graph, const Node& of) {
    if (of.op != Opcode::add && of.op != Opcode::sub) return {};
    if (!is_scaled(graph, of.a) || !is_scaled(graph, of.b) || graph[of.a].a != graph[of.b].a) return {};
    const NodeId factor = graph[of.a].a;
    if (!(std::abs(number(graph, factor)) >= 1)) return {};
    return graph.mul(factor, graph.apply(of.op, graph[of.a].b, graph[of.b].b));
}

/// Sums over rows of -a, and of c a with |c| >= 1, so that the sum is no larger than the result.
Result factor_out_of_rows(Graph& graph, const Node& of) {
    if (of.op != Opcode::sum_rows) return {};
    if (graph.is(of.a, Opcode::neg)) return graph.neg(graph.sum_rows(graph[of.a].a));
    if (!is_scaled(graph, of.a) || !(std::abs(number(graph, graph[of.a].a)) >= 1)) return {};
    return graph.mul(graph[of.a].a, graph.sum_rows(graph[of.a].b));
}

/// Branches that are known or alike, and conditions that say the same more simply.
Result simplify_branches(Graph& graph, const Node& of) {
    if (of.op == Opcode::min || of.op == Opcode::max) {
        if (of.a == of.b) return of.a;
    }
    if (of.op != Opcode::select) return {};
    if (of.b == of.c) return of.b;
    if (graph.is_constant(of.a)) return number(graph, of.a) == 0 ? of.c : of.b;
    if (graph.is(of.a, Opcode::logical_not)) return graph.select(graph[of.a].a, of.c, of.b);
    if (graph.is(of.b, Opcode::select) && graph[of.b].a == of.a)
        return graph.select(of.a, graph[of.b].b, of.c);
    if (graph.is(of.c, Opcode::select) && graph[of.c].a == of.a)
        return graph.select(of.a, of.b, graph[of.c].c);
    return {};
}

/// x^(1/2)
Result roots(Graph& graph, const Node& of) {
    if (of.op != Opcode::pow || !graph.is_constant(of.b, 0.5)) return {};
    return graph.apply(Opcode::sqrt, of.a);
}

/// x^n for a whole n by repeated squaring, of 1/x when n is negative; x^(n + 1/2) = x^n sqrt(x).
Result powers_as_products(Graph& graph, const Node& of) {
    if (of.op != Opcode::pow || !graph.is_constant(of.b)) return {};
    const double exponent = number(graph, of.b);
    const double whole = std::trunc(exponent);
    const double fraction = std::abs(exponent - whole);
    if ((fraction != 0 && fraction != 0.5) || std::abs(exponent) > largest_product_power) return {};
    const NodeId one = graph.constant(1);
    if (exponent == -0.5) return graph.div(one, graph.apply(Opcode::sqrt, of.a));

    // Powers of 1/x, not 1 over powers: they leave the range of doubles no sooner than the result does.
    NodeId square = exponent < 0 ? graph.div(one, of.a) : of.a;
    NodeId product = fraction == 0 ? one : graph.apply(Opcode::sqrt, square);
    for (auto rest = static_cast<unsigned>(std::abs(whole)); rest != 0; rest >>= 1U) {
        if ((rest & 1U) != 0) product = graph.mul(product, square);
        if (rest > 1) square = graph.mul(square, square);
    }
    return product;
}

/// A minus sign that no sum took joins a constant factor.
Result negate_constant_factors(Graph& graph, const Node& of) {
    if (of.op != Opcode::neg || !is_scaled(graph, of.a)) return {};
    return graph.mul(graph.constant(-number(graph, graph[of.a].a)), graph[of.a].b);
}

constexpr std::array<Rewrite, 1> written = {fold_constants};

constexpr auto algebra = std::to_array<Rewrite>({
    fold_constants,
    drop_neutral_constants,
    merge_negations,
    take_sign_from_constants,
    put_constants_first,
    merge_scalings,
    factor_out_scaling,
    factor_out_of_rows,
    simplify_branches,
    roots,
});

constexpr auto last = std::to_array<Rewrite>({
    fold_constants,
    drop_neutral_constants,
    put_constants_first,
    merge_scalings,
    powers_as_products,
    negate_constant_factors,
});

}  // namespace

std::span<const Rewrite> rewrites(Rewriting rewriting) {
    switch (rewriting) {
        case Rewriting::none: return written;
        case Rewriting::algebra: return algebra;
        case Rewriting::strength: break;
    }
    return last;
}

}  // namespace lanewise
