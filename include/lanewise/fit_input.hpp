/// Problems of fits from tables: rows of data, grouped by a key or not, and what is told of each problem.
///
///     const lanewise::CsvTable data(lanewise::read_file("decay.csv"), "decay.csv");
///     const lanewise::FitInput input = lanewise::fit_input(model, box, data, {.group = "id"});
///     const lanewise::Fits fits = lanewise::fit(model, box, input.problems());
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/data.hpp"
#include "lanewise/fit.hpp"
#include "lanewise/problems.hpp"

namespace lanewise {

class CsvTable;

/// Problems with all the numbers they are made of.
struct FitInput {
    std::vector<std::string> keys = {};         ///< [P] of the groups; empty where rows are not grouped
    std::vector<std::size_t> first_rows = {0};  ///< as of Problems
    std::vector<std::size_t> order = {};        ///< [row] which row of the table it is
    std::vector<Column> columns = {};           ///< those of the data that formulas name
    bool has_shared_rows = false;               ///< every problem has all rows
    std::vector<Column> parameters = {};        ///< [P] those that differ by problem
    std::vector<double> lower = {}, upper = {}, starts = {};  ///< [P][d] or empty, as of Problems

    std::size_t count() const noexcept { return first_rows.size() - 1; }
    /// The same with numbers that belong to this, as long as it is there and does not change.
    Problems problems() const;
};

/// How rows become problems.
struct FitGrouping {
    std::string group = {};              ///< the column of keys; empty: there is none
    const CsvTable* problems = nullptr;  ///< a row for each problem, if there is one
};

/// The problems of a table of rows. With a group each key is a problem, in the order in which keys come.
/// Without one every problem has all rows: there is one problem, or one for each row of the table of
/// problems.
///
/// A name in a formula of the model is a column where the data has it; other columns are not looked at, and
/// may be texts. In the table of problems a column is a parameter where a formula names it; `k.lower`,
/// `k.upper` and `k.start` are bounds and start of the variable k, `x[0].lower` those of an element; the
/// group's column has the key. Other columns are not looked at. Where a problem has no bound of its own, it
/// has that of the box. A key that no row of the data has is a problem without rows, behind all others.
/// \throws std::invalid_argument naming the column, key or row and what is wrong with it.
FitInput fit_input(const Model& model, const Box& box, const CsvTable& data,
                   const FitGrouping& grouping = {});

/// The same where there are no rows: a problem for each row of the table of problems. \throws as fit_input.
FitInput input_without_rows(const Model& model, const Box& box, const CsvTable& problems,
                            const std::string& group = {});

/// Other rows for problems that were fitted, as lanewise::predict takes them: only what the model's formula
/// names is looked at. Where `fitted` has groups and `rows` their column, each problem has the rows with its
/// key; else every problem has all rows.
/// \throws std::invalid_argument naming the column, key or row and what is wrong with it.
FitInput prediction_input(const Model& model, const Box& box, const CsvTable& rows, const FitInput& fitted,
                          std::string_view group = {});

/// Of `names` those that occur in a formula, but as names of functions, in their order.
std::vector<std::string> names_in(std::string_view formula, const std::vector<std::string>& names);

}  // namespace lanewise
