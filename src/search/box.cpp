#include "lanewise/box.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <unordered_set>

#include "identifier.hpp"

namespace lanewise {

namespace {

void check_bounds(const std::string& name, double lower, double upper) {
    if (!std::isfinite(lower) || !std::isfinite(upper))
        throw std::invalid_argument(
            fmt::format("variable '{}': bounds {}:{} must be finite", name, lower, upper));
    if (lower > upper)
        throw std::invalid_argument(
            fmt::format("variable '{}': lower bound {} is above upper bound {}", name, lower, upper));
    if (!std::isfinite(upper - lower))
        throw std::invalid_argument(fmt::format("variable '{}': box {}:{} is too wide", name, lower, upper));
}

}  // namespace

Box::Box(std::vector<Variable> variables) {
    if (variables.empty()) throw std::invalid_argument("the box needs at least one variable");
    std::unordered_set<std::string> names;
    for (Variable& variable : variables) {
        const std::string& name = variable.name;
        check_identifier("variable", name);
        if (!names.insert(name).second)
            throw std::invalid_argument(fmt::format("variable '{}' is given twice", name));
        check_bounds(name, variable.lower, variable.upper);
        if (variable.length == std::size_t{0})
            throw std::invalid_argument(fmt::format("variable '{}': length 0; at least 1 is needed", name));
        const std::size_t size = variable.length.value_or(1);
        lower_.insert(lower_.end(), size, variable.lower);
        upper_.insert(upper_.end(), size, variable.upper);
        variables_.push_back({std::move(variable.name), lower_.size() - size, variable.length});
    }
}

Box Box::from_bounds(std::vector<double> lower, std::vector<double> upper) {
    if (lower.size() != upper.size())
        throw std::invalid_argument(
            fmt::format("{} lower bounds but {} upper bounds", lower.size(), upper.size()));
    if (lower.empty()) throw std::invalid_argument("the box needs at least one variable");
    Box box;
    box.variables_.push_back({"x", 0, lower.size()});
    box.lower_ = std::move(lower);
    box.upper_ = std::move(upper);
    for (std::size_t j = 0; j < box.dimension(); ++j)
        check_bounds(box.coordinate_name(j), box.lower_[j], box.upper_[j]);
    return box;
}

std::string Box::coordinate_name(std::size_t j) const {
    const auto after = std::ranges::upper_bound(variables_, j, {}, &Place::offset);
    const Place& place = *(after - 1);
    return place.length ? fmt::format("{}[{}]", place.name, j - place.offset) : place.name;
}

}  // namespace lanewise
