#include "translate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "composed.hpp"
#include "hints.hpp"
#include "identifier.hpp"
#include "near.hpp"
#include "optimise.hpp"
#include "rows.hpp"
#include "syntax.hpp"

namespace lanewise {

namespace {

/// Integers that index arithmetic can rely on.
constexpr double largest_integer = 0x1p53;

/// Adds what a function is to a graph; arguments beyond those of the function do not count.
using Add = NodeId (*)(Graph& graph, NodeId a, NodeId b, NodeId c);

template <Opcode op>
NodeId add_operation(Graph& graph, NodeId a, NodeId b, NodeId c) {
    return graph.apply(op, a, b, c);
}

struct Function {
    Add add;
    int arguments;
    bool any_number = false;  ///< two or more, folded from the left
    bool gives_way = false;   ///< to a variable, parameter or definition of that name
};

const std::map<std::string_view, Function>& functions() {
    static const std::map<std::string_view, Function> table = {
#define LANEWISE_ENTRY(name, operands, accuracy) {#name, {add_operation<Opcode::name>, operands}},
        LANEWISE_FUNCTIONS(LANEWISE_ENTRY)
#undef LANEWISE_ENTRY
            {"sin", {add_operation<Opcode::sin>, 1}},
        {"cos", {add_operation<Opcode::cos>, 1}},
        {"sqrt", {add_operation<Opcode::sqrt>, 1}},
        {"abs", {add_operation<Opcode::abs>, 1}},
        {"sign", {add_operation<Opcode::sign>, 1}},
        {"floor", {add_operation<Opcode::floor>, 1}},
        {"ceil", {add_operation<Opcode::ceil>, 1}},
        {"min", {add_operation<Opcode::min>, 2, true}},
        {"max", {add_operation<Opcode::max>, 2, true}},
        {"if", {add_operation<Opcode::select>, 3}},
        {"gamma", {add_operation<Opcode::gamma>, 1, false, true}},
        {"round",
         {[](Graph& graph, NodeId x, NodeId /*unused*/, NodeId /*unused*/) {
              return composed::round(graph, x);
          },
          1, false, true}},
        {"trunc",
         {[](Graph& graph, NodeId x, NodeId /*unused*/, NodeId /*unused*/) {
              return composed::trunc(graph, x);
          },
          1, false, true}},
        {"mod",
         {[](Graph& graph, NodeId x, NodeId y, NodeId /*unused*/) { return composed::mod(graph, x, y); }, 2,
          false, true}},
        {"clamp",
         {[](Graph& graph, NodeId x, NodeId lower, NodeId upper) {
              return composed::clamp(graph, x, lower, upper);
          },
          3, false, true}},
    };
    return table;
}

const std::map<std::string_view, Opcode>& operators() {
    static const std::map<std::string_view, Opcode> table = {
        {"+", Opcode::add},           {"-", Opcode::sub},        {"*", Opcode::mul},
        {"/", Opcode::div},           {"^", Opcode::pow},        {"<", Opcode::lt},
        {"<=", Opcode::le},           {"==", Opcode::eq},        {"!=", Opcode::ne},
        {"and", Opcode::logical_and}, {"or", Opcode::logical_or}};
    return table;
}

const std::map<std::string_view, double>& constants() {
    static const std::map<std::string_view, double> table = {
        {"pi", std::numbers::pi}, {"e", std::numbers::e}, {"inf", std::numeric_limits<double>::infinity()}};
    return table;
}

class Machine {
  public:
    Machine(std::string_view text, const std::vector<Box::Place>& variables, const Parameters& parameters,
            Graph& graph, const DataNames& data = {})
        : text_(text), tokens_(parse(text)), graph_(&graph), data_(&data), rows_(data.is_of_a_row ? 1 : 0) {
        for (const auto& [name, number] : constants()) add(name, graph.constant(number), "a constant");
        for (const auto& [name, number] : parameters) add(name, graph.constant(number), "a parameter");
        for (const Box::Place& place : variables) {
            if (place.length) {
                vectors_.emplace(place.name, place);
            } else {
                add(place.name, graph.variable(static_cast<std::uint32_t>(place.offset)), "a variable");
            }
        }
        for (std::uint32_t i = 0; i < data.parameters.size(); ++i)
            add(data.parameters[i], graph.parameter(i), "a parameter");
    }

