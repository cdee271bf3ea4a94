#include "reference.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace lanewise::test {

namespace {

using Real = long double;
using Operands = std::array<Real, 3>;

constexpr Real pi = std::numbers::pi_v<Real>;
constexpr Real infinity = std::numeric_limits<Real>::infinity();
/// How many errors from a jump or pole a point must be.
constexpr Real clearance = 4;

bool is_whole(Real x) {
    return x == std::floor(x);
}

Real truth(bool condition) {
    return condition ? 1 : 0;
}

Real sign_of(Real x) {
    return std::isnan(x) ? x : truth(x > 0) - truth(x < 0);
}

Real value_of(Opcode op, const Operands& operands) {
    const auto [a, b, c] = operands;
    const bool unordered = std::isnan(a) || std::isnan(b);
    switch (op) {
        case Opcode::copy: return a;
        case Opcode::neg: return -a;
        case Opcode::add: return a + b;
        case Opcode::sub: return a - b;
        case Opcode::mul: return a * b;
        case Opcode::div: return a / b;
        case Opcode::fma: return a * b + c;
        case Opcode::fms: return a * b - c;
        case Opcode::fnma: return c - a * b;
        case Opcode::sqrt: return std::sqrt(a);
        case Opcode::abs: return std::abs(a);
        case Opcode::sign: return sign_of(a);
        case Opcode::floor: return std::floor(a);
        case Opcode::ceil: return std::ceil(a);
        case Opcode::min: return unordered ? NAN : std::min(a, b);
        case Opcode::max: return unordered ? NAN : std::max(a, b);
        case Opcode::lt: return truth(a < b);
        case Opcode::le: return truth(a <= b);
        case Opcode::eq: return truth(a == b);
        case Opcode::ne: return truth(a != b);
        case Opcode::logical_and: return truth(a != 0 && b != 0);
        case Opcode::logical_or: return truth(a != 0 || b != 0);
        case Opcode::logical_not: return truth(a == 0);
        case Opcode::select: return a != 0 ? b : c;
        case Opcode::digamma: return digamma(a);
        case Opcode::sin:
        case Opcode::sincos: return std::sin(a);
        case Opcode::twins:
        case Opcode::sum_products: break;  // made by lowering only
        case Opcode::sum_rows: break;      // of data, which no formula here has
        case Opcode::cos: return std::cos(a);
        case Opcode::exp: return std::exp(a);
        case Opcode::exp2: return std::exp2(a);
        case Opcode::expm1: return std::expm1(a);
        case Opcode::log: return std::log(a);
        case Opcode::log2: return std::log2(a);
        case Opcode::log10: return std::log10(a);
        case Opcode::log1p: return std::log1p(a);
        case Opcode::tan: return std::tan(a);
        case Opcode::asin: return std::asin(a);
        case Opcode::acos: return std::acos(a);
        case Opcode::atan: return std::atan(a);
        case Opcode::sinh: return std::sinh(a);
        case Opcode::cosh: return std::cosh(a);
        case Opcode::tanh: return std::tanh(a);
        case Opcode::cbrt: return std::cbrt(a);
        case Opcode::erf: return std::erf(a);
        case Opcode::erfc: return std::erfc(a);
        case Opcode::lgamma: return std::lgamma(a);
        case Opcode::gamma: return std::tgamma(a);
        case Opcode::atan2: return std::atan2(a, b);
        case Opcode::hypot: return std::hypot(a, b);
        case Opcode::pow: return std::pow(a, b);
    }
    return NAN;
}

/// Derivatives by base and exponent, with the conventions of program.hpp.
Operands partials_of_power(Real a, Real b) {
    const Real at_zero = b == 1 ? 1 : 0;
    const bool is_flat = b == 0 || !std::isfinite(b);
    return {a == 0    ? at_zero
            : is_flat ? 0
                      : b * std::pow(a, b - 1),
            a > 0 && a < infinity ? std::pow(a, b) * std::log(a) : 0, 0};
}

/// The derivatives by the operands; those of program.hpp where there are none.
Operands partials_of(Opcode op, const Operands& operands) {
    const auto [a, b, c] = operands;
    const Real distance = std::hypot(a, b);
    const bool has_direction = distance != 0 && distance != infinity;
    const bool takes_first = op == Opcode::min ? a <= b : a >= b;
    switch (op) {
        case Opcode::copy: return {1};
        case Opcode::neg: return {-1};
        case Opcode::add: return {1, 1};
        case Opcode::sub: return {1, -1};
        case Opcode::mul: return {b, a};
        case Opcode::div: return {1 / b, -a / b / b};
        case Opcode::fma: return {b, a, 1};
        case Opcode::fms: return {b, a, -1};
        case Opcode::fnma: return {-b, -a, 1};
        case Opcode::sqrt: return {a == 0 ? 0 : 1 / (2 * std::sqrt(a))};
        case Opcode::abs: return {sign_of(a)};
        case Opcode::min:
        case Opcode::max: return {truth(takes_first), truth(!takes_first)};
        case Opcode::select: return {0, truth(a != 0), truth(a == 0)};
        case Opcode::sin: return {std::cos(a)};
        case Opcode::cos: return {-std::sin(a)};
        case Opcode::exp: return {std::exp(a)};
        case Opcode::exp2: return {std::exp2(a) * std::numbers::ln2_v<Real>};
        case Opcode::expm1: return {std::exp(a)};
        case Opcode::log: return {1 / a};
        case Opcode::log2: return {1 / (a * std::numbers::ln2_v<Real>)};
        case Opcode::log10: return {1 / (a * std::numbers::ln10_v<Real>)};
        case Opcode::log1p: return {1 / (1 + a)};
        case Opcode::tan: return {1 / (std::cos(a) * std::cos(a))};
        case Opcode::asin: return {std::abs(a) == 1 ? 0 : 1 / std::sqrt((1 - a) * (1 + a))};
        case Opcode::acos: return {std::abs(a) == 1 ? 0 : -1 / std::sqrt((1 - a) * (1 + a))};
        case Opcode::atan: return {1 / (1 + a * a)};
        case Opcode::sinh: return {std::cosh(a)};
        case Opcode::cosh: return {std::sinh(a)};
        case Opcode::tanh: return {1 / (std::cosh(a) * std::cosh(a))};
        case Opcode::cbrt: return {a == 0 ? 0 : 1 / (3 * std::cbrt(a) * std::cbrt(a))};
        case Opcode::erf: return {2 * std::numbers::inv_sqrtpi_v<Real> * std::exp(-a * a)};
        case Opcode::erfc: return {-2 * std::numbers::inv_sqrtpi_v<Real> * std::exp(-a * a)};
        case Opcode::lgamma: return {digamma(a)};
        case Opcode::gamma: return {std::tgamma(a) * digamma(a)};
        case Opcode::atan2:
            if (!has_direction) return {};
            return {b / distance / distance, -a / distance / distance};
        case Opcode::hypot:
            if (distance == 0) return {};
            return {a / distance, b / distance};
        case Opcode::pow: return partials_of_power(a, b);
        default: return {};
    }
}

/// How far the operands are from where the operation or its derivative jumps, or has a pole; what is exact
/// may be there.
Real distance_from_trouble(Opcode op, const Operands& operands, const Operands& errors) {
    const auto [a, b, c] = operands;
    switch (op) {
        case Opcode::sqrt:
        case Opcode::abs:
        case Opcode::sign:
        case Opcode::log:
        case Opcode::log2:
        case Opcode::log10:
        case Opcode::cbrt:
        case Opcode::logical_not:
        case Opcode::select: return std::abs(a);
        case Opcode::floor:
        case Opcode::ceil: return std::abs(a - std::round(a));
        case Opcode::min:
        case Opcode::max:
        case Opcode::lt:
        case Opcode::le:
        case Opcode::eq:
        case Opcode::ne: return std::abs(a - b);
        case Opcode::logical_and:
        case Opcode::logical_or: return std::min(std::abs(a), std::abs(b));
        case Opcode::div: return std::abs(b);
        case Opcode::mul: return std::isinf(a) ? std::abs(b) : std::isinf(b) ? std::abs(a) : infinity;
        case Opcode::log1p: return std::abs(1 + a);
        case Opcode::asin:
        case Opcode::acos: return std::abs(1 - std::abs(a));
        case Opcode::tan: return std::abs(std::cos(a));
        case Opcode::gamma:
        case Opcode::lgamma: return a < 1 ? std::abs(a - std::round(a)) : infinity;
        case Opcode::hypot: return std::hypot(a, b);
        case Opcode::atan2: return b < 0 ? std::abs(a) : std::hypot(a, b);
        case Opcode::pow:
            return a == 0 && errors[0] == 0 ? std::min(std::abs(b), std::abs(b - 1)) : std::abs(a);
        default: return infinity;
    }
}

bool oscillates(Opcode op, Real a) {
    return op == Opcode::sin || op == Opcode::cos || op == Opcode::tan ||
           ((op == Opcode::lgamma || op == Opcode::gamma) && a < 0);
}

/// SLEEF's log1p, sinh and cosh are infinite this factor from the end of the range already.
constexpr Real overflows_early = 100;

/// A rewrite may change the sign of a zero.
bool is_left_open(Opcode op, const Operands& operands, const Format& format) {
    const auto [a, b, c] = operands;
    switch (op) {
        case Opcode::div: return b == 0;
        case Opcode::pow: return a == 0 && b < 0;
        case Opcode::atan2: return a == 0 && b <= 0;
        case Opcode::log1p: return a > format.largest / overflows_early;
        default: return false;
    }
}

/// What IEEE arithmetic, comparisons and functions with a limit make of an infinite operand is no matter of
/// opinion.
bool takes_infinity(Opcode op) {
    switch (op) {
        case Opcode::div:
        case Opcode::exp:
        case Opcode::exp2:
        case Opcode::expm1:
        case Opcode::atan:
        case Opcode::tanh:
        case Opcode::erf:
        case Opcode::erfc:
        case Opcode::neg:
        case Opcode::add:
        case Opcode::sub:
        case Opcode::mul:
        case Opcode::abs:
        case Opcode::sign:
        case Opcode::min:
        case Opcode::max:
        case Opcode::lt:
        case Opcode::le:
        case Opcode::eq:
        case Opcode::ne:
        case Opcode::logical_and:
        case Opcode::logical_or:
        case Opcode::logical_not: return true;
        default: return false;
    }
}

bool is_function(Opcode op) {
    constexpr std::array list = {
#define LANEWISE_OPCODE(name, ...) Opcode::name,
        LANEWISE_FUNCTIONS(LANEWISE_OPCODE)
#undef LANEWISE_OPCODE
    };
    return std::ranges::find(list, op) != list.end();
}

/// Exact operands whose exact result is representable give that result, in every order of the operations.
bool is_correctly_rounded(Opcode op) {
    switch (op) {
        case Opcode::add:
        case Opcode::sub:
        case Opcode::mul:
        case Opcode::div:
        case Opcode::sqrt: return true;
        default: return false;
    }
}

/// The result is an operand, perhaps without its sign, or a small whole number.
bool is_exact(Opcode op) {
    return op == Opcode::copy || op == Opcode::neg || op == Opcode::select || op == Opcode::floor ||
           op == Opcode::ceil || (takes_infinity(op) && !is_correctly_rounded(op) && !is_function(op));
}

/// The kernels' bounds, by the suffixes of kernels/opcodes.hpp.
Real kernel_ulps(Opcode op) {
    constexpr Real u10 = 1;
    constexpr Real u15 = 1.5;
    constexpr Real u35 = 3.5;
    struct Bound {
        Opcode op;
        Real ulps;
    };
    constexpr std::array bounds = {Bound{Opcode::sin, 4}, Bound{Opcode::cos, 4}, Bound{Opcode::gamma, u10},
#define LANEWISE_BOUND(name, operands, accuracy) Bound{Opcode::name, accuracy},
                                   LANEWISE_FUNCTIONS(LANEWISE_BOUND)
#undef LANEWISE_BOUND
    };
    const auto* found = std::ranges::find(bounds, op, &Bound::op);
    return found == bounds.end() ? 0.5L : found->ulps;
}

bool is_product_power(Real exponent) {
    constexpr Real largest_product_power = 1024;
    return is_whole(2 * exponent) && std::abs(exponent) <= largest_product_power;
}

/// What computing the operation may add to the error; a rewrite may cost one ULP more, a product of a power
/// one of its own.
Real rounding(Opcode op, const Operands& operands, Real value, const Format& format) {
    const Real products = op == Opcode::pow && is_product_power(operands[1]) ? std::abs(operands[1]) : 0;
    const Real scale = op == Opcode::lgamma ? 1 + std::abs(value) : std::abs(value);
    const Real relative = (kernel_ulps(op) + products + 1) * format.epsilon * scale;
    return scale * format.epsilon * format.epsilon < format.smallest ? relative + format.smallest : relative;
}

/// What is known of a node.
struct State {
    Real value = 0;
    Real error = 0;
    bool known = false;   ///< value and error can be relied on
    bool smooth = false;  ///< the derivatives, too
    Operands partials = {};
    std::array<bool, 3> taken = {};  ///< operands whose derivative counts

