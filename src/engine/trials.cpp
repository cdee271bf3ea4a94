#include "trials.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lanewise {

Trials::Trials(const Setup& setup, Halt& halt)
    : setup_(&setup),
      halt_(&halt),
      dimension_(setup.box->dimension()),
      evaluator_{setup.objective, setup.isa, nullptr, &halt} {
    make_room(kernels::lane_group);
}

void Trials::make_room(std::size_t lanes) {
    if (lanes <= lanes_) return;
    rows_ = AlignedArray<double>((2 * dimension_ + 1) * lanes);
    scratch_ = AlignedArray<double>(setup_->objective->scratch_rows() * lanes);
    evaluator_.scratch = scratch_.data();
    lanes_ = lanes;
}

void Trials::clear() {
    x_.clear();
    count_ = 0;
}

std::span<double> Trials::add(std::span<const double> x) {
    ++count_;
    x_.insert(x_.end(), x.begin(), x.end());
    return std::span(x_).last(dimension_);
}

void Trials::evaluate() {
    const std::size_t d = dimension_;
    constexpr std::size_t group = kernels::lane_group;
    std::size_t lanes = group;
    std::vector<std::uint32_t> wanted;
    // The caller is handed all of them at once.
    if (setup_->objective->calls() == Calls::from_the_caller) {
        lanes = std::max((count_ + group - 1) / group * group, group);
        make_room(lanes);
        wanted.resize(count_);
        std::iota(wanted.begin(), wanted.end(), 0U);
    }
    f_.resize(count_);
    g_.resize(count_ * d);
    double* const f = rows_.data();
    double* const x = f + lanes;
    double* const g = x + d * lanes;
    for (std::size_t first = 0; first < count_; first += lanes) {
        const std::size_t count = std::min(lanes, count_ - first);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const double* const point = x_.data() + (first + std::min(lane, count - 1)) * d;
            for (std::size_t j = 0; j < d; ++j) x[j * lanes + lane] = point[j];
        }
        evaluator_(lanes, d, x, f, g, wanted);
        for (std::size_t lane = 0; lane < count; ++lane) {
            double& value = f_[first + lane];
            double* const gradient = g_.data() + (first + lane) * d;
            value = setup_->sign * f[lane];
            bool finite = std::isfinite(value);
            for (std::size_t j = 0; j < d; ++j) {
                const bool fixed = setup_->box->lower()[j] == setup_->box->upper()[j];
                gradient[j] = fixed ? 0 : setup_->sign * g[j * lanes + lane];
                finite = finite && std::isfinite(gradient[j]);
            }
            if (!finite) value = std::numeric_limits<double>::infinity();
        }
        halt_->poll(omp_get_thread_num() == 0);
    }
}

std::size_t Trials::lowest(std::size_t first, std::size_t count) const {
    const double* const f = f_.data() + first;
    return first + static_cast<std::size_t>(std::min_element(f, f + count) - f);
}

}  // namespace lanewise
