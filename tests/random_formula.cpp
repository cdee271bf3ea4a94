#include "random_formula.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string_view>

namespace lanewise::test {

namespace {

using Kind = Formula::Kind;

constexpr std::uint32_t vector_length = 3;
constexpr std::array loop_names = {"i", "j"};
constexpr std::array definition_names = {"r", "s", "t", "u"};
constexpr double parameter = 0.75;

struct Function {
    std::string_view name;
    NodeId (*add)(Graph& graph, NodeId a, NodeId b);
    Traced (*of_one)(const Traced&) = nullptr;
    Traced (*of_two)(const Traced&, const Traced&) = nullptr;
};

template <Opcode op>
NodeId add_operation(Graph& graph, NodeId a, NodeId b) {
    return graph.apply(op, a, b);
}

// As they could be written, too: the program is held to what they are.

NodeId add_trunc(Graph& graph, NodeId a, NodeId /*b*/) {
    return graph.select(graph.apply(Opcode::lt, a, graph.constant(0)), graph.apply(Opcode::ceil, a),
                        graph.apply(Opcode::floor, a));
}

NodeId add_round(Graph& graph, NodeId a, NodeId /*b*/) {
    const NodeId below = graph.apply(Opcode::floor, a);
    const NodeId rest = graph.sub(a, below);
    const NodeId half = graph.constant(0.5);
    const NodeId up = graph.select(graph.apply(Opcode::lt, a, graph.constant(0)),
                                   graph.apply(Opcode::lt, half, rest), graph.apply(Opcode::le, half, rest));
    return graph.add(below, up);
}

NodeId add_mod(Graph& graph, NodeId a, NodeId b) {
    return graph.sub(a, graph.mul(b, graph.apply(Opcode::floor, graph.div(a, b))));
}

const std::vector<Function>& functions() {
#define LANEWISE_OF_1(name) {#name, add_operation<Opcode::name>, lanewise::name, nullptr},
#define LANEWISE_OF_2(name)                       \
    {#name, add_operation<Opcode::name>, nullptr, \
     static_cast<Traced (*)(const Traced&, const Traced&)>(lanewise::name)},
#define LANEWISE_FUNCTION(name, operands, accuracy) LANEWISE_OF_##operands(name)
    static const std::vector<Function> table = {
        LANEWISE_FUNCTIONS(LANEWISE_FUNCTION)  //
        LANEWISE_OF_1(sin) LANEWISE_OF_1(cos) LANEWISE_OF_1(sqrt) LANEWISE_OF_1(abs) LANEWISE_OF_1(sign)
            LANEWISE_OF_1(floor) LANEWISE_OF_1(ceil) LANEWISE_OF_2(min)
                LANEWISE_OF_2(max){"gamma", add_operation<Opcode::gamma>, lanewise::tgamma},
        {"trunc", add_trunc, lanewise::trunc},
        {"round", add_round, lanewise::round},
        {"mod", add_mod, nullptr, lanewise::mod}};
#undef LANEWISE_FUNCTION
#undef LANEWISE_OF_2
#undef LANEWISE_OF_1
    return table;
}

const Function& function(std::string_view name) {
    return *std::ranges::find(functions(), name, &Function::name);
}

Formula number(double value, std::string name = {}) {
    return {.name = std::move(name), .number = value};
}

Formula prefix(std::string name, Formula part) {
    return {.kind = Kind::prefix, .name = std::move(name), .parts = {std::move(part)}};
}

Formula infix(std::string name, Formula a, Formula b) {
    return {.kind = Kind::infix, .name = std::move(name), .parts = {std::move(a), std::move(b)}};
}

Formula call(std::string name, std::vector<Formula> parts) {
    return {.kind = Kind::call, .name = std::move(name), .parts = std::move(parts)};
}

// --- making one up

class Author {
  public:
    Author(std::uint64_t seed, bool typed) : random_(seed), typed_(typed) {}