    NodeId run() {
        while (at_ < tokens_.size()) {
            const Token& token = tokens_[at_++];
            step(token);
            if (graph_->size() > most_nodes)
                fail(token, fmt::format("the unrolled program grows beyond {} operations here", most_nodes));
            if (++steps_ > most_steps)
                fail(token, fmt::format("unrolling takes more than {} steps here", most_steps));
        }
        return pop();
    }

  private:
    struct Scalar {
        NodeId value;
        std::string_view kind;  ///< "a variable"
    };
    struct Loop {
        std::size_t begin;  ///< its token
        double next, last;
        std::optional<NodeId> total;
        std::optional<Scalar> shadowed;             ///< what its variable's name meant outside
        std::vector<std::string_view> definitions;  ///< of its body, as far as they are known
    };

    void add(std::string_view name, NodeId value, std::string_view kind) {
        scalars_.emplace(name, Scalar{value, kind});
    }

    [[noreturn]] void fail(std::size_t position, const std::string& message) const {
        throw ParseError(text_, position, message);
    }
    [[noreturn]] void fail(const Token& token, const std::string& message) const {
        fail(token.position, message);
    }

    NodeId pop() {
        const NodeId top = stack_.back();
        stack_.pop_back();
        return top;
    }

    void step(const Token& token) {
        switch (token.kind) {
            case Token::Kind::number: stack_.push_back(graph_->constant(token.number)); break;
            case Token::Kind::name: stack_.push_back(scalar(token)); break;
            case Token::Kind::index: stack_.push_back(element(token)); break;
            case Token::Kind::prefix:
                stack_.push_back(graph_->apply(token.name == "-" ? Opcode::neg : Opcode::logical_not, pop()));
                break;
            case Token::Kind::infix: infix(token); break;
            case Token::Kind::call: call(token); break;
            case Token::Kind::length:
                stack_.push_back(graph_->constant(static_cast<double>(
                    has_table(token.name) ? data_->tables->at(token.name).size() : vector(token).size())));
                break;
            case Token::Kind::loop_begin: begin_loop(token); break;
            case Token::Kind::loop_end: end_loop(token); break;
            case Token::Kind::rows_begin: begin_rows(token); break;
            case Token::Kind::rows_end: end_rows(); break;
            case Token::Kind::define: define(token); break;
        }
    }

    NodeId scalar(const Token& token) const {
        const auto found = scalars_.find(token.name);
        if (const std::optional<std::uint32_t> index = column(token.name); index && rows_ > 0) {
            if (found == scalars_.end()) return graph_->column(*index);
            fail(token, fmt::format("'{}' is {} and a column of the data: one of them needs another name",
                                    token.name, found->second.kind));
        }
        if (found != scalars_.end()) return found->second.value;
        if (has_table(token.name))
            fail(token, fmt::format("'{0}' is a table: '{0}[i]' is one of its numbers", token.name));
        if (vectors_.contains(token.name))
            fail(token, fmt::format("'{0}' is a vector: '{0}[i]' is one of its elements", token.name));
        if (is_reserved_name(token.name) || functions().contains(token.name))
            fail(token, fmt::format("'{}' is a function: '(' is expected", token.name));
        fail_unknown(token);
    }

    /// The index of a column of that name.
    std::optional<std::uint32_t> column(std::string_view name) const {
        const auto found = std::ranges::find(data_->columns, name);
        if (found == data_->columns.end()) return {};
        return static_cast<std::uint32_t>(found - data_->columns.begin());
    }

    bool has_table(const std::string& name) const {
        return data_->tables != nullptr && data_->tables->contains(name);
    }

    const Box::Place& vector(const Token& token) const {
        if (const auto found = vectors_.find(token.name); found != vectors_.end()) return found->second;
        if (scalars_.contains(token.name))
            fail(token, fmt::format("'{}' is a number, not a vector", token.name));
        fail_unknown(token);
    }

    [[noreturn]] void fail_unknown(const Token& token) const {
        fail(token, fmt::format("'{}' is not known; {}", token.name, instead_of(token.name)));
    }

