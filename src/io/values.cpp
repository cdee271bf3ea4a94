#include "values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <tuple>

#include "lanewise/problem.hpp"

namespace lanewise {

void refuse(std::string_view option, std::string_view text, std::string_view allowed) {
    throw std::invalid_argument(fmt::format("{} '{}': {}", option, text, allowed));
}

double parse_number(std::string_view option, std::string_view text) {
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc::result_out_of_range)
        refuse(option, text, "is beyond the range of double precision");
    if (error != std::errc() || end != digits.data() + digits.size()) refuse(option, text, "is not a number");
    if (!std::isfinite(number)) refuse(option, text, "must be finite");
    return number;
}

std::uint64_t parse_count(std::string_view option, std::string_view text) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc() && end == text.data() + text.size()) return count;
    // 1e6 is a count too.
    const double number = parse_number(option, text);
    if (number < 0 || number > 0x1p53 || number != std::floor(number))
        refuse(option, text, "must be a whole number, 0 or above");
    return static_cast<std::uint64_t>(number);
}

std::uint64_t parse_bytes(std::string_view option, std::string_view text) {
    constexpr std::string_view units = "KMG";
    const std::size_t unit = text.empty() ? units.npos : units.find(text.back());
    if (unit == units.npos) return parse_count(option, text);
    const std::uint64_t count = parse_count(option, text.substr(0, text.size() - 1));
    const unsigned shift = 10 * (static_cast<unsigned>(unit) + 1);
    if (count >> (64 - shift) != 0) refuse(option, text, "is more than any machine has");
    return count << shift;
}

Part parse_part(std::string_view option, std::string_view text) {
    Part part{};
    const char* const end = text.data() + text.size();
    const auto number = std::from_chars(text.data(), end, part.number);
    const bool has_slash = number.ec == std::errc() && number.ptr != end && *number.ptr == '/';
    const auto of = std::from_chars(has_slash ? number.ptr + 1 : end, end, part.of);
    const bool is_part = of.ec == std::errc() && of.ptr == end && part.number >= 1 && part.number <= part.of;
    if (!is_part || part.of > most_parts)
        refuse(option, text,
               fmt::format("must be NUMBER/PARTS, like 3/100, with 1 <= NUMBER <= PARTS <= {}", most_parts));
    return part;
}

std::size_t parse_length(std::string_view option, std::string_view text) {
    constexpr std::size_t longest = 10'000'000;
    const std::uint64_t length = parse_count(option, text);
    if (length > longest) refuse(option, text, "must be at most 10000000");
    return length;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return text.substr(text.size());
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '(' || text[at] == '[') ++depth;
        if (text[at] == ')' || text[at] == ']') --depth;
        if (text[at] != separator || depth > 0) continue;
        parts.push_back(trim(text.substr(begin, at - begin)));
        begin = at + 1;
    }
    parts.push_back(trim(text.substr(begin)));
    return parts;
}

double parse_constant(std::string_view option, std::string_view whole, std::string_view text) {
    const auto number = [&] {
        try {
            return parse_constant(text);
        } catch (const ParseError& error) {
            const auto offset = static_cast<std::size_t>(text.data() - whole.data());
            throw ParseError(whole, offset + error.position(), error.message(), option);
        }
    }();
    if (!std::isfinite(number)) refuse(option, text, "must be finite");
    return number;
}

std::vector<double> parse_point(std::string_view option, std::string_view text) {
    std::vector<double> point;
    for (const std::string_view part : split(text, ',')) point.push_back(parse_constant(option, text, part));
    return point;
}

namespace {

constexpr std::string_view form_of_variable =
    "is not NAME=LO:HI, NAME[LENGTH]=LO:HI or NAME=[LO:HI, LO:HI, ...], each with log or linear after it or "
    "not";

/// LO:HI
std::pair<double, double> parse_bounds(std::string_view variable, std::string_view whole,
                                       std::string_view text) {
    const std::vector<std::string_view> bounds = split(text, ':');
    if (bounds.size() != 2) refuse("var", whole, form_of_variable);
    const std::string option = fmt::format("bound of var {}", variable);
    return {parse_constant(option, whole, bounds[0]), parse_constant(option, whole, bounds[1])};
}

}  // namespace

Variable parse_variable(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) refuse("var", text, form_of_variable);
    Variable variable;
    std::string_view name = trim(text.substr(0, equals));
    if (const std::size_t bracket = name.find('['); bracket != std::string_view::npos) {
        if (!name.ends_with(']')) refuse("var", text, form_of_variable);
        variable.length =
            parse_length("length of var", trim(name.substr(bracket + 1, name.size() - bracket - 2)));
        name = trim(name.substr(0, bracket));
    }
    variable.name = name;
    std::string_view bounds = trim(text.substr(equals + 1));
    for (const auto& [word, log] : {std::pair<std::string_view, bool>{" log", true}, {" linear", false}}) {
        if (!bounds.ends_with(word)) continue;
        variable.log = log;
        bounds = trim(bounds.substr(0, bounds.size() - word.size()));
        break;
    }
    if (!bounds.starts_with('[')) {
        std::tie(variable.lower, variable.upper) = parse_bounds(name, text, bounds);
        return variable;
    }
    if (!bounds.ends_with(']')) refuse("var", text, form_of_variable);
    std::vector<double> lower;
    std::vector<double> upper;
    for (const std::string_view of_element : split(bounds.substr(1, bounds.size() - 2), ',')) {
        const auto [low, high] = parse_bounds(fmt::format("{}[{}]", name, lower.size()), text, of_element);
        lower.push_back(low);
        upper.push_back(high);
    }
    variable.lower = std::move(lower);
    variable.upper = std::move(upper);
    return variable;
}

std::pair<std::string, double> parse_parameter(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = trim(text.substr(0, equals));
    if (name.empty() || equals == std::string_view::npos) refuse("param", text, "is not NAME=VALUE");
    return {std::string(name),
            parse_constant(fmt::format("param {}", name), text, trim(text.substr(equals + 1)))};
}

}  // namespace lanewise