    struct Derivative {
        Real number = 0;
        Real error = 0;
        Real magnitude = 0;  ///< sum of the absolute contributions
    };
    std::vector<Derivative> by = {};
};

class Evaluation {
  public:
    Evaluation(const Graph& graph, NodeId root, std::size_t dimension, std::span<const double> point,
               const Format& format)
        : graph_(&graph), root_(root), dimension_(dimension), format_(format) {
        states_.reserve(root + 1);
        for (NodeId id = 0; id <= root; ++id) {
            const Node& node = graph[id];
            states_.push_back(node.kind == Node::Kind::operation  ? operation(node)
                              : node.kind == Node::Kind::constant ? leaf(node.number)
                                                                  : variable(node.a, point));
        }
    }

    Reference result() {
        const State& root = states_[root_];
        Reference reference{.has_value = root.known && std::isfinite(root.value),
                            .has_gradient = root.smooth && std::isfinite(root.value) && is_comfortable(),
                            .value = {root.value, root.error}};
        for (const State::Derivative& derivative : root.by)
            reference.gradient.push_back({derivative.number, derivative.error});
        return reference;
    }

  private:
    using Derivatives = std::vector<State::Derivative>;

    State leaf(double number) const {
        State state{.value = number, .known = true, .smooth = true, .by = Derivatives(dimension_)};
        if (format_.epsilon > f64.epsilon && static_cast<double>(static_cast<float>(number)) != number)
            state.error = std::abs(state.value) * format_.epsilon;
        return state;
    }

