#include "lbfgs_lanes.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernel_table.hpp"

namespace lanewise {

using kernels::LbfgsBlock;
using kernels::LbfgsRow;

namespace {

constexpr auto own_blocks = static_cast<std::size_t>(LbfgsBlock::blocks);
/// With x and g.
constexpr std::size_t blocks = 2 + own_blocks;
constexpr auto numbers = static_cast<std::size_t>(LbfgsRow::rows);

/// The unit of a variable: its width, or 1 where that is not finite.
double unit_of(double width) {
    return std::isfinite(width) ? width : 1;
}

std::size_t round_up_to_lane_group(std::size_t lanes) {
    return (lanes + kernels::lane_group - 1) / kernels::lane_group * kernels::lane_group;
}

/// Lanes from one point to the next. Each round costs a caller who is handed all points a call: few points
/// have a vector each, so that none waits for its neighbours.
std::size_t lanes_apart(const Setup& setup, std::size_t points) {
    constexpr std::size_t few = 128;
    const bool is_for_the_caller = setup.objective->calls() == Calls::from_the_caller;
    return is_for_the_caller && points <= few ? kernel_table(setup.isa).f64.width : 1;
}

}  // namespace

std::size_t lbfgs_lanes(const Setup& setup, std::size_t points) noexcept {
    constexpr std::size_t near = std::size_t{1} << 18U;  // bytes
    // Of more lanes those that want no value can be left out better.
    constexpr std::size_t most = 4 * kernels::lane_group;
    const std::size_t each = round_up_to_lane_group((points + static_cast<std::size_t>(setup.threads) - 1) /
                                                    static_cast<std::size_t>(setup.threads));
    const std::size_t rows = blocks * setup.box->dimension() + 1 + numbers + setup.objective->scratch_rows();
    const auto lanes_in = [&](std::uint64_t bytes) {
        const std::size_t lanes = bytes / (rows * sizeof(double)) / kernels::lane_group * kernels::lane_group;
        return std::max(lanes, kernels::lane_group);
    };
    const std::size_t lanes = setup.objective->calls() == Calls::from_the_caller
                                  ? round_up_to_lane_group(points * lanes_apart(setup, points))
                                  : std::min({each, lanes_in(near), most});
    if (!setup.memory) return lanes;
    constexpr std::uint64_t share = 4;  // of the memory, while no run is going
    return std::min(lanes, lanes_in(*setup.memory / share / static_cast<std::uint64_t>(setup.threads)));
}

LbfgsLanes::LbfgsLanes(const Setup& setup, const LbfgsLimits& limits, std::size_t lanes, Halt& halt)
    : setup_(&setup),
      halt_(&halt),
      kernels_(&kernel_table(setup.isa)),
      lanes_(lanes),
      dimension_(setup.box->dimension()),
      rows_((blocks * dimension_ + 1) * lanes),
      numbers_(numbers * lanes),
      scratch_(setup.objective->scratch_rows() * lanes),
      scales_(2 * dimension_),
      width_(kernels_->f64.width),
      newest_(lanes, 0),
      tile_{},
      evaluator_{setup.objective, setup.isa, scratch_.data(), &halt},
      points_(lanes, none),
      ids_(lanes),
      counting_(lanes),
      x_(dimension_) {
    std::iota(counting_.begin(), counting_.end(), 0U);
    const SearchBox& box = *setup.box;
    for (std::size_t j = 0; j < dimension_; ++j) {
        scales_[j] = unit_of(box.width(j));
        scales_[dimension_ + j] = scales_[j] == 0 ? 0 : 1 / scales_[j];
    }
    std::fill_n(rows_.data(), rows_.size(), 0.0);
    std::fill_n(numbers_.data(), numbers_.size(), 0.0);
    double* next = rows_.data();
    const auto take = [&](std::size_t rows) {
        double* const first = next;
        next += rows * lanes;
        return first;
    };
    const std::size_t d = dimension_;
    tile_.lanes = lanes;
    tile_.dimension = d;
    tile_.x = take(d);
    tile_.f = take(1);
    tile_.g = take(d);
    tile_.frames = take(own_blocks * d);
    tile_.numbers = numbers_.data();
    tile_.newest = newest_.data();
    tile_.lower = box.lower().data();
    tile_.upper = box.upper().data();
    tile_.scale = scales_.data();
    tile_.inverse_scale = scales_.data() + d;
    tile_.sign = setup.sign;
    tile_.tolerance = limits.tolerance;
    tile_.longest_step = limits.longest_step;
    tile_.target = limits.target;
    tile_.most_iterations = static_cast<double>(limits.iterations);
    tile_.most_evaluations = static_cast<double>(limits.evaluations);
}

void LbfgsLanes::start(std::size_t lane, const Start& start) {
    points_[lane] = start.point;
    for (std::size_t block = 0; block < own_blocks; ++block) {
        for (std::size_t j = 0; j < dimension_; ++j) own(static_cast<LbfgsBlock>(block), lane, j) = 0;
    }
    for (std::size_t j = 0; j < dimension_; ++j) {
        tile_.x[j * lanes_ + lane] = start.x[j];
        own(LbfgsBlock::base_x, lane, j) = start.x[j];
        own(LbfgsBlock::best_x, lane, j) = start.x[j];
    }
    for (std::size_t row = 0; row < numbers; ++row) tile_.numbers[row * lanes_ + lane] = 0;
    constexpr double nowhere = std::numeric_limits<double>::infinity();
    number(LbfgsRow::phase, lane) = kernels::starting;
    number(LbfgsRow::unit, lane) = setup_->sign;
    number(LbfgsRow::start_f, lane) = nowhere;
    number(LbfgsRow::base_f, lane) = nowhere;
    number(LbfgsRow::best_f, lane) = nowhere;
    number(LbfgsRow::gamma, lane) = 1;
    number(LbfgsRow::evaluations, lane) = static_cast<double>(start.evaluations);
    // Settling at the start counts as a step.
    number(LbfgsRow::iterations, lane) = -1;
}

/// Evaluates the lanes that want it: those that wait for their neighbours or have no point do not.
void LbfgsLanes::evaluate() {
    wanted_.clear();
    const double* const phases = tile_.row(LbfgsRow::phase);
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
        const auto phase = static_cast<kernels::LbfgsPhase>(phases[lane]);
        if (phase >= kernels::starting && phase <= kernels::settling)
            wanted_.push_back(static_cast<std::uint32_t>(lane));
    }
    if (round_up_to_lane_group(wanted_.size()) < lanes_) {
        evaluate_some();
    } else {
        evaluate_all();
    }
}

