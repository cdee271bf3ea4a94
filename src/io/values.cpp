#include "values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

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

std::size_t parse_length(std::string_view option, std::string_view text) {
    constexpr std::size_t longest = 10'000'000;
    const std::uint64_t length = parse_count(option, text);
    if (length > longest) refuse(option, text, "must be at most 10000000");
    return length;
}

std::vector<double> parse_point(std::string_view option, std::string_view text) {
    std::vector<double> point;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        std::string_view part = text.substr(begin, end - begin);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        point.push_back(parse_number(option, part));
        begin = end + 1;
    }
    return point;
}

Variable parse_variable(std::string_view text) {
    constexpr std::string_view form = "is not NAME=LO:HI or NAME[LENGTH]=LO:HI";
    const std::size_t equals = text.find('=');
    const std::size_t colon = text.find(':', equals == std::string_view::npos ? 0 : equals);
    if (equals == std::string_view::npos || colon == std::string_view::npos) refuse("var", text, form);
    Variable variable;
    std::string_view name = text.substr(0, equals);
    if (const std::size_t bracket = name.find('['); bracket != std::string_view::npos) {
        if (!name.ends_with(']')) refuse("var", text, form);
        variable.length = parse_length("length of var", name.substr(bracket + 1, name.size() - bracket - 2));
        name = name.substr(0, bracket);
    }
    variable.name = name;
    const std::string option = fmt::format("bound of var {}", name);
    variable.lower = parse_number(option, text.substr(equals + 1, colon - equals - 1));
    variable.upper = parse_number(option, text.substr(colon + 1));
    return variable;
}

std::pair<std::string, double> parse_parameter(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) refuse("param", text, "is not NAME=VALUE");
    const std::string_view name = text.substr(0, equals);
    return {std::string(name), parse_number(fmt::format("param {}", name), text.substr(equals + 1))};
}

}  // namespace lanewise