    RandomFormula write(std::uint64_t seed, int operations) {
        RandomFormula formula{.seed = seed};
        formula.definitions = definitions(operations);
        formula.objective = value(operations);
        return formula;
    }

  private:
    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
    }
    bool chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
    template <class List>
    auto one_of(const List& list) {
        return list[below(std::size(list))];
    }

    /// From definitions_ on.
    std::vector<Formula> definitions(int operations) {
        std::vector<Formula> made;
        while (definitions_ < definition_names.size() && chance(0.3)) {
            made.push_back(value(operations / 3));
            ++definitions_;
        }
        return made;
    }

    Formula value(int operations) {
        if (operations <= 0) return leaf();
        const double kind = std::uniform_real_distribution<double>(0, 1)(random_);
        if (kind < 0.40) return arithmetic(operations);
        if (kind < 0.50) return power(operations);
        if (kind < 0.76) return function_of_one(operations);
        if (kind < 0.82) return prefix("-", value(operations - 1));
        if (kind < 0.88) return choice(operations);
        if (kind < 0.93) return function_of_more(operations);
        if (kind < 0.98 && levels_ < loop_names.size()) return loop(operations);
        return typed_ ? leaf() : condition(operations);
    }

    Formula arithmetic(int operations) {
        constexpr std::array names = {"+", "-", "*", "*", "/"};
        const std::string name = one_of(names);
        const auto [left, right] = split(operations);
        Formula a = value(left);
        Formula b = value(right);
        if (name == "/" && chance(0.4)) b = infix("+", number(1), infix("^", std::move(b), number(2)));
        return infix(name, std::move(a), std::move(b));
    }

    Formula power(int operations) {
        constexpr std::array common = {2.0, 2.0, 2.0, 3.0, 4.0, 0.5, 1.5, 2.5, 1.0, 0.0, 5.0, 7.0};
        constexpr std::array rare = {10.0, 31.0, 100.0, 1023.0, 1024.0, 1025.0, 1.0 / 3, 0.1, 3.7};
        if (chance(0.2)) {
            const auto [left, right] = split(operations);
            Formula base = chance(0.5) ? call("abs", {value(left)}) : value(left);
            return infix("^", std::move(base), value(right));
        }
        Formula exponent = number(chance(0.85) ? one_of(common) : one_of(rare));
        if (chance(0.25)) exponent = prefix("-", std::move(exponent));
        Formula base = value(operations - 1);
        if (chance(0.2)) return call("pow", {std::move(base), std::move(exponent)});
        return infix("^", std::move(base), std::move(exponent));
    }

    /// Half of the time the argument is brought to where the function is defined.
    Formula function_of_one(int operations) {
        const Function& chosen = random_function(true);
        const std::string name(chosen.name);
        Formula argument = value(operations - 1);
        if (chance(0.5)) {
            if (name.starts_with("log") || name.ends_with("gamma") || name == "sqrt")
                argument =
                    infix("+", call("abs", {std::move(argument)}), number(one_of(std::array{0.0, 0.5})));
            if (name == "asin" || name == "acos") argument = call("sin", {std::move(argument)});
            if (name.starts_with("exp") || name.ends_with("h"))
                argument = infix("*", number(5), call("tanh", {std::move(argument)}));
        }
        return call(name, {std::move(argument)});
    }

    Formula function_of_more(int operations) {
        const std::string name(random_function(false).name);
        std::vector<Formula> parts;
        const std::size_t count = (name == "min" || name == "max") && !typed_ && chance(0.4) ? 3 : 2;
        for (std::size_t i = 0; i < count; ++i)
            parts.push_back(value((operations - 1) / static_cast<int>(count)));
        return call(name, std::move(parts));
    }

    const Function& random_function(bool of_one) {
        while (true) {
            const Function& chosen = functions()[below(functions().size())];
            if ((chosen.of_one != nullptr) == of_one) return chosen;
        }
    }

