#include "fit_rows.hpp"

#include <algorithm>
#include <cmath>

namespace lanewise {

FitRows::FitRows(const Problems& problems, const FitColumns& columns)
    : problems_(&problems), columns_(&columns), used_(problems.count()) {
    for (const std::uint32_t column : columns.named()) {
        const std::span<const double> numbers = columns.columns()[column].numbers;
        // Without a branch, so that it is done many at a time.
        std::size_t missing = 0;
        for (const double number : numbers) missing += std::isnan(number) ? 1 : 0;
        any_missing_ = any_missing_ || missing > 0;
    }
    for (std::size_t p = 0; p < used_.size(); ++p) {
        used_[p] = given(p);
        for (std::size_t i = 0; any_missing_ && i < given(p); ++i) used_[p] -= is_complete(p, i) ? 0 : 1;
        most_ = std::max(most_, used_[p]);
        is_ragged_ = is_ragged_ || used_[p] != used_.front();
    }
}

bool FitRows::is_complete(std::size_t problem, std::size_t i) const {
    return std::ranges::none_of(columns_->named(),
                                [&](std::uint32_t column) { return std::isnan(number(column, problem, i)); });
}

DataLayout fit_layout(const Problems& problems, const FitColumns& columns, const FitRows& rows, TileOf tile) {
    // What formulas name, and what was worked out from it.
    std::vector<std::uint32_t> read = columns.named();
    for (auto i = static_cast<std::uint32_t>(problems.columns.size()); i < columns.columns().size(); ++i)
        read.push_back(i);
    DataLayout layout;
    const bool may_share = !rows.any_missing() && !rows.is_ragged();
    for (const std::uint32_t column : read) {
        const bool is_shared =
            tile == TileOf::one_problem || (may_share && columns.columns()[column].is_shared);
        (is_shared ? layout.shared_columns : layout.lane_columns).push_back(column);
    }
    for (std::uint32_t i = 0; i < problems.parameters.size(); ++i) layout.parameters.push_back(i);
    return layout;
}

template <class T>
TileRows<T>::TileRows(const Problems& problems, const FitRows& rows, const DataLayout& layout, TileOf tile,
                      std::size_t lanes)
    : problems_(&problems),
      rows_(&rows),
      layout_(&layout),
      tile_(tile),
      lanes_(lanes),
      shared_(rows.most() * layout.shared_columns.size()),
      by_lane_(tile == TileOf::one_problem ? 0 : rows.most() * lane_columns() * lanes),
      parameters_(layout.parameters.size() * lanes),
      problem_(lanes, no_problem) {
    std::fill_n(by_lane_.data(), by_lane_.size(), T(0));
    std::fill_n(parameters_.data(), parameters_.size(), T(0));
}

template <class T>
void TileRows<T>::load_shared(std::size_t problem) {
    const bool is_there =
        shared_problem_ != no_problem && (tile_ == TileOf::any_problems || shared_problem_ == problem);
    if (is_there) return;
    shared_problem_ = problem;
    T* to = shared_.data();
    rows_->visit_used(problem, [&](std::size_t i) {
        for (const std::uint32_t column : layout_->shared_columns)
            *to++ = static_cast<T>(rows_->number(column, problem, i));
    });
}

template <class T>
void TileRows<T>::load(std::size_t lane, std::size_t problem) {
    if (!layout_->shared_columns.empty()) load_shared(problem);
    if (problem_[lane] == problem) return;
    problem_[lane] = problem;
    for (std::size_t i = 0; i < layout_->parameters.size(); ++i)
        parameters_[i * lanes_ + lane] =
            static_cast<T>(problems_->parameters[layout_->parameters[i]].numbers[problem]);
    if (tile_ == TileOf::one_problem) return;
    const std::size_t row = lane_columns() * lanes_;
    for (std::size_t c = 0; c < layout_->lane_columns.size(); ++c)
        load_column(problem, layout_->lane_columns[c], by_lane_.data() + c * lanes_ + lane, row);
    if (!rows_->is_ragged()) return;
    T* has_row = by_lane_.data() + layout_->lane_columns.size() * lanes_ + lane;
    for (std::size_t i = 0; i < rows_->most(); ++i, has_row += row)
        *has_row = i < rows_->used(problem) ? T(1) : T(0);
}

template <class T>
void TileRows<T>::load_column(std::size_t problem, std::uint32_t column, T* to, std::size_t row) {
    const double* const from = rows_->begin(column, problem);
    const std::size_t used = rows_->used(problem);
    if (used == rows_->given(problem)) {
        for (std::size_t i = 0; i < used; ++i, to += row) *to = static_cast<T>(from[i]);
    } else {
        rows_->visit_used(problem, [&](std::size_t i) {
            *to = static_cast<T>(from[i]);
            to += row;
        });
    }
    // Rows that the problem does not have repeat its last one; they do not count.
    const T last = used == 0 ? T(0) : *(to - row);
    for (std::size_t i = used; i < rows_->most(); ++i, to += row) *to = last;
}

template <class T>
kernels::DataRows<T> TileRows<T>::rows() const {
    std::size_t least = rows_->most();
    std::size_t most = 0;
    for (const std::size_t problem : problem_) {
        if (problem == no_problem) continue;
        least = std::min(least, rows_->used(problem));
        most = std::max(most, rows_->used(problem));
    }
    if (tile_ == TileOf::one_problem) least = most;
    return {.shared = shared_.data(),
            .by_lane = by_lane_.data(),
            .parameters = parameters_.data(),
            .shared_columns = layout_->shared_columns.size(),
            .lane_columns = tile_ == TileOf::one_problem ? 0 : lane_columns(),
            .least = std::min(least, most),
            .most = most};
}

template class TileRows<double>;
template class TileRows<float>;

}  // namespace lanewise
