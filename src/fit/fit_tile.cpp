#include "fit_tile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "inside.hpp"
#include "kernel_table.hpp"

namespace lanewise {

namespace {

constexpr std::size_t rows_of_descent = 4;

/// A narrow tile: the rows of its data stay in the first cache.
constexpr std::size_t lanes_of_tile = kernels::lane_group;

template <class T>
AlignedArray<T> zeros(std::size_t count) {
    AlignedArray<T> numbers(count);
    std::fill_n(numbers.data(), count, T(0));
    return numbers;
}

/// The tolerance, or what the precision can tell apart where that is more: 8 units in the last place.
template <class T>
T reachable(double tolerance) {
    return std::max(static_cast<T>(tolerance), 8 * std::numeric_limits<T>::epsilon());
}

std::size_t scratch_rows(const FitForm& form) {
    return std::max({form.descent().scratch_rows(), form.steps().scratch_rows(), form.last().scratch_rows()});
}

}  // namespace

template <class T>
FitTile<T>::FitTile(const Problems& problems, const FitRows& rows, const DataLayout& layout, TileOf tile,
                    const FitForm& form, std::size_t dimension, Isa isa, double tolerance,
                    std::size_t most_steps)
    : lanes_(lanes_of_tile),
      dimension_(dimension),
      isa_(isa),
      functions_(&kernels::functions<T>(kernel_table(isa))),
      form_(&form),
      rows_(problems, rows, layout, tile, lanes_) {
    const std::size_t d = dimension;
    const std::size_t outputs = d + d * (d + 1) / 2;
    const auto array = [&](std::size_t count) { return zeros<T>(count * lanes_); };
    x_ = array(d);
    f_ = array(1);
    g_ = array(outputs);
    base_x_ = array(d);
    base_g_ = array(outputs);
    largest_ = array(d);
    numbers_ = array(static_cast<std::size_t>(kernels::LmRow::rows));
    work_ = array(outputs + d);
    ranges_ = array(3 * d);
    moments_ =
        array(*std::max_element(kernels::moment_rows, std::end(kernels::moment_rows)) * d + rows_of_descent);
    scratch_ = array(scratch_rows(form));
    least_squares_ = {.lanes = lanes_,
                      .dimension = d,
                      .x = x_.data(),
                      .f = f_.data(),
                      .g = g_.data(),
                      .base_x = base_x_.data(),
                      .base_g = base_g_.data(),
                      .largest = largest_.data(),
                      .numbers = numbers_.data(),
                      .work = work_.data(),
                      .lower = ranges_.data(),
                      .upper = ranges_.data() + d * lanes_,
                      .tolerance = reachable<T>(tolerance),
                      .most_steps = static_cast<T>(most_steps)};
}

template <class T>
void FitTile<T>::load(std::size_t lane, std::size_t problem, const FitBounds& bounds,
                      std::span<const double> x) {
    rows_.load(lane, problem);
    for (std::size_t j = 0; j < dimension_; ++j) {
        const auto at = [&](AlignedArray<T>& rows, std::size_t row) -> T& {
            return rows[row * lanes_ + lane];
        };
        const T lower = static_cast<T>(bounds.lower[j]);
        const T upper = static_cast<T>(bounds.upper[j]);
        const T width = upper - lower;
        at(ranges_, j) = lower;
        at(ranges_, dimension_ + j) = upper;
        at(ranges_, 2 * dimension_ + j) = std::isfinite(width) ? width : T(1);
        at(x_, j) = at(base_x_, j) = inside(static_cast<T>(x[j]), lower, upper);
    }
    number(kernels::LmRow::phase, lane) = static_cast<T>(static_cast<int>(kernels::LmPhase::idle));
}

template <class T>
void FitTile<T>::unload(std::size_t lane) {
    rows_.unload(lane);
    number(kernels::LmRow::phase, lane) = static_cast<T>(static_cast<int>(kernels::LmPhase::idle));
}

template <class T>
void FitTile<T>::evaluate(const Runnable& program) {
    program.run(Block<T>{lanes_, dimension_, x_.data(), f_.data(), g_.data(), scratch_.data(), isa_},
                rows_.rows());
}

template <class T>
void FitTile<T>::descend(kernels::Method method, std::span<const kernels::Step<T>> steps) {
    T* const row = moments_.data() + kernels::moment_rows[method] * dimension_ * lanes_;
    const auto row_of = [&](std::size_t index) { return row + index * lanes_; };
    std::fill_n(moments_.data(), moments_.size(), T(0));
    std::fill_n(row_of(0), lanes_, std::numeric_limits<T>::infinity());
    const kernels::Tile<T> tile{.lanes = lanes_,
                                .dimension = dimension_,
                                .x = x_.data(),
                                .best_x = base_x_.data(),
                                .moments = moments_.data(),
                                .g = g_.data(),
                                .f = f_.data(),
                                .best_f = row_of(0),
                                .best_step = row_of(1),
                                .steps_taken = row_of(2),
                                .status = row_of(3),
                                .slope = nullptr,
                                .lower = nullptr,
                                .upper = nullptr,
                                .scale = nullptr,
                                .fixed = nullptr,
                                .flip = T(0),
                                .ranges_by_lane = ranges_.data()};
    const kernels::Evaluate<T> evaluate{[](void* self, const kernels::Tile<T>&) noexcept {
                                            auto& fit = *static_cast<FitTile*>(self);
                                            fit.evaluate(fit.form_->descent());
                                        },
                                        this};
    functions_->advance[method](tile, steps.data(), 0, steps.size(), evaluate);
    std::copy_n(base_x_.data(), dimension_ * lanes_, x_.data());
}

template <class T>
void FitTile<T>::begin(std::size_t lane) {
    number(kernels::LmRow::phase, lane) = static_cast<T>(static_cast<int>(kernels::LmPhase::begun));
    number(kernels::LmRow::steps, lane) = T(0);
    number(kernels::LmRow::base_f, lane) = std::numeric_limits<T>::infinity();
    for (std::size_t j = 0; j < dimension_; ++j) largest_[j * lanes_ + lane] = T(0);
}

template <class T>
void FitTile<T>::step() {
    evaluate(form_->steps());
    functions_->advance_least_squares(least_squares_);
}

template <class T>
void FitTile<T>::best_x(std::size_t lane, std::span<double> x) const {
    for (std::size_t j = 0; j < dimension_; ++j) x[j] = static_cast<double>(base_x_[j * lanes_ + lane]);
}

template <class T>
void FitTile<T>::best_outputs(std::size_t lane, std::span<double> outputs) const {
    for (std::size_t i = 0; i < outputs.size(); ++i)
        outputs[i] = static_cast<double>(base_g_[i * lanes_ + lane]);
}

template <class T>
void FitTile<T>::outputs(std::size_t lane, std::span<double> outputs) const {
    for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = static_cast<double>(g_[i * lanes_ + lane]);
}

template class FitTile<double>;
template class FitTile<float>;

}  // namespace lanewise
