#include "lanewise/fit_input.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "identifier.hpp"
#include "lanewise/csv.hpp"
#include "near.hpp"

namespace lanewise {

namespace {

using Names = std::vector<std::string>;

constexpr double none = std::numeric_limits<double>::quiet_NaN();

template <class... Arguments>
[[noreturn]] void refuse(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    throw std::invalid_argument(fmt::format(format, std::forward<Arguments>(arguments)...));
}

std::vector<double> in_order(const std::vector<double>& numbers, const std::vector<std::size_t>& order) {
    std::vector<double> ordered(order.size());
    std::ranges::transform(order, ordered.begin(), [&](std::size_t row) { return numbers[row]; });
    return ordered;
}

Names keys_of(const CsvTable& table, const std::string& group, std::string_view what) {
    if (!table.has(group)) {
        const Names& names = table.names();
        refuse("group '{}': {} no column of that name; the columns are {}", group, what,
               fmt::join(names, ", "));
    }
    Names keys = table.texts(group);
    const auto empty = std::ranges::find(keys, "");
    if (empty != keys.end())
        refuse("group '{}': {} no key in row {} below the header", group, what, empty - keys.begin() + 1);
    return keys;
}

/// Rows in the order of their problems.
void group_by(const Names& keys, FitInput& input) {
    Groups groups = group_rows(keys);
    input.keys = std::move(groups.keys);
    input.first_rows = std::move(groups.first_rows);
    input.order = std::move(groups.order);
}

void share_rows(std::size_t rows, std::size_t problems, FitInput& input) {
    input.has_shared_rows = true;
    input.order.resize(rows);
    std::iota(input.order.begin(), input.order.end(), std::size_t{0});
    input.first_rows.resize(problems + 1);
    for (std::size_t p = 0; p <= problems; ++p) input.first_rows[p] = p * rows;
}

bool is_variable(const Box& box, std::string_view name) {
    return std::ranges::any_of(box.variables(), [&](const Box::Place& place) { return place.name == name; });
}

/// The formulas of the model, for all that is named in one of them.
std::string formulas_of(const Model& model) {
    return fmt::format("{}\n{}\n{}\n{}", model.formula, model.response, model.sigma, model.weights);
}

/// The columns that a formula names.
void take_columns(std::string_view formula, const Box& box, const CsvTable& table, FitInput& input) {
    const bool is_as_given = std::ranges::is_sorted(input.order);
    for (std::string& name : names_in(formula, table.names())) {
        if (is_variable(box, name)) refuse("column '{}': this is the name of a variable, too", name);
        std::vector<double> numbers = table.numbers(name);
        if (!is_as_given) numbers = in_order(numbers, input.order);
        input.columns.push_back({std::move(name), std::move(numbers)});
    }
}

/// What the table of problems tells of them, in the order of the problems.
class ProblemsTable {
  public:
    ProblemsTable(const CsvTable& table, const Box& box, const std::string& group, FitInput& input)
        : table_(&table), box_(&box), group_(group), input_(&input) {}

    /// Keys that no row has become problems without rows.
    void match_keys() {
        const Names keys = keys_of(*table_, group_, "the table of problems has");
        std::map<std::string_view, std::size_t> row_of;
        for (std::size_t row = 0; row < keys.size(); ++row) {
            if (!row_of.emplace(keys[row], row).second)
                refuse("group '{}': the table of problems has two rows with the key '{}'", group_, keys[row]);
        }
        for (const std::string& key : input_->keys) {
            const auto found = row_of.find(key);
            if (found == row_of.end())
                refuse("group '{}': the table of problems has no row with the key '{}'", group_, key);
            rows_.push_back(found->second);
            row_of.erase(found);
        }
        for (std::size_t row = 0; row < keys.size(); ++row) {
            if (!row_of.contains(keys[row])) continue;
            rows_.push_back(row);
            input_->keys.push_back(keys[row]);
            input_->first_rows.push_back(input_->first_rows.back());
        }
    }

    void keep_order() {
        rows_.resize(table_->rows());
        std::iota(rows_.begin(), rows_.end(), std::size_t{0});
    }