    Formula choice(int operations) {
        const int share = operations / 3;
        Formula when = typed_ || chance(0.8) ? condition(share) : value(share);
        return call("if", {std::move(when), value(share), value(share)});
    }

    Formula condition(int operations) {
        constexpr std::array comparisons = {"<", "<=", ">", ">=", "==", "!="};
        const auto [left, right] = split(operations);
        const auto part = [&](int share) { return typed_ || chance(0.8) ? condition(share) : value(share); };
        if (operations > 1 && chance(0.3)) return prefix("not", part(operations - 1));
        if (operations > 2 && chance(0.3)) {
            const char* name = chance(0.5) ? "and" : "or";
            Formula a = part(left);
            return infix(name, std::move(a), part(right));
        }
        Formula a = value(left);
        return infix(one_of(comparisons), std::move(a), value(right));
    }

    Formula loop(int operations) {
        Formula made{.kind = Kind::loop,
                     .name = chance(0.7) ? "sum" : "prod",
                     .index = static_cast<std::uint32_t>(levels_),
                     .first = static_cast<int>(below(2)),
                     .last = static_cast<int>(below(vector_length + 1)) - 1,
                     .first_definition = definitions_};
        ++levels_;
        made.parts = definitions(operations / 2);
        made.parts.push_back(value(operations / 2));
        definitions_ = made.first_definition;
        --levels_;
        return made;
    }

    Formula leaf() {
        const double kind = std::uniform_real_distribution<double>(0, 1)(random_);
        if (levels_ != 0 && kind < 0.5) {
            const auto level = static_cast<std::uint32_t>(below(levels_));
            return {.kind = kind < 0.35 ? Kind::element : Kind::loop_index, .index = level};
        }
        if (definitions_ != 0 && kind < 0.2)
            return {.kind = Kind::shared, .index = static_cast<std::uint32_t>(below(definitions_))};
        if (kind < 0.7)
            return {.kind = Kind::coordinate,
                    .index = static_cast<std::uint32_t>(below(formula_box().dimension()))};
        return constant();
    }

    Formula constant() {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        const std::array named = {number(std::numbers::pi, "pi"), number(std::numbers::e, "e"),
                                  number(parameter, "p"), number(vector_length, "n(v)"),
                                  number(infinity, "inf")};
        constexpr std::array common = {0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 10.0, 0.5, 0.25, 0.1, 0.3, 100.0};
        constexpr std::array rare = {1e-3,  1e3,    1e6,   1e-10,  1e15,  1e-30, 1e30,
                                     1e100, 1e-100, 1e200, 1e-200, 1e300, 1e308, 5e-324};
        if (chance(0.1)) return one_of(named);
        return number(chance(0.1) ? one_of(rare) : one_of(common));
    }

    std::pair<int, int> split(int operations) {
        const int left = static_cast<int>(below(static_cast<std::size_t>(std::max(operations, 1))));
        return {left, std::max(operations - 1 - left, 0)};
    }

