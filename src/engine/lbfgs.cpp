#include "lbfgs.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>

#include "kernel_table.hpp"

namespace lanewise {

using kernels::LbfgsRow;

namespace {

// x, g, base x, base g, p, best x, moves
constexpr std::size_t single_blocks = 7;
constexpr std::size_t blocks = single_blocks + 2 * kernels::lbfgs_pairs;
constexpr auto numbers = static_cast<std::size_t>(LbfgsRow::rows);

/// The unit of a variable: the width of its bounds, or 1 where that is not finite.
double unit_of(double lower, double upper) {
    return std::isfinite(upper - lower) ? upper - lower : 1;
}

}  // namespace

std::size_t lbfgs_lanes(const Setup& setup, std::size_t points) noexcept {
    constexpr std::size_t near = std::size_t{1} << 17U;  // bytes
    constexpr std::size_t most = 2 * kernels::lane_group;
    const auto round_up = [](std::size_t lanes) {
        return (lanes + kernels::lane_group - 1) / kernels::lane_group * kernels::lane_group;
    };
    const std::size_t each = round_up((points + static_cast<std::size_t>(setup.threads) - 1) /
                                      static_cast<std::size_t>(setup.threads));
    if (setup.objective->calls() == Calls::from_the_caller) return each;
    const std::size_t rows = blocks * setup.box->dimension() + 1 + numbers + setup.objective->scratch_rows();
    const std::size_t fitting = near / (rows * sizeof(double)) / kernels::lane_group * kernels::lane_group;
    return std::min(each, std::clamp(fitting, kernels::lane_group, most));
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
      newest_(lanes, 0),
      tile_{},
      evaluator_{setup.objective, setup.isa, scratch_.data(), &halt},
      points_(lanes, none),
      x_(dimension_) {
    const Box& box = *setup.box;
    for (std::size_t j = 0; j < dimension_; ++j) {
        scales_[j] = unit_of(box.lower()[j], box.upper()[j]);
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
    tile_.base_x = take(d);
    tile_.base_g = take(d);
    tile_.p = take(d);
    tile_.best_x = take(d);
    tile_.moves = take(d);
    tile_.s = take(kernels::lbfgs_pairs * d);
    tile_.y = take(kernels::lbfgs_pairs * d);
    tile_.numbers = numbers_.data();
    tile_.newest = newest_.data();
    tile_.lower = box.lower().data();
    tile_.upper = box.upper().data();
    tile_.scale = scales_.data();
    tile_.inverse_scale = scales_.data() + d;
    tile_.sign = setup.sign;
    tile_.flat = limits.flat;
    tile_.longest_step = limits.longest_step;
    tile_.target = limits.target;
    tile_.most_iterations = static_cast<double>(limits.iterations);
    tile_.most_evaluations = static_cast<double>(limits.evaluations);
}

void LbfgsLanes::start(std::size_t lane, const Start& start) {
    points_[lane] = start.point;
    for (double* rows : {tile_.base_g, tile_.p, tile_.moves}) {
        for (std::size_t j = 0; j < dimension_; ++j) rows[j * lanes_ + lane] = 0;
    }
    for (double* rows : {tile_.x, tile_.base_x, tile_.best_x}) {
        for (std::size_t j = 0; j < dimension_; ++j) rows[j * lanes_ + lane] = start.x[j];
    }
    for (double* rows : {tile_.s, tile_.y}) {
        for (std::size_t row = 0; row < kernels::lbfgs_pairs * dimension_; ++row) rows[row * lanes_ + lane] = 0;
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

/// Lanes without a point evaluate that of another.
void LbfgsLanes::copy_to_idle_lanes() const {
    const auto used = static_cast<std::size_t>(
        std::ranges::find_if(points_, [](std::size_t point) { return point != none; }) - points_.begin());
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
        if (points_[lane] != none) continue;
        for (std::size_t j = 0; j < dimension_; ++j)
            tile_.x[j * lanes_ + lane] = tile_.x[j * lanes_ + used];
    }
}

Descended LbfgsLanes::there(std::size_t lane) {
    const auto phase = static_cast<kernels::LbfgsPhase>(number(LbfgsRow::phase, lane));
    for (std::size_t j = 0; j < dimension_; ++j) x_[j] = tile_.best_x[j * lanes_ + lane];
    return {.why = phase < kernels::converged ? kernels::out_of_work : phase,
            .start_f = number(LbfgsRow::start_f, lane),
            .f = number(LbfgsRow::best_f, lane),
            .x = x_,
            .iterations = static_cast<std::uint64_t>(std::max(0.0, number(LbfgsRow::iterations, lane))),
            .evaluations = static_cast<std::uint64_t>(number(LbfgsRow::evaluations, lane))};
}

void LbfgsLanes::run(const Next& next, const Done& done) {
    std::size_t used = 0;
    const auto refill = [&](std::size_t lane) {
        points_[lane] = none;
        number(LbfgsRow::phase, lane) = kernels::idle;
        if (const std::optional<Start> of_next = next()) {
            start(lane, *of_next);
            ++used;
        }
    };
    for (std::size_t lane = 0; lane < lanes_; ++lane) refill(lane);
    while (used > 0 && !halt_->requested()) {
        if (used < lanes_) copy_to_idle_lanes();
        evaluator_(lanes_, dimension_, tile_.x, tile_.f, tile_.g);
        kernels_->advance_lbfgs(tile_);
        halt_->poll(omp_get_thread_num() == 0);
        const double* const phases = tile_.row(LbfgsRow::phase);
        for (std::size_t lane = 0; lane < lanes_; ++lane) {
            if (phases[lane] < kernels::converged) continue;
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
