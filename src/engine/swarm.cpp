#include "swarm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include "inside.hpp"
#include "subnormals.hpp"

namespace lanewise {

std::size_t choose_tile_lanes(std::size_t dimension, std::size_t moment_rows, std::size_t scratch_rows,
                              std::size_t bytes_per_number) {
    // bench/README has the sweep. Row lengths that are multiples of 2 KiB put all rows of a lane into the
    // same few sets of L1.
    constexpr std::size_t native_row = 896;  // bytes
    constexpr std::size_t program_row =
        1664;  // a program's operations are dispatched once per tile: wide tiles pay
    constexpr std::size_t budget = std::size_t{512} * 1024;  // of L2, for all rows
    // x, best x, g, the moments; f, best f and the rows of a look
    const std::size_t rows = (3 + moment_rows) * dimension + scratch_rows + 5;
    const std::size_t row = std::min(scratch_rows == 0 ? native_row : program_row, budget / rows);
    return std::max(row / bytes_per_number / kernels::lane_group * kernels::lane_group, kernels::lane_group);
}

namespace {

/// Bounds in the precision of the run, inside the box; where that takes subnormal numbers as 0, none of them.
template <class T>
std::pair<T, T> bounds_inside(double lower, double upper) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    constexpr T least_normal = SubnormalsAsZero<T>::in_effect ? std::numeric_limits<T>::min() : T(0);
    T low = static_cast<T>(lower);
    T high = static_cast<T>(upper);
    if (static_cast<double>(low) < lower) low = std::nextafter(low, infinity);
    if (static_cast<double>(high) > upper) high = std::nextafter(high, -infinity);
    if (std::abs(lower) < least_normal) low = lower > 0 ? least_normal : T(0);
    if (std::abs(upper) < least_normal) high = upper < 0 ? -least_normal : T(0);
    if (low > high) low = high = std::abs(lower) < least_normal ? T(0) : static_cast<T>(lower);
    return {low, high};
}

}  // namespace

template <class T>
Swarm<T>::Swarm(const SearchBox& box, double sign, std::size_t moment_rows, std::size_t tile_lanes,
                std::size_t runs)
    : box_(&box),
      sign_(static_cast<T>(sign)),
      dimension_(box.dimension()),
      moment_rows_(moment_rows),
      lanes_(tile_lanes),
      runs_(runs),
      bounds_(3 * dimension_) {
    const std::size_t all_lanes = tiles() * lanes_;
    points_ = AlignedArray<T>(all_lanes * dimension_ * 2);
    moments_ = AlignedArray<T>(all_lanes * dimension_ * moment_rows_);
    for (AlignedArray<T>* row : {&f_, &slope_, &best_f_, &steps_taken_}) *row = AlignedArray<T>(all_lanes);
    best_iteration_ = AlignedArray<std::int32_t>(all_lanes);
    status_ = AlignedArray<std::uint8_t>(all_lanes);
}

template <class T>
Swarm<T>::Swarm(std::size_t first, std::size_t runs, const SearchBox& box, const Course& course, double sign,
                std::size_t tile_lanes)
    : Swarm(box, sign, kernels::moment_rows[kernel_method(course.rule.method)], tile_lanes, runs) {
    std::iota(runs_.begin(), runs_.end(), static_cast<std::uint32_t>(first));
    for (std::size_t j = 0; j < dimension_; ++j) {
        const double lower = box.lower()[j];
        const double upper = box.upper()[j];
        std::tie(bounds_[j], bounds_[dimension_ + j]) = bounds_inside<T>(lower, upper);
        bounds_[2 * dimension_ + j] = course.scale == Scale::box ? static_cast<T>(box.width(j)) : T(1);
        if (lower != upper) continue;
        bounds_[dimension_ + j] = bounds_[j];  // also where one is 0 and the other -0
        if (!fixed_) fixed_ = std::make_unique<bool[]>(dimension_);
        fixed_[j] = true;
    }
}

template <class T>
std::size_t Swarm<T>::lanes_in(std::size_t tile) const noexcept {
    return std::min(lanes_, runs_.size() - tile * lanes_);
}

template <class T>
void Swarm<T>::begin(std::size_t tile) {
    const std::size_t lane = tile * lanes_;
    std::fill_n(moments_.data() + lane * dimension_ * moment_rows_, lanes_ * dimension_ * moment_rows_, T(0));
    std::fill_n(f_.data() + lane, lanes_, T(0));
    std::fill_n(slope_.data() + lane, lanes_, T(0));
    std::fill_n(best_f_.data() + lane, lanes_, std::numeric_limits<T>::infinity());
    std::fill_n(best_iteration_.data() + lane, lanes_, -1);
    std::fill_n(steps_taken_.data() + lane, lanes_, T(0));
    std::fill_n(status_.data() + lane, lanes_, kernels::ended);
    std::fill_n(status_.data() + lane, lanes_in(tile), kernels::live);
    T* x = points_.data() + lane * dimension_ * 2;
    for (std::size_t j = 0; j < 2 * dimension_; ++j)
        std::fill_n(x + j * lanes_, lanes_, bounds_[j % dimension_]);
}