    void take_parameters(const Model& model) {
        for (std::string& name : names_in(formulas_of(model), table_->names())) {
            if (name == group_) continue;
            if (is_variable(*box_, name))
                refuse(
                    "column '{}' of the table of problems: is a variable; its start is called '{}.start', "
                    "its "
                    "bounds are '{}.lower' and '{}.upper'",
                    name, name, name, name);
            if (std::ranges::find(input_->columns, name, &Column::name) != input_->columns.end())
                refuse("column '{}' of the table of problems: the data has a column of that name, too", name);
            if (model.parameters.contains(name))
                refuse("column '{}' of the table of problems: is a parameter of all problems, too", name);
            input_->parameters.push_back({name, numbers(name)});
        }
    }

    void take_bounds_and_starts() {
        refuse_unknown_variables();
        input_->lower = take(".lower");
        input_->upper = take(".upper");
        input_->starts = take(".start");
        if (!input_->starts.empty()) complete_starts();
    }

  private:
    static constexpr std::array<std::string_view, 3> endings = {".lower", ".upper", ".start"};

    std::vector<double> numbers(const std::string& name) const {
        return in_order(table_->numbers(name), rows_);
    }

    Names coordinates() const {
        Names names;
        for (std::size_t j = 0; j < box_->dimension(); ++j) names.push_back(box_->coordinate_name(j));
        return names;
    }

    void refuse_unknown_variables() const {
        const Names known = coordinates();
        for (const std::string& name : table_->names()) {
            for (const std::string_view ending : endings) {
                if (!std::string_view(name).ends_with(ending)) continue;
                const std::string_view variable =
                    std::string_view(name).substr(0, name.size() - ending.size());
                if (std::ranges::find(known, variable) == known.end())
                    refuse("column '{}' of the table of problems: {}", name,
                           unknown("variable", variable, {known.begin(), known.end()}));
            }
        }
    }

    /// [P][d], NaN where there is no such column; empty where there is none of any variable.
    std::vector<double> take(std::string_view ending) const {
        const std::size_t dimension = box_->dimension();
        std::vector<double> all;
        for (std::size_t j = 0; j < dimension; ++j) {
            const std::string name = fmt::format("{}{}", box_->coordinate_name(j), ending);
            if (!table_->has(name)) continue;
            all.resize(rows_.size() * dimension, none);
            const std::vector<double> of_problem = numbers(name);
            for (std::size_t p = 0; p < rows_.size(); ++p) all[p * dimension + j] = of_problem[p];
        }
        return all;
    }

    /// Only where the box fixes a variable it needs no start.
    void complete_starts() {
        const std::size_t dimension = box_->dimension();
        for (std::size_t j = 0; j < dimension; ++j) {
            const std::string name = fmt::format("{}.start", box_->coordinate_name(j));
            const bool is_fixed = box_->lower()[j] == box_->upper()[j];
            if (!table_->has(name) && !is_fixed)
                refuse("the table of problems has starts, but no column '{}'", name);
            for (std::size_t p = 0; p < rows_.size(); ++p) {
                double& start = input_->starts[p * dimension + j];
                if (!std::isnan(start)) continue;
                if (!is_fixed)
                    refuse("column '{}' of the table of problems: no value in row {} below the header", name,
                           rows_[p] + 1);
                start = box_->lower()[j];
            }
        }
    }