    std::mt19937_64 random_;
    bool typed_;
    std::size_t levels_ = 0;         ///< loops around this place
    std::uint32_t definitions_ = 0;  ///< known at this place
};

// --- writing definitions out

/// `known` are those of the definitions that are named in the formula.
Formula written_out(const Formula& formula, std::vector<Formula> known) {
    if (formula.kind == Kind::shared) return known[formula.index];
    Formula copy = formula;
    copy.parts.clear();
    if (formula.kind == Kind::loop) known.resize(formula.first_definition);
    for (const Formula& part : formula.parts) {
        copy.parts.push_back(written_out(part, known));
        if (formula.kind == Kind::loop) known.push_back(copy.parts.back());
    }
    if (formula.kind == Kind::loop) copy.parts = {copy.parts.back()};
    return copy;
}

// --- making it smaller

bool is_condition(const Formula& formula) {
    constexpr std::array names = {"<", "<=", ">", ">=", "==", "!=", "and", "or", "not"};
    return std::ranges::find(names, formula.name) != names.end();
}

bool uses_definition(const Formula& formula, std::uint32_t index) {
    if (formula.kind == Kind::shared && formula.index == index) return true;
    return std::ranges::any_of(formula.parts,
                               [&](const Formula& part) { return uses_definition(part, index); });
}

bool uses_loop(const Formula& formula, std::uint32_t level) {
    if ((formula.kind == Kind::element || formula.kind == Kind::loop_index) && formula.index == level)
        return true;
    return std::ranges::any_of(formula.parts, [&](const Formula& part) { return uses_loop(part, level); });
}

Formula without_loop(Formula formula, std::uint32_t level, int at) {
    if (formula.index == level && formula.kind == Kind::loop_index) return number(at);
    if (formula.index == level && formula.kind == Kind::element)
        return {.kind = Kind::coordinate, .index = 2 + static_cast<std::uint32_t>(at)};
    for (Formula& part : formula.parts) part = without_loop(std::move(part), level, at);
    return formula;
}

std::vector<Formula> smaller(const Formula& formula) {
    std::vector<Formula> list;
    if (formula.kind == Kind::number) {
        for (const double simple : {0.0, 1.0, 2.0}) {
            if (formula.number == simple) break;
            list.push_back(number(simple));
        }
        return list;
    }
    if (formula.parts.empty()) {
        if (formula.kind != Kind::coordinate) list.push_back(number(1));
        return list;
    }
    if (formula.kind == Kind::loop && formula.parts.size() == 1) {
        list.push_back(without_loop(formula.parts[0], formula.index, formula.first));
    } else if (formula.kind == Kind::loop) {
        const std::size_t last = formula.parts.size() - 2;
        if (!uses_definition(formula.parts.back(),
                             formula.first_definition + static_cast<std::uint32_t>(last))) {
            Formula copy = formula;
            copy.parts.erase(copy.parts.begin() + static_cast<std::ptrdiff_t>(last));
            list.push_back(std::move(copy));
        }
    } else {
        for (const Formula& part : formula.parts) {
            if (is_condition(part) == is_condition(formula)) list.push_back(part);
        }
    }
    if (!is_condition(formula)) list.push_back(number(1));
    for (std::size_t i = 0; i < formula.parts.size(); ++i) {
        for (Formula& part : smaller(formula.parts[i])) {
            Formula copy = formula;
            copy.parts[i] = std::move(part);
            list.push_back(std::move(copy));
        }
    }
    return list;
}

bool uses_definition(const RandomFormula& formula, std::uint32_t index) {
    return uses_definition(formula.objective, index) ||
           std::ranges::any_of(formula.definitions,
                               [&](const Formula& part) { return uses_definition(part, index); });
}

// --- as text

/// Loosest first, as in parse.cpp.
enum Precedence { logical_or, logical_and, logical_not, comparison, sum, product, sign, power, atom };

Precedence precedence_of(const Formula& formula) {
    if (formula.kind == Kind::prefix) return formula.name == "-" ? sign : logical_not;
    if (formula.kind != Kind::infix) return atom;
    switch (formula.name.front()) {
        case '^': return power;
        case '*':
        case '/': return product;
        case '+':
        case '-': return sum;
        case 'a': return logical_and;
        case 'o': return logical_or;
        default: return comparison;
    }
}

class Writer {
  public:
    Writer(bool brackets_everywhere, std::uint64_t seed)
        : brackets_everywhere_(brackets_everywhere), random_(seed) {}

    std::string write(const RandomFormula& formula) {
        std::string text;
        for (std::size_t i = 0; i < formula.definitions.size(); ++i)
            text += write_definition(i, formula.definitions[i]);
        return text + write_last(formula.objective);
    }

  private:
    std::string write_definition(std::size_t index, const Formula& formula) {
        return fmt::format("{}{}={}{}{};{}", definition_names[index], blank(), blank(),
                           write(formula, logical_or), blank(), blank());
    }

