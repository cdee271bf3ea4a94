#include "lanewise/problems.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

namespace lanewise {

namespace {

[[noreturn]] void fail(const std::string& message) {
    throw std::invalid_argument(message);
}

/// In the rows and variables of a table [problem][d] that is empty or has all of them.
void check_size(std::string_view what, std::span<const double> numbers, std::size_t wanted) {
    if (!numbers.empty() && numbers.size() != wanted)
        fail(fmt::format("{}: {} numbers are given, {} are needed", what, numbers.size(), wanted));
}

/// Of such a table of `count` problems those from the first on up to the last.
std::span<const double> table_of(std::string_view what, std::span<const double> numbers, std::size_t count,
                                 std::size_t first, std::size_t last) {
    if (count == 0) return numbers;
    const std::size_t of_problem = numbers.size() / count;
    check_size(what, numbers, count * of_problem);
    return numbers.subspan(first * of_problem, (last - first) * of_problem);
}

void check_first_rows(const std::vector<std::size_t>& first_rows) {
    if (first_rows.empty() || first_rows.front() != 0) fail("first_rows must begin with 0");
    for (std::size_t p = 0; p + 1 < first_rows.size(); ++p) {
        if (first_rows[p + 1] < first_rows[p])
            fail(fmt::format("first_rows: problem {} begins at row {} and ends at row {}", p, first_rows[p],
                             first_rows[p + 1]));
    }
}

void check_columns(const Problems& problems) {
    std::size_t longest = 0;
    for (std::size_t p = 0; p < problems.count(); ++p)
        longest = std::max(longest, problems.first_rows[p + 1] - problems.first_rows[p]);
    for (const Problems::Column& column : problems.columns) {
        const std::size_t wanted = column.is_shared ? longest : problems.first_rows.back();
        const bool fits =
            column.is_shared ? column.numbers.size() >= wanted : column.numbers.size() == wanted;
        if (!fits)
            fail(fmt::format("column '{}' has {} rows, {} are needed", column.name, column.numbers.size(),
                             wanted));
    }
}

void check_parameters(const Problems& problems) {
    const std::size_t count = problems.count();
    for (const Problems::Parameter& parameter : problems.parameters) {
        if (parameter.numbers.size() != count)
            fail(fmt::format("parameter '{}' has {} numbers, there are {} problems", parameter.name,
                             parameter.numbers.size(), count));
    }
}

void check_names(const Problems& problems, const Box& box) {
    std::set<std::string_view> names;
    for (const Box::Place& place : box.variables()) names.insert(place.name);
    const auto add = [&](std::string_view kind, const std::string& name) {
        if (name.empty()) fail(fmt::format("a {} has no name", kind));
        if (!names.insert(name).second)
            fail(fmt::format("{} '{}': a variable, column or parameter has that name already", kind, name));
    };
    for (const Problems::Column& column : problems.columns) add("column", column.name);
    for (const Problems::Parameter& parameter : problems.parameters) add("parameter", parameter.name);
}

void check_bounds(const Problems& problems, const Box& box) {
    const std::size_t d = box.dimension();
    for (std::size_t i = 0; i < problems.count() * d; ++i) {
        const std::size_t j = i % d;
        const auto bound = [&](std::span<const double> own, const std::vector<double>& of_box) {
            return own.empty() || std::isnan(own[i]) ? of_box[j] : own[i];
        };
        const double lower = bound(problems.lower, box.lower());
        const double upper = bound(problems.upper, box.upper());
        if (!(lower <= upper))
            fail(fmt::format("bounds of '{}' in problem {}: the lower one, {}, is above the upper one, {}",
                             box.coordinate_name(j), i / d, lower, upper));
        if (box.is_log(j) && !(lower > 0 && std::isfinite(upper)))
            fail(fmt::format(
                "bounds of '{}' in problem {}: they are {} and {}; on a log scale both have to be above 0 "
                "and finite",
                box.coordinate_name(j), i / d, lower, upper));
    }
}

}  // namespace

void validate(const Problems& problems, const Box& box) {
    check_first_rows(problems.first_rows);
    check_columns(problems);
    check_names(problems, box);
    check_parameters(problems);
    const std::size_t count = problems.count();
    check_size("lower", problems.lower, count * box.dimension());
    check_size("upper", problems.upper, count * box.dimension());
    check_size("starts", problems.starts, count * box.dimension());
    if (!problems.lower.empty() || !problems.upper.empty()) check_bounds(problems, box);
}

Problems part_of(const Problems& problems, const Part& part) {
    if (part.number < 1 || part.number > part.of)
        fail(fmt::format("part {} of {}: must be 1 to {}", part.number, part.of, part.of));
    check_first_rows(problems.first_rows);
    check_columns(problems);
    check_parameters(problems);
    const std::size_t count = problems.count();
    const std::size_t first = part.first(count);
    const std::size_t last = part.last(count);
    const auto begin = problems.first_rows.begin();
    Problems of_part = problems;
    of_part.first_rows.assign(begin + static_cast<std::ptrdiff_t>(first),
                              begin + static_cast<std::ptrdiff_t>(last) + 1);
    const std::size_t first_row = of_part.first_rows.front();
    for (std::size_t& row : of_part.first_rows) row -= first_row;
    for (Problems::Column& column : of_part.columns) {
        if (!column.is_shared) column.numbers = column.numbers.subspan(first_row, of_part.first_rows.back());
    }
    for (Problems::Parameter& parameter : of_part.parameters)
        parameter.numbers = parameter.numbers.subspan(first, last - first);
    of_part.lower = table_of("lower", problems.lower, count, first, last);
    of_part.upper = table_of("upper", problems.upper, count, first, last);
    of_part.starts = table_of("starts", problems.starts, count, first, last);
    return of_part;
}

Groups group_rows(std::span<const std::string> keys) {
    Groups groups;
    std::unordered_map<std::string_view, std::size_t> group_of;
    std::vector<std::size_t> group(keys.size());
    for (std::size_t row = 0; row < keys.size(); ++row) {
        const auto [found, is_new] = group_of.try_emplace(keys[row], groups.keys.size());
        if (is_new) groups.keys.push_back(keys[row]);
        group[row] = found->second;
    }
    groups.first_rows.assign(groups.keys.size() + 1, 0);
    for (const std::size_t g : group) ++groups.first_rows[g + 1];
    std::partial_sum(groups.first_rows.begin(), groups.first_rows.end(), groups.first_rows.begin());
    groups.order.resize(keys.size());
    std::vector<std::size_t> next(groups.first_rows.begin(), groups.first_rows.end() - 1);
    for (std::size_t row = 0; row < keys.size(); ++row) groups.order[next[group[row]]++] = row;
    return groups;
}

}  // namespace lanewise
