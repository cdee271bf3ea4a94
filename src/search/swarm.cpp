#include "swarm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace lanewise {

std::size_t choose_tile_lanes(std::size_t dimension, std::size_t scratch_rows, std::size_t bytes_per_number) {
    // bench/README has the sweep. Row lengths that are multiples of 2 KiB put all rows of a lane into the
    // same few sets of L1.
    constexpr std::size_t native_row = 896;  // bytes
    constexpr std::size_t program_row =
        1664;  // a program's operations are dispatched once per tile: wide tiles pay
    constexpr std::size_t budget = std::size_t{512} * 1024;  // of L2, for all rows
    // x, best x, g, the moments; f, best f and the rows of a look
    const std::size_t rows = (3 + kernels::adam_moments) * dimension + scratch_rows + 5;
    const std::size_t row = std::min(scratch_rows == 0 ? native_row : program_row, budget / rows);
    return std::max(row / bytes_per_number / kernels::lane_group * kernels::lane_group, kernels::lane_group);
}

namespace {

/// Bounds in the precision of the run, inside the box.
template <class T>
std::pair<T, T> bounds_inside(double lower, double upper) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    T low = static_cast<T>(lower);
    T high = static_cast<T>(upper);
    if (static_cast<double>(low) < lower) low = std::nextafter(low, infinity);
    if (static_cast<double>(high) > upper) high = std::nextafter(high, -infinity);
    if (low > high) low = high = static_cast<T>(lower);
    return {low, high};
}

}  // namespace

template <class T>
Swarm<T>::Swarm(std::size_t runs, const Box& box, Scale scale, std::size_t tile_lanes)
    : box_(&box),
      runs_(runs),
      dimension_(box.dimension()),
      lanes_(tile_lanes),
      tiles_((runs + tile_lanes - 1) / tile_lanes),
      points_(tiles_ * lanes_ * dimension_ * 2),
      moments_(tiles_ * lanes_ * dimension_ * kernels::adam_moments),
      best_f_(tiles_ * lanes_),
      best_iteration_(tiles_ * lanes_),
      status_(tiles_ * lanes_),
      iterations_done_(tiles_),
      bounds_(3 * dimension_) {
    for (std::size_t j = 0; j < dimension_; ++j) {
        const double lower = box.lower()[j];
        const double upper = box.upper()[j];
        std::tie(bounds_[j], bounds_[dimension_ + j]) = bounds_inside<T>(lower, upper);
        bounds_[2 * dimension_ + j] = scale == Scale::box ? static_cast<T>(upper - lower) : T(1);
    }
}

template <class T>
std::size_t Swarm<T>::runs_in(std::size_t tile) const noexcept {
    return std::min(lanes_, runs_ - tile * lanes_);
}

template <class T>
void Swarm<T>::begin(std::size_t tile, const Starts& starts, std::span<const std::uint64_t> start_ids,
                     std::span<double> point) {
    T* x = points_.data() + tile * lanes_ * dimension_ * 2;
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
        const std::size_t run = std::min(tile * lanes_ + lane, runs_ - 1);
        starts.point(start_ids.empty() ? run : start_ids[run], point);
        for (std::size_t j = 0; j < dimension_; ++j)
            x[j * lanes_ + lane] = std::clamp(static_cast<T>(point[j]), bounds_[j], bounds_[dimension_ + j]);
    }
    std::copy_n(x, lanes_ * dimension_, x + lanes_ * dimension_);
    std::fill_n(moments_.data() + tile * lanes_ * dimension_ * kernels::adam_moments,
                lanes_ * dimension_ * kernels::adam_moments, T(0));
    std::fill_n(best_f_.data() + tile * lanes_, lanes_, std::numeric_limits<T>::infinity());
    std::fill_n(best_iteration_.data() + tile * lanes_, lanes_, -1);
    std::fill_n(status_.data() + tile * lanes_, lanes_, kernels::live);
    iterations_done_[tile] = 0;
}

template <class T>
kernels::Tile<T> Swarm<T>::unpack(std::size_t tile, const Workspace<T>& workspace) const {
    T* x = points_.data() + tile * lanes_ * dimension_ * 2;
    T* row = workspace.rows.data() + lanes_ * dimension_;
    const kernels::Tile<T> rows{
        .lanes = lanes_,
        .dimension = dimension_,
        .x = x,
        .best_x = x + lanes_ * dimension_,
        .moments = moments_.data() + tile * lanes_ * dimension_ * kernels::adam_moments,
        .g = workspace.rows.data(),
        .f = row,
        .best_f = best_f_.data() + tile * lanes_,
        .best_step = row + lanes_,
        .steps_taken = row + 2 * lanes_,
        .status = row + 3 * lanes_,
        .lower = bounds_.data(),
        .upper = bounds_.data() + dimension_,
        .scale = bounds_.data() + 2 * dimension_};
    std::fill_n(rows.best_step, lanes_, T(-1));
    std::fill_n(rows.steps_taken, lanes_, T(0));
    std::copy_n(status_.data() + tile * lanes_, lanes_, rows.status);
    return rows;
}

template <class T>
void Swarm<T>::pack(std::size_t tile, const kernels::Tile<T>& rows, std::size_t iterations) {
    const auto before = static_cast<std::int32_t>(iterations_done_[tile]);
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
        const std::size_t run = tile * lanes_ + lane;
        status_[run] = static_cast<std::uint8_t>(rows.status[lane]);
        // Evaluation k of a call sees the point that the iteration before it moved to.
        if (rows.best_step[lane] >= 0)
            best_iteration_[run] = before + static_cast<std::int32_t>(rows.best_step[lane]) - 1;
    }
    iterations_done_[tile] += static_cast<std::uint32_t>(iterations);
}

template <class T>
double Swarm<T>::coordinate(std::size_t run, Which which, std::size_t j) const noexcept {
    const std::size_t block = run / lanes_ * 2 + (which == Which::best ? 1 : 0);
    const T x = points_[(block * dimension_ + j) * lanes_ + run % lanes_];
    if (x == bounds_[j]) return box_->lower()[j];
    if (x == bounds_[dimension_ + j]) return box_->upper()[j];
    return static_cast<double>(x);
}

template <class T>
void Swarm<T>::finish() {
    moments_ = AlignedArray<T>();
    f_ = AlignedArray<T>(tiles_ * lanes_);
}

template <class T>
void Swarm<T>::keep_f(std::size_t tile, const kernels::Tile<T>& rows) {
    std::copy_n(rows.f, lanes_, f_.data() + tile * lanes_);
}

template class Swarm<double>;
template class Swarm<float>;

}  // namespace lanewise
