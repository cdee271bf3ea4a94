#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "digest.hpp"
#include "lanewise/csv.hpp"
#include "lanewise/io.hpp"
#include "lanewise/version.hpp"
#include "part_line.hpp"
#include "told.hpp"

namespace lanewise {

namespace {

/// What the column of numbers is called where problems have no keys.
constexpr std::string_view number_of_problem = "problem";

std::vector<std::string> names_of(const Told& told, bool with_errors) {
    std::vector<std::string> names = {told.keys.empty() ? std::string(number_of_problem) : told.group};
    for (std::size_t j = 0; j < told.box.dimension(); ++j) {
        names.push_back(told.box.coordinate_name(j));
        if (with_errors) names.push_back(fmt::format("{}.stderr", told.box.coordinate_name(j)));
    }
    names.emplace_back(told.key_of_value);
    for (const char* name : {"n_used", "n_left_out", "runs", "agree", "status"}) names.emplace_back(name);
    return names;
}

std::vector<std::string> names_of_covariance(const Box& box) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < box.dimension(); ++i) {
        for (std::size_t j = i; j < box.dimension(); ++j)
            names.push_back(fmt::format("{}.{}.cov", box.coordinate_name(i), box.coordinate_name(j)));
    }
    return names;
}

/// The digest of a work with what its rows have beside: keys, and the bits of a version of lanewise.
std::uint64_t digest_of_rows(std::uint64_t of_work, const Told& told) {
    std::uint64_t all = digest(version(), of_work);
    all = digest(told.group, all);
    for (const std::string& key : told.keys) all = digest(key + '\n', all);
    return all;
}

/// What goes before the names: of a part the comment that says so.
std::string beginning(const Told& told, std::string_view command,
                      const std::function<std::uint64_t()>& digest_of_work) {
    if (!told.part) return {};
    const auto stopped = std::ranges::count(told.status, FitStatus::stopped);
    return to_text({.part = *told.part,
                    .problems = told.problems.count(),
                    .stopped = static_cast<std::size_t>(stopped),
                    .digest = digest_of_rows(digest_of_work(), told)},
                   command);
}

/// What is told of a problem; standard errors where there are any.
void write_problem(CsvWriter& csv, const Told& told, std::span<const double> standard_error, std::size_t p) {
    csv.text(told.key(p));
    const std::size_t dimension = told.box.dimension();
    for (std::size_t i = p * dimension; i < (p + 1) * dimension; ++i) {
        csv.number(told.x[i]);
        if (!standard_error.empty()) csv.number(standard_error[i]);
    }
    csv.number(told.value[p]);
    for (const std::size_t count : {told.n_used[p], told.n_left_out[p], told.runs[p], told.agree[p]})
        csv.text(fmt::format("{}", count));
    csv.text(name(told.status[p]));
}

/// Of a row the numbers of its columns, and what is predicted.
void write_row(CsvWriter& csv, const std::vector<const Column*>& columns, std::size_t row, double value,
               double half_width) {
    for (const Column* column : columns) csv.number(column->numbers[row]);
    csv.number(value).number(value - half_width).number(value + half_width);
}

/// Where each row of the table is among those of the problems.
std::vector<std::size_t> places_of(const std::vector<std::size_t>& order) {
    std::vector<std::size_t> places(order.size());
    for (std::size_t place = 0; place < order.size(); ++place) places[order[place]] = place;
    return places;
}

std::vector<std::size_t> problems_of_rows(const std::vector<std::size_t>& first_rows) {
    std::vector<std::size_t> problems(first_rows.back());
    for (std::size_t p = 0; p + 1 < first_rows.size(); ++p)
        for (std::size_t row = first_rows[p]; row < first_rows[p + 1]; ++row) problems[row] = p;
    return problems;
}

}  // namespace

std::string to_csv(const Fits& fits, const FitsOf& of, bool with_covariance) {
    const Told told = told_of(fits, of);
    std::vector<std::string> names = names_of(told, true);
    if (with_covariance) std::ranges::copy(names_of_covariance(of.box), std::back_inserter(names));
    std::string text =
        beginning(told, "fit", [&] { return digest_of(of.model, of.box, of.problems, of.options); });
    CsvWriter csv(names, [&](std::string_view line) { text += line; });
    const std::size_t dimension = of.box.dimension();
    for (std::size_t p = 0; p < fits.count(); ++p) {
        write_problem(csv, told, fits.standard_error, p);
        for (std::size_t i = 0; with_covariance && i < dimension; ++i)
            for (std::size_t j = i; j < dimension; ++j) csv.number(fits.covariance_of(p)[i * dimension + j]);
    }
    return text;
}

std::string to_csv(const ProblemEnds& ends, const EndsOf& of) {
    const Told told = told_of(ends, of);
    std::string text =
        beginning(told, "minimize", [&] { return digest_of(of.objective, of.box, of.problems, of.options); });
    CsvWriter csv(names_of(told, false), [&](std::string_view line) { text += line; });
    for (std::size_t p = 0; p < ends.count(); ++p) write_problem(csv, told, {}, p);
    return text;
}

std::string to_csv(const Prediction& prediction, const FitInput& rows, std::string_view group) {
    const bool names_problems = rows.count() != 1 || !rows.keys.empty();
    std::vector<std::string> names;
    if (names_problems) names.emplace_back(rows.keys.empty() ? number_of_problem : group);
    std::vector<const Column*> columns;
    for (const Column& column : rows.columns) {
        if (names_problems && column.name == names.front()) continue;
        names.push_back(column.name);
        columns.push_back(&column);
    }
    for (const char* name : {"prediction", "prediction.lower", "prediction.upper"}) names.emplace_back(name);
    std::string text;
    CsvWriter csv(names, [&](std::string_view line) { text += line; });
    const auto write = [&](std::size_t problem, std::size_t row, std::size_t at) {
        if (names_problems) csv.text(rows.keys.empty() ? fmt::format("{}", problem) : rows.keys[problem]);
        write_row(csv, columns, row, prediction.value[at], prediction.half_width[at]);
    };
    if (rows.has_shared_rows) {
        for (std::size_t p = 0; p < rows.count(); ++p)
            for (std::size_t row = 0; row < rows.order.size(); ++row) write(p, row, rows.first_rows[p] + row);
    } else {
        const std::vector<std::size_t> problems = problems_of_rows(rows.first_rows);
        for (const std::size_t place : places_of(rows.order)) write(problems[place], place, place);
    }
    return text;
}

}  // namespace lanewise