    /// What follows the definitions.
    std::string write_last(const Formula& formula) {
        const std::string text = write(formula, logical_or) + blank();
        return brackets_everywhere_ || chance(0.9) ? text : fmt::format("{};{}", text, blank());
    }

    std::string write(const Formula& formula, int loosest) {
        const Precedence precedence = precedence_of(formula);
        const bool brackets =
            precedence < loosest || (brackets_everywhere_ ? precedence != atom : chance(0.05));
        const std::string text = without_brackets(formula, precedence);
        if (brackets) return fmt::format("({}{}{})", blank(), text, blank());
        return precedence == atom && chance(0.03) ? fmt::format("+{}", text) : text;
    }

    std::string without_brackets(const Formula& formula, int precedence) {
        switch (formula.kind) {
            case Kind::number: return formula.name.empty() ? fmt::format("{}", formula.number) : formula.name;
            case Kind::coordinate: return formula_box().coordinate_name(formula.index);
            case Kind::element: return fmt::format("v{}[{}]", blank(), loop_names[formula.index]);
            case Kind::loop_index: return loop_names[formula.index];
            case Kind::shared: return definition_names[formula.index];
            case Kind::prefix:
                return fmt::format("{}{}{}", formula.name, formula.name == "-" ? blank() : space(),
                                   write(formula.parts[0], precedence));
            case Kind::infix: return write_infix(formula, precedence);
            case Kind::call: return fmt::format("{}({})", formula.name, arguments(formula.parts));
            case Kind::loop:
                return fmt::format("{}({}{},{}{},{}{},{}{})", formula.name, blank(),
                                   loop_names[formula.index], blank(), formula.first, blank(), formula.last,
                                   blank(), write_body(formula));
        }
        return {};
    }

    std::string write_body(const Formula& loop) {
        std::string text;
        for (std::size_t i = 0; i + 1 < loop.parts.size(); ++i)
            text += write_definition(loop.first_definition + i, loop.parts[i]);
        return text + write_last(loop.parts.back());
    }

    std::string write_infix(const Formula& formula, int precedence) {
        const bool from_the_right = precedence == power;
        const bool chains = precedence != comparison;
        const Formula& right = formula.parts[1];
        // A minus on the right of an operator needs no brackets.
        const int loosest_right = right.kind == Kind::prefix && right.name == "-" ? sign
                                  : from_the_right                                ? precedence
                                                                                  : precedence + 1;
        const std::string a = write(formula.parts[0], precedence + (from_the_right || !chains ? 1 : 0));
        const bool is_word = precedence <= logical_and;
        const std::string name = formula.name == "^" && chance(0.3) ? "**" : formula.name;
        const std::string before = is_word ? space() : blank();
        const std::string after = is_word ? space() : blank();
        return a + before + name + after + write(right, loosest_right);
    }

    std::string arguments(const std::vector<Formula>& parts) {
        std::string list;
        for (const Formula& part : parts) {
            if (!list.empty()) list.append(blank()).append(",").append(blank());
            list += write(part, logical_or);
        }
        return list;
    }

    std::string blank() { return brackets_everywhere_ || chance(0.7) ? "" : space(); }
    std::string space() {
        if (brackets_everywhere_ || chance(0.9)) return " ";
        return chance(0.5) ? "\n\t" : " # and so on\n ";
    }
    bool chance(double probability) { return std::bernoulli_distribution(probability)(random_); }

    bool brackets_everywhere_;
    std::mt19937_64 random_;
};

// --- as a graph or as C++

/// Walks a formula for a builder, which makes its values of type `Value`.
template <class Builder>
class Walk {
  public:
    explicit Walk(Builder& builder) : builder_(&builder) {}

    auto run(const RandomFormula& formula) {
        for (std::size_t i = 0; i < formula.definitions.size(); ++i)
            shared_[i] = visit(formula.definitions[i]);
        return visit(formula.objective);
    }

  private:
    using Value = typename Builder::Value;

