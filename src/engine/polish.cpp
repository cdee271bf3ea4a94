#include "polish.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>
#include <utility>

#include "gradient_sampling.hpp"
#include "lbfgs_lanes.hpp"
#include "second_order.hpp"

namespace lanewise {

namespace {

/// In box widths: a polish stays in its basin.
constexpr double longest_step = 0.1;
constexpr int most_escapes = 5;

class Polish {
  public:
    Polish(const Setup& setup, std::span<const PolishStart> starts, PolishTo to, const PolishEffort& effort,
           const Share& share, Halt& halt)
        : setup_(&setup), to_(to), effort_(effort), share_(&share), halt_(&halt) {
        for (const PolishStart& start : starts)
            polished_.push_back({.f = nowhere,
                                 .x = start.x,
                                 .finished = false,
                                 .is_rough = false,
                                 .is_converged = false,
                                 .iterations = 0,
                                 .is_at_limit = false,
                                 .starved = false,
                                 .start_f = nowhere,
                                 .start_x = start.x,
                                 .run = start.run,
                                 .iteration = start.iteration,
                                 .evaluations = 0});
        ends_.resize(starts.size(), kernels::idle);
        was_beside_.resize(starts.size(), 0);
    }

    std::vector<Polished> run() {
        std::vector<std::size_t> points(polished_.size());
        for (std::size_t i = 0; i < points.size(); ++i) points[i] = i;
        for (int escapes = 0; escapes <= most_escapes && !points.empty(); ++escapes) {
            descend(points);
            std::erase_if(points, [&](std::size_t i) { return !wants_second_order(i); });
            look_at_curvature(points);
            if (halt_->requested()) break;
        }
        return std::move(polished_);
    }

  private:
    static constexpr double nowhere = std::numeric_limits<double>::infinity();

    bool has_second_order() const { return setup_->box->dimension() <= SecondOrder::most_variables; }

    LbfgsLimits limits() const {
        LbfgsLimits limits{.evaluations = effort_.evaluations, .target = setup_->target};
        if (to_ == PolishTo::lbfgs || to_ == PolishTo::convergence) limits.tolerance = usual_tolerance;
        if (to_ == PolishTo::lbfgs_end) {
            limits.tolerance = effort_.tolerance;
            limits.iterations = effort_.iterations;
        } else {
            // From beyond a region the way is long.
            limits.longest_step = longest_step * setup_->box->widening();
            // Where L-BFGS has not come to an end by then, Newton's method will sooner.
            if (has_second_order()) limits.iterations = 100 + 10 * setup_->box->dimension();
        }
        return limits;
    }

    void descend(const std::vector<std::size_t>& points) {
        const LbfgsLimits limits = this->limits();
        const std::size_t lanes = lbfgs_lanes(*setup_, points.size());
        std::atomic<std::size_t> taken = 0;
        const auto next = [&]() -> std::optional<LbfgsLanes::Start> {
            const std::size_t i = taken++;
            if (i >= points.size()) return std::nullopt;
            const Polished& from = polished_[points[i]];
            return LbfgsLanes::Start{points[i], from.x, from.evaluations};
        };
        const auto done = [&](std::size_t point, const Descended& there) {
            Polished& polished = polished_[point];
            if (polished.evaluations == 0) polished.start_f = there.start_f;
            polished.evaluations = there.evaluations;
            polished.iterations += there.iterations;
            ends_[point] = there.why;
            polished.is_at_limit = there.why == kernels::out_of_work && !halt_->requested();
            polished.is_converged = there.why == kernels::converged;
            // Where second derivatives can tell more, L-BFGS alone does not say that there is no lower point.
            const bool may_say_so = to_ == PolishTo::lbfgs_end || !has_second_order() || there.is_near;
            polished.finished = polished.is_converged || (may_say_so && there.why == kernels::no_lower);
            polished.starved = there.evaluations >= effort_.evaluations && !polished.finished;
            if (!(there.f <= polished.f)) return;
            polished.f = there.f;
            polished.x.assign(there.x.begin(), there.x.end());
        };
        // Few points are shared out to all threads, and fill some of the lanes of each.
        constexpr std::size_t vector_lanes = 8;
        const auto threads = static_cast<std::size_t>(setup_->threads);
        const std::size_t at_once =
            std::clamp((points.size() + threads - 1) / threads, std::min(vector_lanes, lanes), lanes);
        (*share_)((points.size() + at_once - 1) / at_once,
                  [&](std::size_t) { LbfgsLanes(*setup_, limits, lanes, *halt_).run(next, done, at_once); });
    }

