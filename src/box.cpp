#include "lanewise/box.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <unordered_set>

#include "identifier.hpp"

namespace lanewise {

namespace {

void check_bounds(const std::string& name, double lower, double upper) {
    if (std::isnan(lower) || std::isnan(upper) || lower == std::numeric_limits<double>::infinity() ||
        upper == -std::numeric_limits<double>::infinity())
        throw std::invalid_argument(
            fmt::format("variable '{}': bounds {}:{} hold no number", name, lower, upper));
    if (lower > upper)
        throw std::invalid_argument(
            fmt::format("variable '{}': lower bound {} is above upper bound {}", name, lower, upper));
    if (std::isfinite(lower) && std::isfinite(upper) && !std::isfinite(upper - lower))
        throw std::invalid_argument(fmt::format("variable '{}': box {}:{} is too wide", name, lower, upper));
}

void check_log(const std::string& name, double lower, double upper) {
    if (!(lower > 0) || !std::isfinite(upper))
        throw std::invalid_argument(fmt::format(
            "variable '{}': bounds {}:{} of a log scale must be above 0 and finite", name, lower, upper));
}

/// Nothing for a number.
std::optional<std::size_t> length_of(const Variable& variable) {
    const std::optional<std::size_t> lower = variable.lower.size();
    const std::optional<std::size_t> upper = variable.upper.size();
    if (lower && upper && lower != upper)
        throw std::invalid_argument(
            fmt::format("variable '{}': {} lower bounds but {} upper bounds", variable.name, *lower, *upper));
    const std::optional<std::size_t> bounds = lower ? lower : upper;
    if (bounds && variable.length && bounds != variable.length)
        throw std::invalid_argument(fmt::format("variable '{}': bounds of {} elements, but length {}",
                                                variable.name, *bounds, *variable.length));
    const std::optional<std::size_t> length = bounds ? bounds : variable.length;
    if (length == std::size_t{0})
        throw std::invalid_argument(
            fmt::format("variable '{}': length 0; at least 1 is needed", variable.name));
    return length;
}

}  // namespace

Box::Box(std::vector<Variable> variables) {
    if (variables.empty()) throw std::invalid_argument("the box needs at least one variable");
    std::unordered_set<std::string> names;
    for (Variable& variable : variables) {
        const auto& [name, lower, upper, unused, log] = variable;
        check_identifier("variable", name);
        if (!names.insert(name).second)
            throw std::invalid_argument(fmt::format("variable '{}' is given twice", name));
        const std::optional<std::size_t> length = length_of(variable);
        const std::size_t offset = dimension();
        const std::size_t size = length.value_or(1);
        const bool own_bounds = lower.size() || upper.size();
        for (std::size_t i = 0; i < (own_bounds ? size : 1); ++i) {
            const std::string of = own_bounds ? fmt::format("{}[{}]", name, i) : name;
            check_bounds(of, lower[i], upper[i]);
            if (log.value_or(false)) check_log(of, lower[i], upper[i]);
        }
        for (std::size_t i = 0; i < size; ++i) {
            lower_.push_back(lower[i]);
            upper_.push_back(upper[i]);
        }
        variables_.push_back({std::move(variable.name), offset, length, log});
    }
}

Box Box::from_bounds(std::vector<double> lower, std::vector<double> upper) {
    return Box{{"x", std::move(lower), std::move(upper)}};
}

const Box::Place& Box::variable_of(std::size_t j) const {
    return *(std::ranges::upper_bound(variables_, j, {}, &Place::offset) - 1);
}

bool Box::is_half_log(std::size_t j) const {
    constexpr double decades = 1e6;
    return !variable_of(j).log && lower_[j] > 0 && upper_[j] / lower_[j] > decades;
}

std::string Box::coordinate_name(std::size_t j) const {
    const Place& place = variable_of(j);
    return place.length ? fmt::format("{}[{}]", place.name, j - place.offset) : place.name;
}

}  // namespace lanewise
