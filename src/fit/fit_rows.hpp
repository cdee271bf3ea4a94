// The rows of each problem, and how they come into tiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "aligned.hpp"
#include "form.hpp"
#include "kernels/table.hpp"

namespace lanewise {

/// Which rows each problem uses: those without a missing value in a column that a formula names.
class FitRows {
  public:
    /// Keeps references to both.
    FitRows(const Problems& problems, const FitColumns& columns);

    std::size_t given(std::size_t problem) const {
        return problems_->first_rows[problem + 1] - problems_->first_rows[problem];
    }
    std::size_t used(std::size_t problem) const { return used_[problem]; }
    std::size_t most() const noexcept { return most_; }
    /// Whether problems differ in how many they use.
    bool is_ragged() const noexcept { return is_ragged_; }
    bool any_missing() const noexcept { return any_missing_; }

    /// Calls visit(i) with the rows used, counted from the problem's first.
    template <class Visit>
    void visit_used(std::size_t problem, Visit visit) const {
        const bool all = used(problem) == given(problem);
        for (std::size_t i = 0; i < given(problem); ++i) {
            if (all || is_complete(problem, i)) visit(i);
        }
    }
    /// Where the rows of a problem begin.
    const double* begin(std::uint32_t column, std::size_t problem) const {
        const ColumnNumbers& of = columns_->columns()[column];
        return of.numbers.data() + (of.is_shared ? 0 : problems_->first_rows[problem]);
    }
    double number(std::uint32_t column, std::size_t problem, std::size_t i) const {
        return begin(column, problem)[i];
    }

  private:
    bool is_complete(std::size_t problem, std::size_t i) const;

    const Problems* problems_;
    const FitColumns* columns_;
    std::vector<std::size_t> used_;
    std::size_t most_ = 0;
    bool is_ragged_ = false, any_missing_ = false;
};

/// How tiles hold the rows.
enum class TileOf : std::uint8_t {
    any_problems,  ///< every lane has its own
    one_problem    ///< all lanes have the same, which are there once
};

/// Where programs find columns and parameters in tiles.
DataLayout fit_layout(const Problems& problems, const FitColumns& columns, const FitRows& rows, TileOf tile);

/// The rows that the lanes of a tile have.
template <class T>
class TileRows {
  public:
    /// Keeps references to all.
    TileRows(const Problems& problems, const FitRows& rows, const DataLayout& layout, TileOf tile,
             std::size_t lanes);

    void load(std::size_t lane, std::size_t problem);
    /// The lane has no problem.
    void unload(std::size_t lane) { problem_[lane] = no_problem; }
    kernels::DataRows<T> rows() const;

  private:
    static constexpr std::size_t no_problem = static_cast<std::size_t>(-1);

    void load_shared(std::size_t problem);
    /// Writes the numbers of a column, `row` apart.
    void load_column(std::size_t problem, std::uint32_t column, T* to, std::size_t row);
    std::size_t lane_columns() const { return layout_->lane_columns.size() + (rows_->is_ragged() ? 1 : 0); }

    const Problems* problems_;
    const FitRows* rows_;
    const DataLayout* layout_;
    TileOf tile_;
    std::size_t lanes_;
    AlignedArray<T> shared_, by_lane_, parameters_;
    std::size_t shared_problem_ = no_problem;
    std::vector<std::size_t> problem_;  ///< [lane]
};

}  // namespace lanewise
