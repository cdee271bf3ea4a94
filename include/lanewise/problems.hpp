/// Problems: many members of a batch that share the form of their objective, and differ in rows, parameters,
/// bounds and starts.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/part.hpp"

namespace lanewise {

/// What a batch of P problems is made of. All numbers belong to the caller, who keeps them while they are
/// worked on.
///
///     // Three decay curves over the same four times.
///     const std::vector<double> t = {0, 1, 2, 3};
///     const std::vector<double> y = {9, 5, 3, 2,  8, 3, 1, 0.4,  7, 6, 5, 4};
///     const lanewise::Problems problems{.first_rows = {0, 4, 8, 12},
///                                       .columns = {{.name = "t", .numbers = t, .is_shared = true},
///                                                   {.name = "y", .numbers = y}}};
struct Problems {
    struct Column {
        std::string name;
        /// The rows of all problems one after the other, or those that every problem has.
        std::span<const double> numbers;
        bool is_shared = false;  ///< every problem has these rows
    };
    struct Parameter {
        std::string name;
        std::span<const double> numbers;  ///< [P]
    };

    /// [P + 1] Problem p has the rows first_rows[p] up to first_rows[p + 1] of the columns that are not
    /// shared, and as many of the shared ones, from their first row on.
    std::vector<std::size_t> first_rows = {0};
    std::vector<Column> columns = {};
    std::vector<Parameter> parameters = {};
    // Empty, or what takes the place of the box's bounds. [P][d]; NaN leaves a bound as the box has it.
    std::span<const double> lower = {};
    std::span<const double> upper = {};
    /// Empty, or a start of its own for each problem, which comes before all others. [P][d]
    std::span<const double> starts = {};

    std::size_t count() const noexcept { return first_rows.size() - 1; }
};

/// \throws std::invalid_argument naming the column, parameter or bound that does not fit the others or the
///         box.
void validate(const Problems& problems, const Box& box);

/// Those of a part by themselves, with the same numbers. What comes of each is what comes of it among all.
/// \throws std::invalid_argument naming the column, parameter or bound that does not fit the others.
Problems part_of(const Problems& problems, const Part& part);

/// Rows by group: those with the same key are one problem. Groups are in the order in which their keys come,
/// rows of a group in the order in which they are given, also where groups are interleaved.
struct Groups {
    std::vector<std::string> keys;        ///< [P]
    std::vector<std::size_t> first_rows;  ///< [P + 1], as of Problems
    std::vector<std::size_t> order;       ///< [row] which of the rows that were given comes there
};
Groups group_rows(std::span<const std::string> keys);

}  // namespace lanewise