template <class T>
void Swarm<T>::start(std::size_t lane, std::span<const double> x) {
    place(lane, x);
    T* at = points_.data() + lane / lanes_ * lanes_ * dimension_ * 2 + lane % lanes_;
    for (std::size_t j = 0; j < dimension_; ++j) at[(dimension_ + j) * lanes_] = at[j * lanes_];
}

template <class T>
void Swarm<T>::place(std::size_t lane, std::span<const double> x) {
    T* at = points_.data() + lane / lanes_ * lanes_ * dimension_ * 2 + lane % lanes_;
    for (std::size_t j = 0; j < dimension_; ++j)
        at[j * lanes_] = inside(static_cast<T>(x[j]), bounds_[j], bounds_[dimension_ + j]);
}

template <class T>
void Swarm<T>::go_to_best(std::size_t tile) {
    T* x = points_.data() + tile * lanes_ * dimension_ * 2;
    std::copy_n(x + lanes_ * dimension_, lanes_ * dimension_, x);
}

template <class T>
void Swarm<T>::copy_points(std::size_t from, std::size_t to) {
    T* x = points_.data() + from / lanes_ * lanes_ * dimension_ * 2;
    T* best_x = x + lanes_ * dimension_;
    for (std::size_t j = 0; j < dimension_; ++j)
        x[j * lanes_ + to % lanes_] = best_x[j * lanes_ + to % lanes_] = x[j * lanes_ + from % lanes_];
}

template <class T>
void Swarm<T>::fill_unused(std::size_t tile) {
    const std::uint8_t* begin = status_.data() + tile * lanes_;
    const std::uint8_t* in_use = std::find(begin, begin + lanes_, std::uint8_t{kernels::live});
    if (in_use == begin + lanes_) return;
    for (std::size_t i = 0; i < lanes_; ++i) {
        if (begin[i] == kernels::ended)
            copy_points(static_cast<std::size_t>(in_use - status_.data()), tile * lanes_ + i);
    }
}

template <class T>
const std::uint32_t* Swarm<T>::ids(std::size_t tile, std::vector<std::uint32_t>& ids) const {
    const std::size_t first = tile * lanes_;
    const std::uint8_t* begin = status_.data() + first;
    const auto live =
        static_cast<std::size_t>(std::find(begin, begin + lanes_, std::uint8_t{kernels::live}) - begin);
    ids.resize(lanes_);
    for (std::size_t i = 0; i < lanes_; ++i) ids[i] = runs_[first + (begin[i] == kernels::ended ? live : i)];
    return ids.data();
}

template <class T>
kernels::Tile<T> Swarm<T>::unpack(std::size_t tile, const Workspace<T>& workspace) const {
    const std::size_t lane = tile * lanes_;
    T* x = points_.data() + lane * dimension_ * 2;
    T* row = workspace.rows.data() + lanes_ * dimension_;
    const kernels::Tile<T> rows{.lanes = lanes_,
                                .dimension = dimension_,
                                .x = x,
                                .best_x = x + lanes_ * dimension_,
                                .moments = moments_.data() + lane * dimension_ * moment_rows_,
                                .g = workspace.rows.data(),
                                .f = f_.data() + lane,
                                .best_f = best_f_.data() + lane,
                                .best_step = row,
                                .steps_taken = steps_taken_.data() + lane,
                                .status = row + lanes_,
                                .slope = slope_.data() + lane,
                                .lower = bounds_.data(),
                                .upper = bounds_.data() + dimension_,
                                .scale = bounds_.data() + 2 * dimension_,
                                .fixed = fixed_.get(),
                                .flip = sign_ < 0 ? T(-0.0) : T(0)};
    std::fill_n(rows.best_step, lanes_, T(-1));
    std::copy_n(status_.data() + lane, lanes_, rows.status);
    return rows;
}

template <class T>
void Swarm<T>::pack(std::size_t tile, const kernels::Tile<T>& rows, std::size_t iteration) {
    for (std::size_t i = 0; i < lanes_; ++i) {
        const std::size_t lane = tile * lanes_ + i;
        status_[lane] = static_cast<std::uint8_t>(rows.status[i]);
        // The evaluation of step k sees the point that the iteration before it moved to.
        if (rows.best_step[i] >= 0)
            best_iteration_[lane] =
                static_cast<std::int32_t>(iteration) + static_cast<std::int32_t>(rows.best_step[i]) - 1;
    }
}

