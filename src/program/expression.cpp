#include "lanewise/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compile.hpp"
#include "identifier.hpp"
#include "translate.hpp"

namespace lanewise {

namespace {

/// The message, then the line with a caret under the spot.
std::string point_at(std::string_view text, std::size_t position, std::string_view message) {
    position = std::min(position, text.size());
    const std::size_t before = text.substr(0, position).rfind('\n');
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find('\n', position), text.size());
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n') + 1;
    const std::size_t column = position - begin;

    // Long lines are shown around the spot only.
    constexpr std::size_t widest = 100;
    const std::size_t first = column > widest / 2 ? begin + column - widest / 2 : begin;
    std::string shown(text.substr(first, std::min(end - first, widest)));
    std::ranges::replace_if(
        shown, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return fmt::format("expression, line {}, column {}: {}\n  {}\n  {:>{}}", line, column + 1, message, shown,
                       '^', begin + column - first + 1);
}

void check_parameters(const Box& box, const Parameters& parameters) {
    for (const auto& [name, number] : parameters) {
        if (!is_identifier(name))
            throw std::invalid_argument(fmt::format(
                "parameter '{}': a name is letters, digits and underscores, and does not begin with a digit",
                name));
        if (!std::isfinite(number))
            throw std::invalid_argument(fmt::format("parameter '{}': {} is not finite", name, number));
        if (std::ranges::find(box.variables(), name, &Box::Place::name) != box.variables().end())
            throw std::invalid_argument(fmt::format("parameter '{}' is also a variable", name));
        if (is_reserved_name(name))
            throw std::invalid_argument(
                fmt::format("parameter '{}': the name is taken by the language", name));
    }
    for (const Box::Place& place : box.variables()) {
        if (is_reserved_name(place.name))
            throw std::invalid_argument(
                fmt::format("variable '{}': the name is taken by the language", place.name));
    }
}

}  // namespace

ParseError::ParseError(std::string_view text, std::size_t position, std::string_view message)
    : std::invalid_argument(point_at(text, position, message)), position_(position) {}

namespace {

std::shared_ptr<const Program::Code> compile_text(std::string_view text, const Box& box,
                                                  const Parameters& parameters) {
    check_parameters(box, parameters);
    Graph written(Rewriting::none);
    const NodeId value = translate(text, box, parameters, written);
    return compile(std::move(written), value, box.dimension());
}

}  // namespace

Expression::Expression(std::string_view text, const Box& box, const Parameters& parameters)
    : Program(compile_text(text, box, parameters)) {}

}  // namespace lanewise