    /// What is said for a name that is not known.
    std::string instead_of(std::string_view name) const {
        if (column(name)) return "it is a column of the data, which has a meaning only in rows(...)";
        if (std::string elsewhere = where_known(name); !elsewhere.empty()) return elsewhere;
        if (std::string element = element_instead_of(name); !element.empty()) return element;
        std::optional<std::string_view> meant = known_elsewhere(name);
        if (!meant) {
            std::vector<std::string_view> names;
            for (const auto& [known, scalar] : scalars_) names.push_back(known);
            for (const auto& [known, place] : vectors_) names.push_back(known);
            if (rows_ > 0) names.insert(names.end(), data_->columns.begin(), data_->columns.end());
            meant = nearest(name, names);
        }
        if (!meant) return fmt::format("known here: {}", known_names());
        return fmt::format("did you mean '{}{}'?", *meant, vectors_.contains(*meant) ? "[i]" : "");
    }

    /// For the name of a definition or index that is known in another part of the text.
    std::string where_known(std::string_view name) const {
        const auto here = tokens_.begin() + static_cast<std::ptrdiff_t>(at_);
        const auto is_index = [name](const Token& token) {
            return token.kind == Token::Kind::loop_begin && token.name == name;
        };
        const auto is_definition = [name](const Token& token) {
            return token.kind == Token::Kind::define && token.name == name;
        };
        if (std::any_of(tokens_.begin(), here, is_definition) || std::ranges::any_of(tokens_, is_index))
            return "it has a meaning only in the body of a sum, product or rows(...)";
        if (std::any_of(here, tokens_.end(), is_definition)) return "its definition ends further on";
        return {};
    }

    /// For "x1" or "x_1" beside a vector x. One beyond the end may come of counting from 1.
    std::string element_instead_of(std::string_view name) const {
        constexpr std::size_t most_digits = 8;
        std::string_view vector = name.substr(0, name.find_last_not_of("0123456789") + 1);
        const std::string index(name.substr(vector.size()));
        if (vector.ends_with('_')) vector.remove_suffix(1);
        const auto found = vectors_.find(vector);
        if (found == vectors_.end() || index.empty() || index.size() > most_digits) return {};
        const std::size_t size = found->second.size();
        if (std::stoul(index) < size) return fmt::format("did you mean '{}[{}]'?", vector, std::stoul(index));
        return fmt::format("the elements of '{0}' are '{0}[0]' to '{0}[{1}]'", vector, size - 1);
    }

    std::string known_names() const {
        constexpr std::size_t most = 20;
        std::vector<std::string> names;
        for (const auto& [name, scalar] : scalars_) {
            if (!constants().contains(name)) names.push_back(name);
        }
        for (const auto& [name, place] : vectors_) names.push_back(fmt::format("{}[{}]", name, place.size()));
        if (rows_ > 0) names.insert(names.end(), data_->columns.begin(), data_->columns.end());
        if (names.size() > most) {
            names.resize(most);
            names.emplace_back("...");
        }
        for (const auto& [name, number] : constants()) names.emplace_back(name);
        return fmt::format("{}", fmt::join(names, ", "));
    }

    double integer(std::size_t position, const char* what) {
        const NodeId node = pop();
        if (!graph_->is_constant(node))
            fail(position,
                 fmt::format("{} must be known when the text is read; this one depends on a variable", what));
        const double number = (*graph_)[node].number;
        if (number != std::floor(number) || std::abs(number) >= largest_integer)
            fail(position, fmt::format("{} must be a whole number, not {}", what, number));
        return number;
    }

    NodeId element(const Token& token) {
        const double i = integer(token.position, "an index");
        if (has_table(token.name)) return table_number(token, i);
        if (!vectors_.contains(token.name)) {
            if (const std::string number = fmt::format("{}{}", token.name, i); scalars_.contains(number))
                fail(token, fmt::format("'{}' is no vector; did you mean '{}'?", token.name, number));
        }
        const Box::Place& place = vector(token);
        if (i < 0 || i >= static_cast<double>(place.size()))
            fail(token, fmt::format("'{}[{}]' does not exist: the indices are 0 to {}", token.name, i,
                                    place.size() - 1));
        return graph_->variable(static_cast<std::uint32_t>(place.offset + static_cast<std::size_t>(i)));
    }

    NodeId table_number(const Token& token, double i) {
        const std::vector<double>& table = data_->tables->at(token.name);
        if (i < 0 || i >= static_cast<double>(table.size()))
            fail(token, table.empty() ? fmt::format("the table '{}' is empty", token.name)
                                      : fmt::format("'{}[{}]' does not exist: the indices are 0 to {}",
                                                    token.name, i, table.size() - 1));
        return graph_->constant(table[static_cast<std::size_t>(i)]);
    }

