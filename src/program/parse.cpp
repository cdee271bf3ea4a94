// The grammar. Brackets nest by rules; operators are only listed by them, and put into postfix order by their
// precedence in the actions (Dijkstra's shunting yard).
#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <tao/pegtl.hpp>
#include <utility>

#include "hints.hpp"
#include "lanewise/formula.hpp"
#include "spot.hpp"
#include "syntax.hpp"

namespace lanewise {

ParseError::ParseError(std::string_view text, std::size_t position, std::string_view message,
                       std::string_view origin)
    : std::invalid_argument(show_spot(origin, text, position, message)),
      position_(position),
      message_(message) {}

namespace {

namespace pegtl = tao::pegtl;

// --- grammar
// ---------------------------------------------------------------------------------------------------

struct comment : pegtl::seq<pegtl::one<'#'>, pegtl::until<pegtl::eolf>> {};
struct blank : pegtl::star<pegtl::sor<pegtl::space, comment>> {};

struct digits : pegtl::plus<pegtl::digit> {};
struct mantissa : pegtl::sor<pegtl::seq<digits, pegtl::opt<pegtl::one<'.'>, pegtl::opt<digits>>>,
                             pegtl::seq<pegtl::one<'.'>, digits>> {};
struct exponent : pegtl::seq<pegtl::one<'e', 'E'>, pegtl::opt<pegtl::one<'+', '-'>>, digits> {};
struct number : pegtl::seq<mantissa, pegtl::opt<exponent>> {};

template <char... Letters>
struct word : pegtl::seq<pegtl::string<Letters...>, pegtl::not_at<pegtl::identifier_other>> {};
struct and_word : word<'a', 'n', 'd'> {};
struct or_word : word<'o', 'r'> {};
struct not_word : word<'n', 'o', 't'> {};

struct keyword : pegtl::sor<and_word, or_word, not_word> {};
struct identifier : pegtl::seq<pegtl::not_at<keyword>, pegtl::identifier> {};
struct name : identifier {};
struct call_open : pegtl::seq<identifier, blank, pegtl::one<'('>> {};
struct index_open : pegtl::seq<identifier, blank, pegtl::one<'['>> {};
struct group_open : pegtl::one<'('> {};
struct close : pegtl::one<')'> {};
struct index_close : pegtl::one<']'> {};
struct comma : pegtl::one<','> {};

struct minus : pegtl::one<'-'> {};
struct plus : pegtl::one<'+'> {};
struct comparison : pegtl::sor<pegtl::string<'<', '='>, pegtl::string<'>', '='>, pegtl::string<'=', '='>,
                               pegtl::string<'!', '='>, pegtl::one<'<', '>'>> {};
struct arithmetic : pegtl::sor<pegtl::string<'*', '*'>, pegtl::one<'+', '-', '*', '/', '^'>> {};
struct infix : pegtl::sor<arithmetic, comparison, and_word, or_word> {};

struct expression;
struct block;

struct group : pegtl::if_must<group_open, blank, expression, blank, close> {};
struct index : pegtl::if_must<index_open, blank, expression, blank, index_close> {};

struct loop_open : pegtl::seq<pegtl::sor<pegtl::string<'s', 'u', 'm'>, pegtl::string<'p', 'r', 'o', 'd'>>,
                              blank, pegtl::one<'('>> {};
struct loop_name : identifier {};
struct loop_bound : pegtl::success {};
struct loop_comma : pegtl::one<','> {};
struct loop_body_comma : pegtl::one<','> {};
struct loop_close : pegtl::one<')'> {};
struct loop : pegtl::if_must<loop_open, blank, loop_name, blank, loop_comma, blank, loop_bound, expression,
                             blank, loop_comma, blank, loop_bound, expression, blank, loop_body_comma, blank,
                             block, loop_close> {};

struct rows_open : pegtl::seq<pegtl::string<'r', 'o', 'w', 's'>, blank, pegtl::one<'('>> {};
struct rows_close : pegtl::one<')'> {};
struct rows : pegtl::if_must<rows_open, blank, block, rows_close> {};

struct length_open : pegtl::seq<pegtl::one<'n'>, blank, pegtl::one<'('>> {};
struct length_name : identifier {};
struct length : pegtl::if_must<length_open, blank, length_name, blank, close> {};

struct call_close : pegtl::one<')'> {};
struct call : pegtl::if_must<call_open, blank, expression, blank,
                             pegtl::star<pegtl::if_must<comma, blank, expression, blank>>, call_close> {};

struct operand : pegtl::sor<number, loop, rows, length, call, index, group, name> {};
struct prefixes : pegtl::star<pegtl::sor<minus, plus, not_word>, blank> {};
struct expression : pegtl::must<prefixes, operand, blank,
                                pegtl::star<pegtl::if_must<infix, blank, prefixes, operand, blank>>> {};

struct definition_open : pegtl::seq<identifier, blank, pegtl::one<'='>, pegtl::not_at<pegtl::one<'='>>> {};
struct definition_close : pegtl::one<';'> {};
struct definition : pegtl::if_must<definition_open, blank, expression, blank, definition_close, blank> {};
/// What a text is, and the body of a loop.
struct block : pegtl::must<pegtl::star<definition>, expression, blank, pegtl::opt<pegtl::one<';'>, blank>> {};
struct end : pegtl::eof {};
struct something : pegtl::at<pegtl::any> {};
struct text : pegtl::must<blank, something, block, end> {};

// --- actions
// ---------------------------------------------------------------------------------------------------

/// Loosest first.
enum class Precedence { logical_or, logical_and, logical_not, comparison, sum, product, sign, power };

struct Operator {
    std::string name;
    Precedence precedence;
    std::size_t position;