/// In place. Lanes without a point evaluate that of another.
void LbfgsLanes::evaluate_all() {
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
        const std::size_t from = points_[lane] == none ? wanted_.front() : lane;
        ids_[lane] = static_cast<std::uint32_t>(points_[from]);
        if (from == lane) continue;
        for (std::size_t j = 0; j < dimension_; ++j) tile_.x[j * lanes_ + lane] = tile_.x[j * lanes_ + from];
    }
    evaluator_.ids = setup_->tells_ids ? ids_.data() : nullptr;
    evaluator_(lanes_, dimension_, tile_.x, tile_.f, tile_.g, wanted_);
}

void LbfgsLanes::evaluate_some() {
    const std::size_t lanes = round_up_to_lane_group(wanted_.size());
    if (gathered_.size() == 0) gathered_ = AlignedArray<double>((2 * dimension_ + 1) * lanes_);
    double* const x = gathered_.data();
    double* const f = x + dimension_ * lanes;
    double* const g = f + lanes;
    for (std::size_t i = 0; i < lanes; ++i) {
        const std::size_t lane = wanted_[std::min(i, wanted_.size() - 1)];
        ids_[i] = static_cast<std::uint32_t>(points_[lane]);
        for (std::size_t j = 0; j < dimension_; ++j) x[j * lanes + i] = tile_.x[j * lanes_ + lane];
    }
    evaluator_.ids = setup_->tells_ids ? ids_.data() : nullptr;
    evaluator_(lanes, dimension_, x, f, g, std::span(counting_).first(wanted_.size()));
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
        const std::size_t lane = wanted_[i];
        tile_.f[lane] = f[i];
        for (std::size_t j = 0; j < dimension_; ++j) tile_.g[j * lanes_ + lane] = g[j * lanes + i];
    }
}

Descended LbfgsLanes::there(std::size_t lane) {
    const auto phase = static_cast<kernels::LbfgsPhase>(number(LbfgsRow::phase, lane));
    for (std::size_t j = 0; j < dimension_; ++j) x_[j] = own(LbfgsBlock::best_x, lane, j);
    return {.why = phase < kernels::converged ? kernels::out_of_work : phase,
            .start_f = number(LbfgsRow::start_f, lane),
            .f = number(LbfgsRow::best_f, lane),
            .x = x_,
            .is_near = number(LbfgsRow::is_near, lane) != 0 || number(LbfgsRow::short_steps, lane) != 0,
            .iterations = static_cast<std::uint64_t>(std::max(0.0, number(LbfgsRow::iterations, lane))),
            .evaluations = static_cast<std::uint64_t>(number(LbfgsRow::evaluations, lane))};
}

void LbfgsLanes::run(const Next& next, const Done& done, std::size_t at_once) {
    std::size_t used = 0;
    const auto refill = [&](std::size_t lane) {
        points_[lane] = none;
        number(LbfgsRow::phase, lane) = kernels::idle;
        if (const std::optional<Start> of_next = next()) {
            start(lane, *of_next);
            ++used;
        }
    };
    const std::size_t wanted_apart = lanes_apart(*setup_, at_once);
    const std::size_t apart = at_once * wanted_apart <= lanes_ ? wanted_apart : 1;
    for (std::size_t i = 0; i < at_once && i * apart < lanes_; ++i) refill(i * apart);
    while (used > 0 && !halt_->requested()) {
        evaluate();
        kernels_->advance_lbfgs(tile_);
        halt_->poll(omp_get_thread_num() == 0);
        const double* const phases = tile_.row(LbfgsRow::phase);
        for (std::size_t lane = 0; lane < lanes_; ++lane) {
            if (static_cast<kernels::LbfgsPhase>(phases[lane]) < kernels::converged) continue;
            done(points_[lane], there(lane));
            --used;
            refill(lane);
        }
    }
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
        if (points_[lane] != none) done(points_[lane], there(lane));
        points_[lane] = none;
    }
}

}  // namespace lanewise