    void infix(const Token& token) {
        const NodeId b = pop();
        const NodeId a = pop();
        const auto found = operators().find(token.name);
        stack_.push_back(found != operators().end() ? graph_->apply(found->second, a, b)
                         : token.name == ">"        ? graph_->apply(Opcode::lt, b, a)
                                                    : graph_->apply(Opcode::le, b, a));
    }

    void call(const Token& token) {
        const auto found = functions().find(token.name);
        if (scalars_.contains(token.name))
            fail(token,
                 fmt::format("'{0}' is a number here, not a function: a product is written '{0}*(...)'",
                             token.name));
        if (vectors_.contains(token.name))
            fail(token, fmt::format("'{0}' is a vector, not a function: '{0}[i]' is one of its elements",
                                    token.name));
        if (found == functions().end()) fail_unknown_function(token);
        const Function& function = found->second;
        const auto wanted = static_cast<std::size_t>(function.arguments);
        if (function.any_number ? token.count < wanted : token.count != wanted)
            fail(token, fmt::format("'{}' takes {}{} argument{}, not {}", token.name,
                                    function.any_number ? "at least " : "", wanted, wanted == 1 ? "" : "s",
                                    token.count));
        const std::vector<NodeId> arguments(stack_.end() - static_cast<std::ptrdiff_t>(token.count),
                                            stack_.end());
        stack_.resize(stack_.size() - token.count);
        const auto argument = [&](std::size_t i) { return i < arguments.size() ? arguments[i] : 0; };
        if (!function.any_number) {
            stack_.push_back(function.add(*graph_, argument(0), argument(1), argument(2)));
            return;
        }
        NodeId value = argument(0);
        for (std::size_t i = 1; i < arguments.size(); ++i)
            value = function.add(*graph_, value, argument(i), 0);
        stack_.push_back(value);
    }

    [[noreturn]] void fail_unknown_function(const Token& token) const {
        std::vector<std::string_view> names = function_names();
        names.insert(names.end(), {"sum", "prod"});
        std::optional<std::string_view> meant = known_elsewhere(token.name);
        if (!meant) meant = nearest(token.name, names);
        fail(token, fmt::format("there is no function '{}'{}", token.name,
                                meant ? fmt::format("; did you mean '{}'?", *meant) : ""));
    }

    void begin_loop(const Token& token) {
        const double last = integer(token.bounds[1], "the end of a sum or product");
        const double first = integer(token.bounds[0], "the beginning of a sum or product");
        if (is_reserved_name(token.name) || vectors_.contains(token.name)) fail_taken(token);
        if (first > last) {
            stack_.push_back(graph_->constant(token.product ? 1 : 0));
            at_ = token.match + 1;
            return;
        }
        const auto outer = scalars_.find(token.name);
        loops_.push_back({.begin = at_ - 1,
                          .next = first + 1,
                          .last = last,
                          .total = {},
                          .shadowed = outer == scalars_.end() ? std::nullopt : std::optional(outer->second),
                          .definitions = {}});
        set_index(token, first);
    }

    void set_index(const Token& begin, double number) {
        scalars_.insert_or_assign(begin.name, Scalar{graph_->constant(number), "an index"});
    }

    void end_loop(const Token& token) {
        Loop& loop = loops_.back();
        const Token& begin = tokens_[loop.begin];
        const NodeId body = pop();
        if (!loop.total) {
            loop.total = body;
        } else {
            loop.total = begin.product ? graph_->mul(*loop.total, body) : graph_->add(*loop.total, body);
        }
        for (const std::string_view name : loop.definitions) scalars_.erase(scalars_.find(name));
        loop.definitions.clear();
        if (loop.next <= loop.last) {
            set_index(begin, loop.next);
            loop.next += 1;
            at_ = token.match + 1;
            return;
        }
        stack_.push_back(*loop.total);
        if (loop.shadowed) {
            scalars_.insert_or_assign(begin.name, *loop.shadowed);
        } else {
            scalars_.erase(begin.name);
        }
        loops_.pop_back();
    }

    void begin_rows(const Token& token) {
        if (data_->columns.empty())
            fail(token, "rows(...) is the sum over the rows of data, and there is none");
        ++rows_;
        loops_.push_back(
            {.begin = at_ - 1, .next = 1, .last = 0, .total = {}, .shadowed = {}, .definitions = {}});
    }

