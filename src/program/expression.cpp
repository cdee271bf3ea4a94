#include "lanewise/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "aligned.hpp"
#include "differentiate.hpp"
#include "identifier.hpp"
#include "isa.hpp"
#include "program.hpp"
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

/// Each constant as a row of one lane group.
template <class T>
AlignedArray<T> constant_rows(const std::vector<double>& constants) {
    AlignedArray<T> rows(constants.size() * kernels::lane_group);
    for (std::size_t i = 0; i < constants.size(); ++i)
        std::fill_n(rows.data() + i * kernels::lane_group, kernels::lane_group, static_cast<T>(constants[i]));
    return rows;
}

}  // namespace

ParseError::ParseError(std::string_view text, std::size_t position, std::string_view message)
    : std::invalid_argument(point_at(text, position, message)), position_(position) {}

struct Expression::Programs {
    Programs(Program lowered, std::size_t d)
        : dimension(d),
          program(std::move(lowered)),
          f64(constant_rows<double>(program.constants)),
          f32(constant_rows<float>(program.constants)) {}

    template <class T>
    void run(const Block<T>& block, const AlignedArray<T>& constants) const noexcept {
        const kernels::Code<T> code{program.instructions.data(), program.instructions.size(),
                                    constants.data()};
        kernels::functions<T>(kernel_table(block.isa))
            .interpret(code, block.lanes, block.x_rows, block.scratch_rows, block.f_row, block.g_rows);
    }

    std::size_t dimension;
    Program program;
    AlignedArray<double> f64;
    AlignedArray<float> f32;
};

Expression::Expression(std::string_view text, const Box& box, const Parameters& parameters) {
    check_parameters(box, parameters);
    Graph graph;
    const NodeId value = translate(text, box, parameters, graph);
    const std::vector<NodeId> gradient = differentiate(graph, value, box.dimension());
    programs_ = std::make_shared<const Programs>(lower(graph, value, gradient), box.dimension());
}

std::size_t Expression::dimension() const noexcept {
    return programs_->dimension;
}

void Expression::evaluate(const Block<double>& block) const noexcept {
    programs_->run(block, programs_->f64);
}

void Expression::evaluate_f32(const Block<float>& block) const noexcept {
    programs_->run(block, programs_->f32);
}

std::size_t Expression::scratch_rows() const noexcept {
    return programs_->program.registers;
}

std::size_t Expression::operations() const noexcept {
    return programs_->program.instructions.size();
}

}  // namespace lanewise
