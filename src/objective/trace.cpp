#include "lanewise/trace.hpp"

#include <fmt/format.h>

#include <atomic>
#include <stdexcept>
#include <utility>

#include "program/composed.hpp"
#include "program_code.hpp"

namespace lanewise {

namespace detail {

struct Recording::State {
    explicit State(std::size_t d) : dimension(d) {
        static std::atomic<std::uint64_t> last = 0;
        serial = ++last;
    }

    std::size_t dimension;
    std::uint64_t serial = 0;
    Graph graph{Rewriting::none};
    State* outer = nullptr;  ///< a trace within a trace
};

/// What the functions on Traced may do.
struct Recording::Access {
    static thread_local State* current;

    static Traced apply(Opcode op, const Traced& a, const Traced& b = {}, const Traced& c = {}) {
        if (a.recording_ == 0 && b.recording_ == 0 && c.recording_ == 0)
            return fold(op, a.constant_, b.constant_, c.constant_);
        const int operands = kernels::operand_count(op);
        const NodeId first = node(a);
        const NodeId second = operands > 1 ? node(b) : 0;
        const NodeId third = operands > 2 ? node(c) : 0;
        if (current->graph.size() > most_nodes)
            throw std::invalid_argument(
                fmt::format("the traced function records more than {} operations", most_nodes));
        return wrap(current->graph.apply(op, first, second, third));
    }

    static NodeId node(const Traced& value) {
        if (current == nullptr || (value.recording_ != 0 && value.recording_ != current->serial))
            throw std::logic_error("a traced value is used outside of the trace, or thread, that made it");
        return value.recording_ == 0 ? current->graph.constant(value.constant_) : value.node_;
    }

    static Traced wrap(NodeId node) {
        Traced value;
        value.recording_ = current->serial;
        value.node_ = node;
        return value;
    }

    static Condition condition(const Traced& value) { return Condition(value); }
    static const Traced& value(const Condition& condition) { return condition.value_; }
};

thread_local Recording::State* Recording::Access::current = nullptr;

Recording::Recording(std::size_t dimension) : state_(std::make_unique<State>(dimension)) {
    if (dimension == 0)
        throw std::invalid_argument("dimension 0: a traced function has at least one variable");
    state_->outer = std::exchange(Access::current, state_.get());
}

Recording::~Recording() {
    Access::current = state_->outer;
}

std::vector<Traced> Recording::variables() const {
    std::vector<Traced> list;
    list.reserve(state_->dimension);
    for (std::uint32_t j = 0; j < state_->dimension; ++j)
        list.push_back(Access::wrap(state_->graph.variable(j)));
    return list;
}

Program Recording::finish(const Traced& value) {
    const NodeId root = Access::node(value);
    return Program(make_program(std::move(state_->graph), root, state_->dimension));
}

}  // namespace detail

using Access = detail::Recording::Access;

Traced operator-(const Traced& a) {
    return Access::apply(Opcode::neg, a);
}

#define LANEWISE_INFIX(symbol, op)                             \
    Traced operator symbol(const Traced& a, const Traced& b) { \
        return Access::apply(Opcode::op, a, b);                \
    }
LANEWISE_INFIX(+, add)
LANEWISE_INFIX(-, sub)
LANEWISE_INFIX(*, mul)
LANEWISE_INFIX(/, div)
#undef LANEWISE_INFIX

#define LANEWISE_COMPARISON(symbol, op, left, right)                      \
    Condition operator symbol(const Traced& a, const Traced& b) {         \
        return Access::condition(Access::apply(Opcode::op, left, right)); \
    }
LANEWISE_COMPARISON(<, lt, a, b)
LANEWISE_COMPARISON(<=, le, a, b)
LANEWISE_COMPARISON(>, lt, b, a)
LANEWISE_COMPARISON(>=, le, b, a)
LANEWISE_COMPARISON(==, eq, a, b)
LANEWISE_COMPARISON(!=, ne, a, b)
#undef LANEWISE_COMPARISON

Condition operator&&(const Condition& a, const Condition& b) {
    return Access::condition(Access::apply(Opcode::logical_and, Access::value(a), Access::value(b)));
}

Condition operator||(const Condition& a, const Condition& b) {
    return Access::condition(Access::apply(Opcode::logical_or, Access::value(a), Access::value(b)));
}

Condition operator!(const Condition& a) {
    return Access::condition(Access::apply(Opcode::logical_not, Access::value(a)));
}

Traced select(const Condition& condition, const Traced& a, const Traced& b) {
    return Access::apply(Opcode::select, Access::value(condition), a, b);
}

#define LANEWISE_UNARY(name)                   \
    Traced name(const Traced& a) {             \
        return Access::apply(Opcode::name, a); \
    }
#define LANEWISE_BINARY(name)                       \
    Traced name(const Traced& a, const Traced& b) { \
        return Access::apply(Opcode::name, a, b);   \
    }
LANEWISE_UNARY(sqrt)
LANEWISE_UNARY(sin)
LANEWISE_UNARY(cos)
LANEWISE_UNARY(abs)
LANEWISE_UNARY(sign)
LANEWISE_UNARY(floor)
LANEWISE_UNARY(ceil)
LANEWISE_BINARY(min)
LANEWISE_BINARY(max)
#define LANEWISE_BY_OPERANDS_1(name) LANEWISE_UNARY(name)
#define LANEWISE_BY_OPERANDS_2(name) LANEWISE_BINARY(name)
#define LANEWISE_FUNCTION(name, operands, accuracy) LANEWISE_BY_OPERANDS_##operands(name)
LANEWISE_FUNCTIONS(LANEWISE_FUNCTION)
#undef LANEWISE_FUNCTION
#undef LANEWISE_BY_OPERANDS_2
#undef LANEWISE_BY_OPERANDS_1
#undef LANEWISE_BINARY
#undef LANEWISE_UNARY

Traced tgamma(const Traced& a) {
    return Access::apply(Opcode::gamma, a);
}

namespace {

/// What composed functions are made with.
struct Maker {
    static Traced constant(double number) { return number; }
    static Traced apply(Opcode op, const Traced& a, const Traced& b = {}) { return Access::apply(op, a, b); }
} make;

}  // namespace

Traced round(const Traced& a) {
    return composed::round(make, a);
}

Traced trunc(const Traced& a) {
    return composed::trunc(make, a);
}

Traced mod(const Traced& a, const Traced& b) {
    return composed::mod(make, a, b);
}

Traced clamp(const Traced& a, const Traced& lower, const Traced& upper) {
    return composed::clamp(make, a, lower, upper);
}

Traced fabs(const Traced& a) {
    return abs(a);
}

Traced hypot(const Traced& a, const Traced& b, const Traced& c) {
    return hypot(hypot(a, b), c);
}

Traced fma(const Traced& a, const Traced& b, const Traced& c) {
    return a * b + c;
}

}  // namespace lanewise
