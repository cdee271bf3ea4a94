#include "hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "near.hpp"
#include "translate.hpp"

namespace lanewise {

namespace {

using Meaning = std::pair<std::string_view, std::string_view>;

constexpr auto names = std::to_array<Meaning>({
    {"ln", "log"},
    {"lg", "log10"},
    {"lb", "log2"},
    {"fabs", "abs"},
    {"absolute", "abs"},
    {"power", "pow"},
    {"square", "x^2"},
    {"sqr", "x^2"},
    {"exp10", "10^x"},
    {"sgn", "sign"},
    {"signum", "sign"},
    {"ceiling", "ceil"},
    {"int", "trunc"},
    {"fix", "trunc"},
    {"rint", "round"},
    {"nint", "round"},
    {"around", "round"},
    {"fmod", "mod"},
    {"remainder", "mod"},
    {"clip", "clamp"},
    {"minimum", "min"},
    {"maximum", "max"},
    {"fmin", "min"},
    {"fmax", "max"},
    {"where", "if"},
    {"iif", "if"},
    {"ifelse", "if"},
    {"select", "if"},
    {"product", "prod"},
    {"len", "n"},
    {"length", "n"},
    {"size", "n"},
    {"arcsin", "asin"},
    {"arccos", "acos"},
    {"arctan", "atan"},
    {"arctan2", "atan2"},
    {"tg", "tan"},
    {"sh", "sinh"},
    {"ch", "cosh"},
    {"th", "tanh"},
    {"tgamma", "gamma"},
    {"gammaln", "lgamma"},
    {"loggamma", "lgamma"},
    {"factorial", "gamma(x + 1)"},
    {"asinh", "log(x + sqrt(x^2 + 1))"},
    {"arcsinh", "log(x + sqrt(x^2 + 1))"},
    {"acosh", "log(x + sqrt(x^2 - 1))"},
    {"arccosh", "log(x + sqrt(x^2 - 1))"},
    {"atanh", "log((1 + x)/(1 - x))/2"},
    {"arctanh", "log((1 + x)/(1 - x))/2"},
    {"sec", "1/cos(x)"},
    {"csc", "1/sin(x)"},
    {"cot", "1/tan(x)"},
    {"sinc", "sin(x)/x"},
    {"norm", "sqrt(sum(i, 0, n(x)-1, x[i]^2))"},
    {"m_pi", "pi"},
    {"m_e", "e"},
    {"tau", "2*pi"},
    {"infinity", "inf"},
    {"oo", "inf"},
    {"true", "1"},
    {"false", "0"},
});

/// Between two operands.
constexpr auto infix_words = std::to_array<Meaning>({
    {"mod", "mod(a, b)"},
    {"rem", "mod(a, b)"},
    {"div", "floor(a/b)"},
    {"xor", "!="},
    {"if", "if(condition, a, b)"},
    {"and", "and"},
    {"or", "or"},
    {"not", "not"},
});

/// The first that a text begins with counts.
constexpr auto signs = std::to_array<Meaning>({
    {"\u00B2", "^2"},
    {"\u00B3", "^3"},
    {"\u2074", "^4"},
    {"\u2075", "^5"},
    {"\u2076", "^6"},
    {"\u00D7", "*"},
    {"\u00B7", "*"},
    {"\u22C5", "*"},
    {"\u2217", "*"},
    {"\u2022", "*"},
    {"\u00F7", "/"},
    {"\u2215", "/"},
    {"\u2044", "/"},
    {"\u2212", "-"},
    {"\u2013", "-"},
    {"\u2014", "-"},
    {"\u2264", "<="},
    {"\u2265", ">="},
    {"\u2260", "!="},
    {"\u2227", "and"},
    {"\u2228", "or"},
    {"\u00AC", "not"},
    {"\u221A", "sqrt"},
    {"\u221B", "cbrt"},
    {"\u221E", "inf"},
    {"\u2211", "sum"},
    {"\u220F", "prod"},
    {"\u00A0", " "},
    {"&", "and"},
    {"%", "mod(a, b)"},
    {"?", "if(condition, a, b)"},
    {"{", "("},
    {"[", "("},
    {".*", "*"},
    {"./", "/"},
    {".^", "^"},
});

constexpr auto signs_of_operands = std::to_array<Meaning>({{"!", "not"}, {"|", "abs(x)"}});
constexpr auto signs_of_operators =
    std::to_array<Meaning>({{"|", "or"}, {"!", "gamma(x + 1)"}, {"}", ")"}, {"]", ")"}});

constexpr auto greek = std::to_array<std::string_view>(
    {"alpha", "beta",   "gamma",   "delta", "epsilon", "zeta",    "eta",  "theta", "iota",
     "kappa", "lambda", "mu",      "nu",    "xi",      "omicron", "pi",   "rho",   "sigma",
     "sigma", "tau",    "upsilon", "phi",   "chi",     "psi",     "omega"});

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// The identifier that a text begins with.
std::string_view first_name(std::string_view text) {
    if (text.empty() || !is_letter(text.front())) return {};
    const auto end = std::ranges::find_if_not(text, [](char c) { return is_letter(c) || is_digit(c); });
    return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// The identifier that a text ends with.
std::string_view last_name(std::string_view text) {
    std::size_t begin = text.size();
    while (begin > 0 && (is_letter(text[begin - 1]) || is_digit(text[begin - 1]))) --begin;
    while (begin < text.size() && is_digit(text[begin])) ++begin;
    return text.substr(begin);
}

/// Without the blanks and comments that a text ends with.
std::string_view without_blanks_behind(std::string_view text) {
    while (true) {
        text = text.substr(0, text.find_last_not_of(" \t\r\n\v\f") + 1);
        const std::size_t comment = text.find('#', text.rfind('\n') + 1);
        if (comment == std::string_view::npos) return text;
        text = text.substr(0, comment);
    }
}

template <std::size_t count>
std::optional<std::string_view> meaning_of(std::string_view name, const std::array<Meaning, count>& table) {
    for (const auto& [written, meant] : table) {
        if (written == name) return meant;
    }
    return {};
}

template <std::size_t count>
std::optional<std::string_view> meaning_of_sign(std::string_view text,
                                                const std::array<Meaning, count>& table) {
    for (const auto& [written, meant] : table) {
        if (text.starts_with(written)) return meant;
    }
    return {};
}

std::string small_letters(std::string_view name) {
    std::string text(name);
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

/// The name of the Greek letter that a text in UTF-8 begins with.
std::optional<std::string_view> greek_letter(std::string_view text) {
    constexpr unsigned first_capital = 0x391;
    constexpr unsigned first_small = 0x3B1;
    if (text.size() < 2) return {};
    const auto lead = static_cast<unsigned char>(text[0]);
    const auto rest = static_cast<unsigned char>(text[1]);
    if (lead != 0xCEU && lead != 0xCFU) return {};
    const unsigned letter = (lead & 0x1FU) << 6U | (rest & 0x3FU);
    const unsigned index = letter >= first_small ? letter - first_small : letter - first_capital;
    if (letter < first_capital || index >= greek.size()) return {};
    return greek[index];
}

std::string did_you_mean(std::string_view meant) {
    return fmt::format("; did you mean '{}'?", meant);
}

/// Behind the dot of "np.sin".
std::string of_module(std::string_view text) {
    std::string_view name = first_name(text);
    while (text.size() > name.size() && text[name.size()] == '.') {
        text.remove_prefix(name.size() + 1);
        name = first_name(text);
    }
    std::vector<std::string_view> known = function_names();
    known.insert(known.end(), {"pi", "e", "inf"});
    std::optional<std::string_view> meant = known_elsewhere(name);
    if (!meant) meant = nearest(name, known);
    return meant ? did_you_mean(*meant) : "; no name has a '.'";
}

/// A word or number where an operator is expected.
std::string missing_operator(std::string_view before, std::string_view word) {
    if (const auto meant = meaning_of(small_letters(word), infix_words)) return did_you_mean(*meant);
    const std::string_view last = last_name(before);
    const std::vector<std::string_view> functions = function_names();
    if (std::ranges::find(functions, last) != functions.end())
        return fmt::format("; the arguments of '{0}' are in brackets: {0}(...)", last);
    return "; a product is written with '*'";
}

}  // namespace

std::optional<std::string_view> known_elsewhere(std::string_view name) {
    return meaning_of(small_letters(name), names);
}

std::string hint(std::string_view text, std::size_t position, Place place) {
    const std::string_view rest = text.substr(std::min(position, text.size()));
    const std::string_view before = without_blanks_behind(text.substr(0, position));
    const char next = rest.empty() ? '\0' : rest.front();
    const char last = before.empty() ? '\0' : before.back();
    if (last == ';' || (next == ';' && place == Place::of_operator))
        return fmt::format("; {}", place_of_definitions);
    if (rest.empty()) return {};
    if (const auto letter = greek_letter(rest)) return did_you_mean(*letter);
    if (place == Place::of_operand) {
        if (next == '/' && last == '/') return did_you_mean("floor(a/b)");
        if (next == '>' && last == '<') return did_you_mean("!=");
        if (const auto meant = meaning_of_sign(rest, signs_of_operands)) return did_you_mean(*meant);
    } else {
        const bool follows_name = !last_name(before).empty();
        for (const std::string_view sign : {".", "::"}) {
            if (follows_name && rest.starts_with(sign) && !first_name(rest.substr(sign.size())).empty())
                return of_module(rest.substr(sign.size()));
        }
        if (next == ',' && is_digit(last) && rest.size() > 1 && is_digit(rest[1]))
            return "; the point of a number is '.'";
        if (is_letter(next) || is_digit(next) || next == '(')
            return missing_operator(before, first_name(rest));
        if (const auto meant = meaning_of_sign(rest, signs_of_operators)) return did_you_mean(*meant);
    }
    if (const auto meant = meaning_of_sign(rest, signs)) return did_you_mean(*meant);
    constexpr unsigned char first_beyond_ascii = 0x80;
    return static_cast<unsigned char>(next) >= first_beyond_ascii ? "; the language is written in ASCII" : "";
}

}  // namespace lanewise
