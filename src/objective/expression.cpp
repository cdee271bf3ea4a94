#include "lanewise/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "identifier.hpp"
#include "program/translate.hpp"
#include "program_code.hpp"

namespace lanewise {

namespace {

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

std::shared_ptr<const Program::Code> program_of(std::string_view text, const Box& box,
                                                const Parameters& parameters) {
    check_parameters(box, parameters);
    Graph written(Rewriting::none);
    const NodeId value = translate(text, box, parameters, written);
    return make_program(std::move(written), value, box.dimension());
}

}  // namespace

Expression::Expression(std::string_view text, const Box& box, const Parameters& parameters)
    : Program(program_of(text, box, parameters)), formula_{std::string(text), parameters} {}

}  // namespace lanewise