    State variable(std::uint32_t coordinate, std::span<const double> point) const {
        State state = leaf(point[coordinate]);
        if (coordinate < dimension_) state.by[coordinate] = {1, 0, 1};
        return state;
    }

    State operation(const Node& node) {
        const int count = kernels::operand_count(node.op);
        const std::array<NodeId, 3> ids = {node.a, node.b, node.c};
        Operands values = {};
        Operands errors = {};
        bool all_known = true;
        bool all_finite = true;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            const State& operand = states_[ids[i]];
            values[i] = operand.value;
            errors[i] = operand.error;
            if (is_masked(node.op, i, values)) continue;
            all_known = all_known && operand.known;
            all_finite = all_finite && std::isfinite(operand.value);
        }
        State state{.value = value_of(node.op, values), .by = Derivatives(dimension_)};
        state.known = all_known && !is_left_open(node.op, values, format_) &&
                      !is_near_trouble(node.op, values, errors) && (all_finite || takes_infinity(node.op)) &&
                      !std::isnan(state.value);
        if (!state.known) return state;
        set_error(state, node.op, values, errors);
        if (state.known) set_derivatives(state, node.op, ids, values, errors);
        return state;
    }

    /// Whether the operand's own errors and derivatives do not count.
    static bool is_masked(Opcode op, std::size_t i, const Operands& values) {
        return op == Opcode::select && i != 0 && (i == 1) != (values[0] != 0);
    }