    void end_rows() {
        for (const std::string_view name : loops_.back().definitions) scalars_.erase(scalars_.find(name));
        loops_.pop_back();
        --rows_;
        stack_.push_back(graph_->sum_rows(pop()));
    }

    void define(const Token& token) {
        if (scalars_.contains(token.name) || vectors_.contains(token.name) || is_reserved_name(token.name) ||
            has_table(token.name) || (rows_ > 0 && column(token.name)))
            fail_taken(token);
        add(token.name, pop(), "a definition");
        if (!loops_.empty()) loops_.back().definitions.push_back(token.name);
    }

    [[noreturn]] void fail_taken(const Token& token) const {
        const auto scalar = scalars_.find(token.name);
        fail(token, fmt::format("the name '{}' is taken by {}", token.name,
                                scalar != scalars_.end()        ? scalar->second.kind
                                : vectors_.contains(token.name) ? "a vector"
                                : has_table(token.name)         ? "a table"
                                : column(token.name)            ? "a column of the data"
                                                                : "a function"));
    }

    std::string_view text_;
    std::vector<Token> tokens_;
    Graph* graph_;
    const DataNames* data_;
    std::size_t rows_;  ///< that the text is inside of
    std::size_t at_ = 0;
    std::size_t steps_ = 0;
    std::vector<NodeId> stack_;
    std::vector<Loop> loops_;
    std::map<std::string, Scalar, std::less<>> scalars_;
    std::map<std::string, Box::Place, std::less<>> vectors_;
};

void check_parameters(const Box& box, const Parameters& parameters) {
    for (const auto& [name, number] : parameters) {
        check_identifier("parameter", name);
        if (!std::isfinite(number))
            throw std::invalid_argument(fmt::format("parameter '{}': {} is not finite", name, number));
        if (is_reserved_name(name))
            throw std::invalid_argument(
                fmt::format("parameter '{}': the name is taken by the language", name));
    }
    for (const Box::Place& place : box.variables()) {
        if (parameters.contains(place.name))
            throw std::invalid_argument(fmt::format("parameter '{}' is also a variable", place.name));
        if (is_reserved_name(place.name))
            throw std::invalid_argument(
                fmt::format("variable '{}': the name is taken by the language", place.name));
    }
}

void check_tables(const Box& box, const Parameters& parameters, const Tables& tables) {
    for (const auto& [name, numbers] : tables) {
        check_identifier("table", name);
        for (const double number : numbers) {
            if (!std::isfinite(number))
                throw std::invalid_argument(fmt::format("table '{}': {} is not finite", name, number));
        }
        if (is_reserved_name(name))
            throw std::invalid_argument(fmt::format("table '{}': the name is taken by the language", name));
        if (parameters.contains(name))
            throw std::invalid_argument(fmt::format("table '{}' is also a parameter", name));
        for (const Box::Place& place : box.variables()) {
            if (place.name == name)
                throw std::invalid_argument(fmt::format("table '{}' is also a variable", name));
        }
    }
}

}  // namespace

bool is_reserved_name(std::string_view name) {
    const auto function = functions().find(name);
    return (function != functions().end() && !function->second.gives_way) || constants().contains(name) ||
           name == "sum" || name == "prod" || name == "and" || name == "or" || name == "not";
}

void check_names(const Box& box, const Parameters& parameters, const Tables& tables) {
    check_parameters(box, parameters);
    check_tables(box, parameters, tables);
}

std::vector<std::string_view> function_names() {
    std::vector<std::string_view> names;
    for (const auto& [name, function] : functions()) names.push_back(name);
    return names;
}

NodeId translate(std::string_view text, const Box& box, const Parameters& parameters, Graph& graph,
                 const DataNames& data) {
    const NodeId value = Machine(text, box.variables(), parameters, graph, data).run();
    if (RowDependence(graph).loops() + (data.is_of_a_row ? 1 : 0) > most_loops)
        throw ParseError(text, 0, fmt::format("rows(...) nest deeper than {} levels", most_loops));
    return value;
}

double parse_constant(std::string_view text) {
    Graph graph(Rewriting::none);
    return graph[Machine(text, {}, {}, graph).run()].number;
}

}  // namespace lanewise