    bool is_prefix() const { return precedence == Precedence::sign || precedence == Precedence::logical_not; }
};

Operator infix_operator(std::string name, std::size_t position) {
    if (name == "**") name = "^";
    const auto precedence = [&] {
        switch (name.front()) {
            case '^': return Precedence::power;
            case '*':
            case '/': return Precedence::product;
            case '+':
            case '-': return Precedence::sum;
            case 'a': return Precedence::logical_and;
            case 'o': return Precedence::logical_or;
            default: return Precedence::comparison;
        }
    }();
    return {std::move(name), precedence, position};
}

/// An open bracket: operators above `base` belong to what is inside it.
struct Bracket {
    std::size_t base;
    std::string name;  ///< of the function, vector or definition, if any
    std::size_t position;
    std::size_t arguments = 1;
    std::size_t loop_begin = 0;
    std::vector<std::size_t> bounds = {};  ///< positions of a loop's first and last
};

struct Builder {
    std::string_view source;
    std::vector<Token> tokens = {};
    std::vector<Operator> operators = {};
    std::vector<Bracket> brackets = {};

    void push(Token token) { tokens.push_back(std::move(token)); }

    void open(std::string name, std::size_t position) {
        if (brackets.size() == deepest_nesting)
            throw ParseError(source, position, "brackets nest too deep (at most 200 levels)");
        brackets.push_back({operators.size(), std::move(name), position});
    }

    Bracket close() {
        finish_operators();
        Bracket bracket = std::move(brackets.back());
        brackets.pop_back();
        return bracket;
    }

    std::size_t base() const { return brackets.empty() ? 0 : brackets.back().base; }

    void emit_operator() {
        Operator& top = operators.back();
        push({.kind = top.is_prefix() ? Token::Kind::prefix : Token::Kind::infix,
              .position = top.position,
              .name = std::move(top.name)});
        operators.pop_back();
    }

    void finish_operators() {
        while (operators.size() > base()) emit_operator();
    }

    void infix(Operator next) {
        while (operators.size() > base()) {
            const Operator& top = operators.back();
            if (top.precedence < next.precedence) break;
            if (top.precedence == next.precedence && next.precedence == Precedence::power) break;
            if (top.precedence == next.precedence && next.precedence == Precedence::comparison)
                throw ParseError(source, next.position,
                                 "comparisons do not chain: write a < b and b < c for a < b < c");
            emit_operator();
        }
        operators.push_back(std::move(next));
    }
};

template <class Rule>
struct action {};

template <class Input>
std::size_t position_of(const Input& in) {
    return in.position().byte;
}

/// The identifier at the beginning of what a rule like `name (` matched.
template <class Input>
std::string identifier_of(const Input& in) {
    const std::string_view matched = in.string_view();
    const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    std::size_t end = 0;
    while (end < matched.size() && is_part(matched[end])) ++end;
    return std::string(matched.substr(0, end));
}

template <>
struct action<number> {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        double value = 0;
        const std::string_view digits = in.string_view();
        const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc())
            throw ParseError(builder.source, position_of(in),
                             "this number is out of the range of double precision");
        static_cast<void>(rest);
        builder.push({.kind = Token::Kind::number, .position = position_of(in), .number = value});
    }
};

template <>
struct action<name> {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        builder.push({.kind = Token::Kind::name, .position = position_of(in), .name = in.string()});
    }
};

template <>
struct action<minus> {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        builder.operators.push_back({"-", Precedence::sign, position_of(in)});
    }
};

template <>
struct action<not_word> {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        builder.operators.push_back({"not", Precedence::logical_not, position_of(in)});
    }
};

template <>
struct action<infix> {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        builder.infix(infix_operator(in.string(), position_of(in)));
    }
};

struct open_bracket {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        builder.open(identifier_of(in), position_of(in));
    }
};
template <>
struct action<group_open> : open_bracket {};
template <>
struct action<call_open> : open_bracket {};
template <>
struct action<index_open> : open_bracket {};
template <>
struct action<loop_open> : open_bracket {};
template <>
struct action<length_open> : open_bracket {};
template <>
struct action<rows_open> {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        open_bracket::apply(in, builder);
        builder.push({.kind = Token::Kind::rows_begin, .position = position_of(in)});
    }
};
template <>
struct action<definition_open> : open_bracket {};

template <>
struct action<close> {
    static void apply0(Builder& builder) { builder.close(); }
};

template <>
struct action<comma> {
    static void apply0(Builder& builder) {
        builder.finish_operators();
        ++builder.brackets.back().arguments;
    }
};