    Value visit(const Formula& formula) {
        switch (formula.kind) {
            case Kind::number: return builder_->number(formula.number);
            case Kind::coordinate: return builder_->coordinate(formula.index);
            case Kind::element:
                return builder_->coordinate(2 + static_cast<std::uint32_t>(counters_[formula.index]));
            case Kind::loop_index: return builder_->number(counters_[formula.index]);
            case Kind::shared: return *shared_[formula.index];
            case Kind::loop: return visit_loop(formula);
            default: break;
        }
        if (formula.name == "if") return builder_->choose(formula.parts, *this);
        std::vector<Value> values;
        for (const Formula& part : formula.parts) values.push_back(visit(part));
        Value value = values[0];
        if (formula.kind == Kind::prefix) return builder_->prefix(formula.name, value);
        if (formula.kind == Kind::infix) return builder_->infix(formula.name, value, values[1]);
        if (values.size() == 1) return builder_->call(function(formula.name), value);
        for (std::size_t i = 1; i < values.size(); ++i)
            value = builder_->call(function(formula.name), value, values[i]);
        return value;
    }

    Value visit_loop(const Formula& formula) {
        const bool is_sum = formula.name == "sum";
        if (formula.first > formula.last) return builder_->number(is_sum ? 0 : 1);
        int& counter = counters_[formula.index];
        counter = formula.first;
        Value total = visit_body(formula);
        while (++counter <= formula.last)
            total = builder_->infix(is_sum ? "+" : "*", total, visit_body(formula));
        return total;
    }

    Value visit_body(const Formula& loop) {
        for (std::size_t i = 0; i + 1 < loop.parts.size(); ++i)
            shared_[loop.first_definition + i] = visit(loop.parts[i]);
        return visit(loop.parts.back());
    }

    friend Builder;
    Builder* builder_;
    std::array<int, loop_names.size()> counters_ = {};
    std::array<std::optional<Value>, definition_names.size()> shared_ = {};
};

struct GraphBuilder {
    using Value = NodeId;
    WrittenGraph* written;

    NodeId number(double value) const {
        written->constants.push_back(value);
        const std::size_t coordinate = formula_box().dimension() + written->constants.size() - 1;
        return written->graph.variable(static_cast<std::uint32_t>(coordinate));
    }
    NodeId coordinate(std::uint32_t index) const { return written->graph.variable(index); }
    NodeId prefix(std::string_view name, NodeId a) const {
        return written->graph.apply(name == "-" ? Opcode::neg : Opcode::logical_not, a);
    }
    NodeId infix(std::string_view name, NodeId a, NodeId b) const {
        if (name == ">") return written->graph.apply(Opcode::lt, b, a);
        if (name == ">=") return written->graph.apply(Opcode::le, b, a);
        return written->graph.apply(opcode(name), a, b);
    }
    NodeId call(const Function& function, NodeId a, NodeId b = 0) const {
        return function.add(written->graph, a, b);
    }
    NodeId choose(const std::vector<Formula>& parts, Walk<GraphBuilder>& walk) const {
        const NodeId condition = walk.visit(parts[0]);
        const NodeId a = walk.visit(parts[1]);
        return written->graph.select(condition, a, walk.visit(parts[2]));
    }

    static Opcode opcode(std::string_view name) {
        constexpr std::array<std::pair<std::string_view, Opcode>, 11> table = {{{"+", Opcode::add},
                                                                                {"-", Opcode::sub},
                                                                                {"*", Opcode::mul},
                                                                                {"/", Opcode::div},
                                                                                {"^", Opcode::pow},
                                                                                {"<", Opcode::lt},
                                                                                {"<=", Opcode::le},
                                                                                {"==", Opcode::eq},
                                                                                {"!=", Opcode::ne},
                                                                                {"and", Opcode::logical_and},
                                                                                {"or", Opcode::logical_or}}};
        return std::ranges::find(table, name, &std::pair<std::string_view, Opcode>::first)->second;
    }
};

struct TracedBuilder {
    using Value = Traced;
    std::vector<Traced> x;