    static bool is_near_trouble(Opcode op, const Operands& values, const Operands& errors) {
        constexpr Real largest_phase_error = 1e-3L;
        const Real error = errors[0] + (op == Opcode::select ? 0 : errors[1]);
        if (error == 0) return false;
        return distance_from_trouble(op, values, errors) <= clearance * error ||
               (oscillates(op, values[0]) && errors[0] > largest_phase_error);
    }

    /// What the errors of the operands make of the value, and what the operation adds.
    void set_error(State& state, Opcode op, const Operands& values, const Operands& errors) const {
        if (std::isinf(state.value)) return;
        for_each_shift(values, errors, op, [&](const Operands& shifted) {
            const Real change = std::abs(value_of(op, shifted) - state.value);
            state.error = std::max(state.error, change);
            if (std::isnan(change)) state.error = infinity;
        });
        const bool is_exact_here =
            state.error == 0 &&
            (is_exact(op) || (is_correctly_rounded(op) && is_representable(state.value)) ||
             (state.value == 0 && op != Opcode::lgamma));
        const bool adds_nothing = is_exact_here || op == Opcode::select || op == Opcode::min ||
                                  op == Opcode::max || op == Opcode::neg || op == Opcode::abs;
        if (!adds_nothing) state.error += rounding(op, values, state.value, format_);
        if (std::abs(state.value) > format_.largest) {
            state.known = std::abs(state.value) - 2 * state.error > format_.largest;  // not when it is NaN
            state.value = std::copysign(infinity, state.value);
            state.error = 0;
        }
        if (!(std::abs(state.value) + state.error <= format_.largest / overflows_early))
            state.known = state.known && std::isinf(state.value);
    }