    bool wants_second_order(std::size_t point) const {
        const kernels::LbfgsPhase why = ends_[point];
        if (to_ == PolishTo::lbfgs_end || to_ == PolishTo::lbfgs || !has_second_order() ||
            why == kernels::no_value || why == kernels::at_target)
            return false;
        if (to_ == PolishTo::convergence && polished_[point].finished) return false;
        return std::isfinite(polished_[point].f) && polished_[point].evaluations < effort_.evaluations;
    }

    /// How many points a thread looks at together. A caller who is handed all that is wanted at once has as
    /// many as keep the points around them within 64 MiB.
    std::size_t looked_at_once(std::size_t points) const {
        constexpr std::size_t usual = 16;
        if (setup_->objective->calls() == Calls::from_any_thread) return usual;
        constexpr std::size_t most_bytes = std::size_t{64} << 20U;
        const std::size_t d = setup_->box->dimension();
        return std::clamp(most_bytes / (4 * d * d * sizeof(double)), usual, std::max(points, usual));
    }

    /// Leaves in `points` those that L-BFGS is to go on with.
    void look_at_curvature(std::vector<std::size_t>& points) {
        if (points.empty()) return;
        const std::size_t at_once = looked_at_once(points.size());
        std::vector<std::uint8_t> go_on(points.size(), 0);
        (*share_)((points.size() + at_once - 1) / at_once, [&](std::size_t part) {
            const std::size_t first = part * at_once;
            const std::size_t count = std::min(at_once, points.size() - first);
            std::vector<SecondOrderPoint> looked_at;
            for (std::size_t i = first; i < first + count; ++i) {
                Polished& polished = polished_[points[i]];
                looked_at.push_back({.x = polished.x,
                                     .f = polished.f,
                                     .evaluations = effort_.evaluations - polished.evaluations});
            }
            SecondOrder(*setup_, *halt_).refine(looked_at);
            std::optional<GradientSampling> sampling;
            for (std::size_t i = 0; i < count; ++i) {
                bool& is_rough = polished_[points[first + i]].is_rough;
                // Where L-BFGS ended a second time with something lower beside, the edge of values is near.
                const bool is_beside = looked_at[i].end == SecondOrderPoint::End::beside;
                is_rough = looked_at[i].end == SecondOrderPoint::End::rough ||
                           (is_beside && was_beside_[points[first + i]] != 0);
                was_beside_[points[first + i]] = is_beside ? 1 : 0;
                if (!is_rough || setup_->box->dimension() > GradientSampling::most_variables) continue;
                if (!sampling) sampling.emplace(*setup_, *halt_);
                sampling->refine(looked_at[i]);
            }
            for (std::size_t i = 0; i < count; ++i) {
                Polished& polished = polished_[points[first + i]];
                const SecondOrderPoint& point = looked_at[i];
                polished.f = point.f;
                polished.x = point.x;
                polished.evaluations = effort_.evaluations - point.evaluations;
                polished.finished = point.end == SecondOrderPoint::End::minimum;
                polished.starved = point.end == SecondOrderPoint::End::out_of_work;
                const bool leads_on = point.end == SecondOrderPoint::End::way_down ||
                                      point.end == SecondOrderPoint::End::beside;
                go_on[first + i] = leads_on && point.evaluations > 0 ? 1 : 0;
            }
        });
        std::size_t kept = 0;
        for (std::size_t i = 0; i < points.size(); ++i) {
            if (go_on[i] != 0) points[kept++] = points[i];
        }
        points.resize(kept);
    }

    const Setup* setup_;
    PolishTo to_;
    PolishEffort effort_;
    const Share* share_;
    Halt* halt_;
    std::vector<Polished> polished_;
    std::vector<kernels::LbfgsPhase> ends_;  ///< of L-BFGS
    std::vector<std::uint8_t> was_beside_;   ///< where second derivatives were looked at last
};

}  // namespace

std::vector<Polished> polish(const Setup& setup, std::span<const PolishStart> starts, PolishTo to,
                             const PolishEffort& effort, const Share& share, Halt& halt) {
    return Polish(setup, starts, to, effort, share, halt).run();
}

}  // namespace lanewise