    static Traced number(double value) { return value; }
    Traced coordinate(std::uint32_t index) const { return x[index]; }
    static Traced prefix(std::string_view /*minus*/, const Traced& a) { return -a; }
    static Traced infix(std::string_view name, const Traced& a, const Traced& b) {
        switch (name.front()) {
            case '+': return a + b;
            case '-': return a - b;
            case '*': return a * b;
            case '/': return a / b;
            default: return pow(a, b);
        }
    }
    static Traced call(const Function& function, const Traced& a) { return function.of_one(a); }
    static Traced call(const Function& function, const Traced& a, const Traced& b) {
        return function.of_two(a, b);
    }
    static Traced choose(const std::vector<Formula>& parts, Walk<TracedBuilder>& walk) {
        const Condition when = condition(parts[0], walk);
        const Traced a = walk.visit(parts[1]);
        return select(when, a, walk.visit(parts[2]));
    }

    static Condition condition(const Formula& formula, Walk<TracedBuilder>& walk) {
        if (formula.name == "not") return !condition(formula.parts[0], walk);
        if (formula.name == "and" || formula.name == "or") {
            const Condition a = condition(formula.parts[0], walk);
            const Condition b = condition(formula.parts[1], walk);
            return formula.name == "and" ? a && b : a || b;
        }
        const Traced a = walk.visit(formula.parts[0]);
        const Traced b = walk.visit(formula.parts[1]);
        if (formula.name == "<") return a < b;
        if (formula.name == "<=") return a <= b;
        if (formula.name == ">") return a > b;
        if (formula.name == ">=") return a >= b;
        return formula.name == "==" ? a == b : a != b;
    }
};

}  // namespace

const Box& formula_box() {
    static const Box box{{"x", -5, 5}, {"y", -5, 5}, {"v", -5, 5, vector_length}};
    return box;
}

const Parameters& formula_parameters() {
    static const Parameters parameters{{"p", parameter}};
    return parameters;
}

RandomFormula random_formula(std::uint64_t seed, int operations, bool typed) {
    return Author(seed, typed).write(seed, operations);
}

RandomFormula written_out(const RandomFormula& formula) {
    std::vector<Formula> known;
    for (const Formula& definition : formula.definitions) known.push_back(written_out(definition, known));
    return {.objective = written_out(formula.objective, known), .seed = formula.seed};
}

std::vector<RandomFormula> smaller(const RandomFormula& formula) {
    std::vector<RandomFormula> list;
    const auto add = [&](auto change) {
        RandomFormula copy = formula;
        change(copy);
        list.push_back(std::move(copy));
    };
    const auto last = static_cast<std::uint32_t>(formula.definitions.size() - 1);
    if (!formula.definitions.empty() && !uses_definition(formula, last))
        add([](RandomFormula& copy) { copy.definitions.pop_back(); });
    for (std::size_t i = 0; i < formula.definitions.size(); ++i) {
        for (const Formula& part : smaller(formula.definitions[i]))
            add([&](RandomFormula& copy) { copy.definitions[i] = part; });
    }
    for (const Formula& part : smaller(formula.objective))
        add([&](RandomFormula& copy) { copy.objective = part; });
    return list;
}

std::string as_text(const RandomFormula& formula) {
    return Writer(false, formula.seed).write(formula);
}

std::string in_brackets(const RandomFormula& formula) {
    return Writer(true, formula.seed).write(formula);
}

Program traced(const RandomFormula& formula) {
    return trace(formula_box().dimension(), [&](const std::vector<Traced>& x) {
        TracedBuilder builder{x};
        return Walk(builder).run(formula);
    });
}

WrittenGraph as_graph(const RandomFormula& formula) {
    WrittenGraph written;
    GraphBuilder builder{&written};
    written.value = Walk(builder).run(formula);
    return written;
}

std::ostream& operator<<(std::ostream& out, const RandomFormula& formula) {
    return out << in_brackets(formula);
}

}  // namespace lanewise::test