    bool is_representable(Real value) const {
        return format_.epsilon == f64.epsilon ? static_cast<Real>(static_cast<double>(value)) == value
                                              : static_cast<Real>(static_cast<float>(value)) == value;
    }

    /// The operands moved by their errors, up, down or not at all, in all combinations.
    template <class Visit>
    static void for_each_shift(const Operands& values, const Operands& errors, Opcode op, Visit visit) {
        constexpr int combinations = 27;
        for (int combination = 0; combination < combinations; ++combination) {
            Operands shifted = values;
            bool is_new = true;
            int rest = combination;
            for (std::size_t i = 0; i < shifted.size(); ++i, rest /= 3) {
                const bool counts = errors[i] != 0 && !is_masked(op, i, values);
                is_new = is_new && (counts || rest % 3 == 0);
                if (rest % 3 == 1) shifted[i] += errors[i];
                if (rest % 3 == 2) shifted[i] -= errors[i];
            }
            if (is_new && combination != 0) visit(shifted);
        }
    }

    void set_derivatives(State& state, Opcode op, const std::array<NodeId, 3>& ids, const Operands& values,
                         const Operands& errors) {
        state.partials = partials_of(op, values);
        const Operands partial_errors = errors_of_partials(op, values, errors, state.partials);
        state.smooth = true;
        for (std::size_t i = 0; i < static_cast<std::size_t>(kernels::operand_count(op)); ++i) {
            state.taken[i] = passes_derivative(op, i, state.partials);
            if (!state.taken[i]) continue;
            const State& operand = states_[ids[i]];
            const Real partial = state.partials[i];
            // 0 times whatever leads to infinity is 0.
            if (std::isinf(operand.value) && partial == 0 && partial_errors[i] == 0) {
                state.taken[i] = false;
                continue;
            }
            state.smooth = state.smooth && operand.smooth && std::isfinite(partial_errors[i]) &&
                           std::isfinite(operand.value);
            for (std::size_t j = 0; j < dimension_; ++j) {
                const State::Derivative& inner = operand.by[j];
                const Real contribution = std::abs(partial) * inner.magnitude;
                state.by[j].number += partial * inner.number;
                state.by[j].magnitude += contribution;
                state.by[j].error += std::abs(partial) * inner.error +
                                     partial_errors[i] * (inner.magnitude + inner.error) +
                                     4 * format_.epsilon * contribution;
            }
        }
    }

    static bool passes_derivative(Opcode op, std::size_t i, const Operands& partials) {
        switch (op) {
            case Opcode::select:
            case Opcode::min:
            case Opcode::max: return partials[i] != 0;
            case Opcode::sign:
            case Opcode::floor:
            case Opcode::ceil:
            case Opcode::lt:
            case Opcode::le:
            case Opcode::eq:
            case Opcode::ne:
            case Opcode::logical_and:
            case Opcode::logical_or:
            case Opcode::logical_not: return false;
            default: return true;
        }
    }

    Operands errors_of_partials(Opcode op, const Operands& values, const Operands& errors,
                                const Operands& partials) const {
        constexpr Real roundings = 16;
        Operands bounds = {};
        for_each_shift(values, errors, op, [&](const Operands& shifted) {
            const Operands moved = partials_of(op, shifted);
            for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] += std::abs(moved[i] - partials[i]);
        });
        Real relative = roundings;
        if (op == Opcode::erf || op == Opcode::erfc) relative += 2 * values[0] * values[0];
        if (op == Opcode::pow && is_product_power(values[1] - 1)) relative += std::abs(values[1]);
        for (std::size_t i = 0; i < bounds.size(); ++i) {
            const Real digamma_of = op == Opcode::lgamma  ? 1
                                    : op == Opcode::gamma ? std::abs(std::tgamma(values[0]))
                                                          : 0;  // its error is absolute
            const Real scale = digamma_of + std::abs(partials[i]);
            bounds[i] += relative * format_.epsilon * scale;
        }
        return bounds;
    }

    /// Whether values, derivatives and their products from the end backwards, as any differentiation meets
    /// them, stay well inside the range of the format.
    bool is_comfortable() const {
        std::vector<Real> adjoints(states_.size(), 0);
        std::vector<bool> reached(states_.size(), false);
        adjoints[root_] = 1;
        reached[root_] = true;
        for (NodeId id = root_ + 1; id-- != 0;) {
            const Node& node = (*graph_)[id];
            if (!reached[id] || node.kind != Node::Kind::operation) continue;
            const State& state = states_[id];
            const std::array<NodeId, 3> ids = {node.a, node.b, node.c};
            if (!is_comfortable(state.value) || !is_comfortable(adjoints[id])) return false;
            for (std::size_t i = 0; i < ids.size(); ++i) {
                if (!state.taken[i]) continue;
                if (!is_comfortable(state.partials[i])) return false;
                if (node.op == Opcode::pow && !is_comfortable(states_[ids[i]].value)) return false;
                adjoints[ids[i]] += adjoints[id] * std::abs(state.partials[i]);
                reached[ids[i]] = true;
            }
        }
        return true;
    }

    bool is_comfortable(Real number) const {
        const Real magnitude = std::abs(number);
        return magnitude == 0 || (magnitude <= format_.comfortable && magnitude >= 1 / format_.comfortable);
    }

    const Graph* graph_;
    NodeId root_;
    std::size_t dimension_;
    Format format_;
    std::vector<State> states_;
};