    const CsvTable* table_;
    const Box* box_;
    const std::string& group_;
    FitInput* input_;
    std::vector<std::size_t> rows_;  ///< [P] of the table
};

void take_problems(const CsvTable& problems, const Model& model, const Box& box, const std::string& group,
                   FitInput& input) {
    ProblemsTable table(problems, box, group, input);
    if (group.empty()) {
        table.keep_order();
    } else {
        table.match_keys();
    }
    table.take_parameters(model);
    table.take_bounds_and_starts();
}

/// The problems that keys name, from 0.
std::vector<std::size_t> problems_of(const Names& keys, const Names& known, std::string_view group) {
    std::map<std::string_view, std::size_t> number_of;
    for (std::size_t p = 0; p < known.size(); ++p) number_of.emplace(known[p], p);
    std::vector<std::size_t> problems;
    problems.reserve(keys.size());
    for (const std::string& key : keys) {
        const auto found = number_of.find(key);
        if (found == number_of.end())
            refuse("group '{}': rows to predict have the key '{}', which no problem has", group, key);
        problems.push_back(found->second);
    }
    return problems;
}

/// Puts rows in the order of the problems they are of.
void sort_rows(const std::vector<std::size_t>& problem_of, std::size_t problems, FitInput& input) {
    input.first_rows.assign(problems + 1, 0);
    for (const std::size_t p : problem_of) ++input.first_rows[p + 1];
    std::partial_sum(input.first_rows.begin(), input.first_rows.end(), input.first_rows.begin());
    std::vector<std::size_t> next(input.first_rows.begin(), input.first_rows.end() - 1);
    input.order.resize(problem_of.size());
    for (std::size_t row = 0; row < problem_of.size(); ++row) input.order[next[problem_of[row]]++] = row;
}

bool is_letter(char c) {
    return is_identifier(std::string_view(&c, 1));
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

Problems FitInput::problems() const {
    Problems problems{.first_rows = first_rows, .lower = lower, .upper = upper, .starts = starts};
    for (const Column& column : columns)
        problems.columns.push_back({column.name, column.numbers, has_shared_rows});
    for (const Column& parameter : parameters)
        problems.parameters.push_back({parameter.name, parameter.numbers});
    return problems;
}

std::vector<std::string> names_in(std::string_view formula, const std::vector<std::string>& names) {
    std::vector<bool> is_there(names.size());
    for (std::size_t at = 0; at < formula.size();) {
        std::size_t end = at + 1;
        const auto is_part = [](char c) { return is_letter(c) || is_digit(c) || c == '.'; };
        if (formula[at] == '#') {
            end = std::min(formula.find('\n', at), formula.size());
        } else if (is_letter(formula[at])) {
            while (end < formula.size() && (is_letter(formula[end]) || is_digit(formula[end]))) ++end;
            const auto name = std::ranges::find(names, formula.substr(at, end - at));
            const std::size_t next = formula.find_first_not_of(" \t\r\n", end);
            const bool is_called = next != std::string_view::npos && formula[next] == '(';
            if (name != names.end() && !is_called)
                is_there[static_cast<std::size_t>(name - names.begin())] = true;
        } else if (is_part(formula[at])) {  // a number, like 1e5
            while (end < formula.size() && is_part(formula[end])) ++end;
        }
        at = end;
    }
    std::vector<std::string> found;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (is_there[i]) found.push_back(names[i]);
    }
    return found;
}

FitInput fit_input(const Model& model, const Box& box, const CsvTable& data, const FitGrouping& grouping) {
    FitInput input;
    if (!grouping.group.empty()) {
        group_by(keys_of(data, grouping.group, "the data has"), input);
    } else {
        share_rows(data.rows(), grouping.problems == nullptr ? 1 : grouping.problems->rows(), input);
    }
    take_columns(formulas_of(model), box, data, input);
    if (grouping.problems != nullptr) take_problems(*grouping.problems, model, box, grouping.group, input);
    return input;
}

FitInput input_without_rows(const Model& model, const Box& box, const CsvTable& problems,
                            const std::string& group) {
    FitInput input;
    if (group.empty()) share_rows(0, problems.rows(), input);
    take_problems(problems, model, box, group, input);
    return input;
}

FitInput prediction_input(const Model& model, const Box& box, const CsvTable& rows, const FitInput& fitted,
                          std::string_view group) {
    FitInput input{
        .keys = fitted.keys, .parameters = fitted.parameters, .lower = fitted.lower, .upper = fitted.upper};
    const std::string column(group);
    if (!group.empty() && rows.has(column)) {
        const Names keys = keys_of(rows, column, "the rows to predict have");
        sort_rows(problems_of(keys, fitted.keys, group), fitted.count(), input);
    } else {
        share_rows(rows.rows(), fitted.count(), input);
    }
    take_columns(model.formula, box, rows, input);
    for (const Column& needed : fitted.columns) {
        const bool is_missing =
            std::ranges::find(input.columns, needed.name, &Column::name) == input.columns.end();
        if (is_missing && !names_in(model.formula, {needed.name}).empty())
            refuse("the rows to predict have no column '{}'; the formula names it", needed.name);
    }
    return input;
}

}  // namespace lanewise