template <class T>
double Swarm<T>::coordinate(std::size_t lane, Where where, std::size_t j) const noexcept {
    const std::size_t block = lane / lanes_ * 2 + (where == Where::best ? 1 : 0);
    const T x = points_[(block * dimension_ + j) * lanes_ + lane % lanes_];
    if (x == bounds_[j]) return box_->lower()[j];
    if (x == bounds_[dimension_ + j]) return box_->upper()[j];
    return static_cast<double>(x);
}

template <class T>
bool Swarm<T>::is_within_bounds(Where where) const noexcept {
    bool within = true;
    for (std::size_t tile = 0; tile < tiles(); ++tile) {
        const std::size_t block = 2 * tile + (where == Where::best ? 1 : 0);
        for (std::size_t j = 0; j < dimension_; ++j) {
            const T lower = bounds_[j];
            const T upper = bounds_[dimension_ + j];
            const T* x = points_.data() + (block * dimension_ + j) * lanes_;
            within = within && std::all_of(x, x + lanes_, [&](T at) { return at >= lower && at <= upper; });
        }
    }
    return within;
}

template <class T>
std::size_t Swarm<T>::iterations(std::size_t tile) const noexcept {
    for (std::size_t lane = tile * lanes_; lane < tile * lanes_ + lanes_in(tile); ++lane) {
        if (status_[lane] == kernels::live) return static_cast<std::size_t>(steps_taken_[lane]);
    }
    return 0;
}

template <class T>
std::size_t Swarm<T>::alive() const noexcept {
    return static_cast<std::size_t>(
        std::count(status_.data(), status_.data() + runs_.size(), std::uint8_t{kernels::live}));
}

template <class T>
bool Swarm<T>::is_live(std::size_t tile) const noexcept {
    const std::uint8_t* begin = status_.data() + tile * lanes_;
    return std::find(begin, begin + lanes_, std::uint8_t{kernels::live}) != begin + lanes_;
}

template <class T>
void Swarm<T>::take(const Swarm& other, std::size_t from, std::size_t to) {
    const auto take_rows = [&](const AlignedArray<T>& source, const AlignedArray<T>& target,
                               std::size_t rows) {
        const T* read = source.data() + from / other.lanes_ * other.lanes_ * rows + from % other.lanes_;
        T* write = target.data() + to / lanes_ * lanes_ * rows + to % lanes_;
        for (std::size_t row = 0; row < rows; ++row) write[row * lanes_] = read[row * other.lanes_];
    };
    take_rows(other.points_, points_, 2 * dimension_);
    take_rows(other.moments_, moments_, moment_rows_ * dimension_);
    f_[to] = other.f_[from];
    slope_[to] = other.slope_[from];
    best_f_[to] = other.best_f_[from];
    steps_taken_[to] = other.steps_taken_[from];
    best_iteration_[to] = other.best_iteration_[from];
    status_[to] = other.status_[from];
    runs_[to] = other.runs_[from];
}

template <class T>
void Swarm<T>::compact(bool close) {
    const std::size_t kept = alive();
    const std::size_t narrow = (kept + kernels::lane_group - 1) / kernels::lane_group * kernels::lane_group;
    if (kept > 0 && (close ? narrow < tiles() * lanes_ : 2 * narrow <= lanes_)) {
        Swarm narrower(*box_, static_cast<double>(sign_), moment_rows_, narrow, kept);
        std::copy_n(bounds_.data(), bounds_.size(), narrower.bounds_.data());
        narrower.fixed_ = std::move(fixed_);
        narrower.begin(0);
        for (std::size_t lane = 0, to = 0; lane < runs_.size(); ++lane) {
            if (status_[lane] == kernels::live) narrower.take(*this, lane, to++);
        }
        *this = std::move(narrower);
        return;
    }
    std::size_t from = runs_.size();
    for (std::size_t to = 0; to < kept; ++to) {
        if (status_[to] == kernels::live) continue;
        do --from;
        while (status_[from] != kernels::live);
        take(*this, from, to);
        status_[from] = kernels::ended;
    }
    runs_.resize(kept);
}

template <class T>
void Swarm<T>::clear() noexcept {
    runs_.clear();
    for (AlignedArray<T>* rows : {&points_, &moments_, &f_, &slope_, &best_f_, &steps_taken_}) *rows = {};
    best_iteration_ = {};
    status_ = {};
}

template class Swarm<double>;
template class Swarm<float>;

}  // namespace lanewise