template <>
struct action<call_close> {
    static void apply0(Builder& builder) {
        Bracket bracket = builder.close();
        builder.push({.kind = Token::Kind::call,
                      .position = bracket.position,
                      .name = std::move(bracket.name),
                      .count = bracket.arguments});
    }
};

template <>
struct action<index_close> {
    static void apply0(Builder& builder) {
        Bracket bracket = builder.close();
        builder.push(
            {.kind = Token::Kind::index, .position = bracket.position, .name = std::move(bracket.name)});
    }
};

template <>
struct action<length_name> {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        builder.push({.kind = Token::Kind::length, .position = position_of(in), .name = in.string()});
    }
};

template <>
struct action<loop_name> {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        Bracket& bracket = builder.brackets.back();
        bracket.arguments = bracket.name == "prod" ? 1 : 0;
        bracket.name = in.string();
        bracket.position = position_of(in);
    }
};

template <>
struct action<loop_bound> {
    template <class Input>
    static void apply(const Input& in, Builder& builder) {
        builder.brackets.back().bounds.push_back(position_of(in));
    }
};

template <>
struct action<loop_comma> {
    static void apply0(Builder& builder) { builder.finish_operators(); }
};

template <>
struct action<loop_body_comma> {
    static void apply0(Builder& builder) {
        builder.finish_operators();
        Bracket& bracket = builder.brackets.back();
        bracket.loop_begin = builder.tokens.size();
        builder.push({.kind = Token::Kind::loop_begin,
                      .position = bracket.position,
                      .name = bracket.name,
                      .bounds = {bracket.bounds[0], bracket.bounds[1]},
                      .product = bracket.arguments == 1});
    }
};

template <>
struct action<loop_close> {
    static void apply0(Builder& builder) {
        const Bracket bracket = builder.close();
        builder.tokens[bracket.loop_begin].match = builder.tokens.size();
        builder.push(
            {.kind = Token::Kind::loop_end, .position = bracket.position, .match = bracket.loop_begin});
    }
};

template <>
struct action<rows_close> {
    static void apply0(Builder& builder) {
        const Bracket bracket = builder.close();
        builder.push({.kind = Token::Kind::rows_end, .position = bracket.position});
    }
};

template <>
struct action<definition_close> {
    static void apply0(Builder& builder) {
        Bracket bracket = builder.close();
        builder.push(
            {.kind = Token::Kind::define, .position = bracket.position, .name = std::move(bracket.name)});
    }
};

template <>
struct action<text> {
    static void apply0(Builder& builder) { builder.finish_operators(); }
};

// --- errors
// ----------------------------------------------------------------------------------------------------

template <class Rule>
inline constexpr const char* expected = nullptr;
template <>
inline constexpr const char* expected<operand> = "a number, a name, '(', '-' or 'not' is expected here";
template <>
inline constexpr const char* expected<something> = "the expression is empty";
template <>
inline constexpr const char* expected<close> = "')' or an operator is expected here";
template <>
inline constexpr const char* expected<call_close> = "')', ',' or an operator is expected here";
template <>
inline constexpr const char* expected<index_close> = "']' or an operator is expected here";
template <>
inline constexpr const char* expected<loop_name> =
    "the name of the index is expected here: sum(i, first, last, body)";
template <>
inline constexpr const char* expected<loop_comma> = "',' is expected here: sum(i, first, last, body)";
template <>
inline constexpr const char* expected<loop_body_comma> = expected<loop_comma>;
template <>
inline constexpr const char* expected<loop_close> = expected<close>;
template <>
inline constexpr const char* expected<rows_close> = expected<close>;
template <>
inline constexpr const char* expected<length_name> = "the name of a vector is expected here";
template <>
inline constexpr const char* expected<definition_close> = "';' or an operator is expected here";
template <>
inline constexpr const char* expected<end> = "an operator or the end is expected here";

/// What could have stood there, too, when a rule fails.
template <class Rule>
inline constexpr std::optional<Place> place = Place::of_operator;
template <>
inline constexpr std::optional<Place> place<operand> = Place::of_operand;
template <>
inline constexpr std::optional<Place> place<something> = {};
template <>
inline constexpr std::optional<Place> place<loop_name> = {};
template <>
inline constexpr std::optional<Place> place<length_name> = {};

template <class Rule>
struct control : pegtl::normal<Rule> {
    template <class Input>
    [[noreturn]] static void raise(const Input& in, const Builder& builder) {
        std::string message = expected<Rule> != nullptr ? expected<Rule> : "this cannot be understood";
        if (!in.empty() && *in.current() == '=') {
            message = fmt::format("'==' compares; {}", place_of_definitions);
        } else if (place<Rule>) {
            message += hint(builder.source, in.byte(), *place<Rule>);
        }
        throw ParseError(builder.source, in.byte(), message);
    }
};

}  // namespace

std::vector<Token> parse(std::string_view text) {
    Builder builder{.source = text};
    pegtl::memory_input in(text.data(), text.data() + text.size(), "expression");
    pegtl::parse<struct text, action, control>(in, builder);
    return std::move(builder.tokens);
}

}  // namespace lanewise