/// The nearest number of the format.
Real in_format(Real x, const Format& format) {
    return format.epsilon == f64.epsilon ? static_cast<Real>(static_cast<double>(x))
                                         : static_cast<Real>(static_cast<float>(x));
}

}  // namespace

bool has_derivatives_in_range(const Graph& written, NodeId value, std::span<const double> point,
                              const Format& format) {
    std::vector<Operands> operands(value + 1);
    std::vector<Real> values(value + 1);
    for (NodeId id = 0; id <= value; ++id) {
        const Node& node = written[id];
        if (node.kind == Node::Kind::operation) {
            operands[id] = {values[node.a], values[node.b], values[node.c]};
            values[id] = in_format(value_of(node.op, operands[id]), format);
        } else {
            values[id] = in_format(node.kind == Node::Kind::variable ? point[node.a] : node.number, format);
        }
    }
    std::vector<Real> adjoints(value + 1, 0);
    adjoints[value] = 1;
    for (NodeId id = value + 1; id-- != 0;) {
        const Node& node = written[id];
        if (node.kind != Node::Kind::operation) continue;
        constexpr Real largest_phase = 1e6L;
        if (oscillates(node.op, operands[id][0]) && std::abs(operands[id][0]) > largest_phase) return false;
        const Operands partials = partials_of(node.op, operands[id]);
        const std::array<NodeId, 3> ids = {node.a, node.b, node.c};
        for (std::size_t i = 0; i < static_cast<std::size_t>(kernels::operand_count(node.op)); ++i) {
            // That of a power by its base has b and a^b/a among its factors.
            const auto [base, exponent, unused] = operands[id];
            Real factor = 0;
            if (node.op == Opcode::pow && i == 0) factor = std::abs(exponent);
            if (node.op == Opcode::pow && i == 0 && base != 0)
                factor = std::max(factor, std::abs(values[id] / base));
            const Real partial = std::max(std::abs(partials[i]), factor);
            constexpr Real margin = 100;
            const Real largest = format.largest / margin;
            if (partial > largest && partial != infinity) return false;
            if (adjoints[id] == 0) continue;
            Real& adjoint = adjoints[ids[i]];
            adjoint = in_format(adjoint + adjoints[id] * partial, format);
            if (adjoint > largest) return false;
        }
    }
    return true;
}

/// Recurrence to x >= 30, then the asymptotic series (Abramowitz & Stegun 6.3.7, 6.3.5, 6.3.18).
long double digamma(long double x) {
    constexpr Real far = 30;
    if (x <= 0) return is_whole(x) ? NAN : digamma(1 - x) - pi / std::tan(pi * (x - std::round(x)));
    Real sum = 0;
    while (x < far) {
        sum -= 1 / x;
        x += 1;
    }
    const Real z = 1 / (x * x);
    Real power = 1;
    for (const Real coefficient : {-1 / 12.0L, 1 / 120.0L, -1 / 252.0L, 1 / 240.0L, -1 / 132.0L,
                                   691 / 32760.0L, -1 / 12.0L, 3617 / 8160.0L}) {
        power *= z;
        sum += coefficient * power;
    }
    return sum + std::log(x) - 1 / (2 * x);
}

Reference reference(const Graph& written, NodeId value, std::size_t dimension, std::span<const double> point,
                    const Format& format) {
    return Evaluation(written, value, dimension, point, format).result();
}

}  // namespace lanewise::test
