#include "recorded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <variant>

namespace lanewise::c {

namespace {

/// What a node stands for: a number, or the truth of a comparison.
class Value {
  public:
    Value(Traced number) : value_(number) {}           // NOLINT(*explicit*)
    Value(Condition condition) : value_(condition) {}  // NOLINT(*explicit*)

    Traced number() const {
        if (const auto* condition = std::get_if<Condition>(&value_)) return select(*condition, 1, 0);
        return std::get<Traced>(value_);
    }
    Condition condition() const {
        if (const auto* number = std::get_if<Traced>(&value_)) return *number != 0;
        return std::get<Condition>(value_);
    }

  private:
    std::variant<Traced, Condition> value_;
};

using Apply = Value (*)(const Value& a, const Value& b, const Value& c);

struct Operation {
    std::string_view name;
    int operands;
    Apply apply;  ///< none of variables and constants
};

#define LANEWISE_UNARY(name)                                                                           \
    {                                                                                                  \
#name, 1, [](const Value& a, const Value&, const Value&) -> Value { return name(a.number()); } \
    }
#define LANEWISE_BINARY(name)                                                  \
    {                                                                          \
#name, 2,                                                              \
            [](const Value& a, const Value& b,                                 \
               const Value&) -> Value { return name(a.number(), b.number()); } \
    }
#define LANEWISE_INFIX(name, symbol)                                           \
    {                                                                          \
#name, 2,                                                              \
            [](const Value& a, const Value& b,                                 \
               const Value&) -> Value { return a.number() symbol b.number(); } \
    }

// The place of an operation is its number, which is the same for all versions: new ones come at the end.
constexpr auto operations = std::to_array<Operation>({
    {"variable", 0, nullptr},
    {"constant", 0, nullptr},
    {"neg", 1, [](const Value& a, const Value&, const Value&) -> Value { return -a.number(); }},
    LANEWISE_INFIX(add, +),
    LANEWISE_INFIX(sub, -),
    LANEWISE_INFIX(mul, *),
    LANEWISE_INFIX(div, /),
    LANEWISE_BINARY(pow),
    LANEWISE_BINARY(min),
    LANEWISE_BINARY(max),
    LANEWISE_UNARY(abs),
    LANEWISE_UNARY(sign),
    LANEWISE_UNARY(floor),
    LANEWISE_UNARY(ceil),
    LANEWISE_UNARY(sqrt),
    LANEWISE_UNARY(cbrt),
    LANEWISE_UNARY(exp),
    LANEWISE_UNARY(exp2),
    LANEWISE_UNARY(expm1),
    LANEWISE_UNARY(log),
    LANEWISE_UNARY(log2),
    LANEWISE_UNARY(log10),
    LANEWISE_UNARY(log1p),
    LANEWISE_UNARY(sin),
    LANEWISE_UNARY(cos),
    LANEWISE_UNARY(tan),
    LANEWISE_UNARY(asin),
    LANEWISE_UNARY(acos),
    LANEWISE_UNARY(atan),
    LANEWISE_BINARY(atan2),
    LANEWISE_UNARY(sinh),
    LANEWISE_UNARY(cosh),
    LANEWISE_UNARY(tanh),
    LANEWISE_UNARY(erf),
    LANEWISE_UNARY(erfc),
    {"gamma", 1, [](const Value& a, const Value&, const Value&) -> Value { return tgamma(a.number()); }},
    LANEWISE_UNARY(lgamma),
    LANEWISE_BINARY(hypot),
    LANEWISE_INFIX(lt, <),
    LANEWISE_INFIX(le, <=),
    LANEWISE_INFIX(eq, ==),
    LANEWISE_INFIX(ne, !=),
    {"logical_and", 2,
     [](const Value& a, const Value& b, const Value&) -> Value { return a.condition() && b.condition(); }},
    {"logical_or", 2,
     [](const Value& a, const Value& b, const Value&) -> Value { return a.condition() || b.condition(); }},
    {"logical_not", 1, [](const Value& a, const Value&, const Value&) -> Value { return !a.condition(); }},
    {"select", 3,
     [](const Value& a, const Value& b, const Value& c) -> Value {
         return select(a.condition(), b.number(), c.number());
     }},
});

#undef LANEWISE_INFIX
#undef LANEWISE_BINARY
#undef LANEWISE_UNARY

}  // namespace

std::optional<std::uint8_t> operation_number(std::string_view name) {
    const auto* const found = std::ranges::find(operations, name, &Operation::name);
    if (found == operations.end()) return std::nullopt;
    return static_cast<std::uint8_t>(found - operations.begin());
}

Program Recorded::program(std::size_t dimension) const {
    const auto refuse = [](std::size_t node, std::string_view what) {
        throw std::invalid_argument(fmt::format("program: node {}: {}", node, what));
    };
    if (value >= operations.size())
        throw std::invalid_argument(
            fmt::format("program: value: there is no node {} of {}", value, operations.size()));
    return trace(dimension, [&](std::span<const Traced> x) {
        std::vector<Value> nodes;
        nodes.reserve(operations.size());
        for (std::size_t i = 0; i < operations.size(); ++i) {
            if (operations[i] >= c::operations.size())
                refuse(i, fmt::format("there is no operation {}", operations[i]));
            const Operation& operation = c::operations[operations[i]];
            if (operation.name == "variable") {
                if (a[i] >= x.size()) refuse(i, fmt::format("there is no variable {} of {}", a[i], x.size()));
                nodes.emplace_back(x[a[i]]);
                continue;
            }
            if (operation.name == "constant") {
                nodes.emplace_back(Traced(numbers[i]));
                continue;
            }
            const std::array<std::uint32_t, 3> operands{a[i], operation.operands > 1 ? b[i] : a[i],
                                                        operation.operands > 2 ? c[i] : a[i]};
            for (const std::uint32_t operand : operands) {
                if (operand >= i) refuse(i, fmt::format("its operand {} does not come before it", operand));
            }
            nodes.push_back(operation.apply(nodes[operands[0]], nodes[operands[1]], nodes[operands[2]]));
        }
        return nodes[value].number();
    });
}

}  // namespace lanewise::c
