#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cluster.hpp"
#include "evaluate.hpp"
#include "lanewise/minimize.hpp"

namespace lanewise {

namespace {

RunStatus run_status(kernels::LaneStatus lane, bool all_iterations_done) {
    switch (lane) {
        case kernels::nan_at_start: return RunStatus::nan_at_start;
        case kernels::nan_on_the_way: return RunStatus::nan_on_the_way;
        case kernels::live: break;
    }
    return all_iterations_done ? RunStatus::max_iterations : RunStatus::stopped;
}

/// What can be said about runs once they have ended.
template <class T>
class Report {
    using Which = typename Swarm<T>::Which;

  public:
    Report(const Objective& objective, const Box& box, const Options& options, const Starts& starts,
           const Engine& engine, const SearchEnd<T>& end)
        : objective_(&objective),
          box_(&box),
          sign_(options.maximize ? -1 : 1),
          given_(starts.given()),
          iterations_(options.iterations),
          most_minima_(options.most_minima),
          engine_(&engine),
          end_(&end) {}

    Result result() {
        Result result{};
        result.status = end_->status;
        result.iterations = end_->iterations;
        result.work = end_->work;
        result.isa = engine_->isa;
        result.threads = end_->threads;
        result.tile_lanes = engine_->tile_lanes;
        for (std::size_t run = 0; run < swarm().runs(); ++run)
            ++result.runs[static_cast<std::size_t>(run_status(
                swarm().status(run), swarm().iterations_done(run / swarm().tile_lanes()) == iterations_))];

        best_run_ = find_best_run();
        if (!std::isfinite(swarm().best_f(best_run_)))
            throw NothingFinite("nothing finite found: value or gradient is not finite at any start");
        result.best = {.f = sign_ * swarm().best_f(best_run_),
                       .x = end_point(best_run_),
                       .start_id = best_run_,
                       .iteration = swarm().best_iteration(best_run_)};
        const Clusters clusters = cluster_ends();
        result.minima = describe(clusters);
        result.minima_found = clusters.count;
        result.coverage = coverage(clusters);
        return result;
    }

  private:
    const Swarm<T>& swarm() const { return end_->swarm; }

    /// The run with the best point visited; of equals the one with the smallest start id.
    std::size_t find_best_run() const {
        std::size_t best = 0;
        for (std::size_t run = 1; run < swarm().runs(); ++run) {
            if (swarm().best_f(run) < swarm().best_f(best)) best = run;
        }
        return best;
    }

    /// Where a run ends: at its best point for the best run, and for all when the search was halted.
    bool ends_at_best(std::size_t run) const { return run == best_run_ || !end_->settled; }

    /// Broken runs have no end.
    double end_f(std::size_t run) const {
        if (run != best_run_ && swarm().status(run) != kernels::live)
            return std::numeric_limits<double>::infinity();
        return ends_at_best(run) ? swarm().best_f(run) : swarm().f(run);
    }

    double end_x(std::size_t run, std::size_t j) const {
        return swarm().coordinate(run, ends_at_best(run) ? Which::best : Which::current, j);
    }

    std::vector<double> end_point(std::size_t run) const {
        std::vector<double> x(box_->dimension());
        for (std::size_t j = 0; j < x.size(); ++j) x[j] = end_x(run, j);
        return x;
    }

    Clusters cluster_ends() const {
        std::vector<double> widths(box_->dimension());
        for (std::size_t j = 0; j < widths.size(); ++j) widths[j] = box_->upper()[j] - box_->lower()[j];
        return cluster({.runs = swarm().runs(),
                        .widths = widths,
                        .f = [this](std::size_t run) { return end_f(run); },
                        .x = [this](std::size_t run, std::size_t j) { return end_x(run, j); }});
    }

    std::vector<Minimum> describe(const Clusters& clusters) const {
        std::vector<Minimum> minima;
        std::vector<std::vector<double>> points;
        for (const auto& [f, run, cluster] : clusters.members) {
            if (cluster >= most_minima_) continue;
            if (cluster == minima.size()) {
                minima.push_back({.f = sign_ * end_f(run),
                                  .x = end_point(run),
                                  .gradient_norm = 0,
                                  .at_bound = std::vector<std::int8_t>(box_->dimension(), 0),
                                  .start_ids = {}});
                points.push_back(minima.back().x);
            }
            minima[cluster].start_ids.push_back(run);
        }
        evaluate_points(*objective_, points, engine_->isa, [&](std::size_t i, const Evaluation& at) {
            add_first_order(minima[i], at.gradient);
        });
        return minima;
    }

    /// What the gradient says about a minimum: a variable at a bound that it pushes against counts as
    /// settled.
    void add_first_order(Minimum& minimum, std::vector<double> gradient) const {
        double largest = 0;
        for (std::size_t j = 0; j < minimum.x.size(); ++j) {
            const bool at_lower = minimum.x[j] == box_->lower()[j];
            const bool at_upper = minimum.x[j] == box_->upper()[j];
            minimum.at_bound[j] = static_cast<std::int8_t>(at_lower ? -1 : static_cast<int>(at_upper));
            const double downhill = -sign_ * gradient[j];
            const bool held =
                (at_lower && downhill <= 0) || (at_upper && downhill >= 0) || (at_lower && at_upper);
            if (held) gradient[j] = 0;
            largest = std::max(largest, std::abs(gradient[j]));
        }
        if (largest == 0) return;
        // Scaled against overflow; not std::hypot, whose bits differ between C libraries.
        double sum = 0;
        for (const double g : gradient) sum += (g / largest) * (g / largest);
        minimum.gradient_norm = largest * std::sqrt(sum);
    }

    Coverage coverage(const Clusters& clusters) const {
        std::vector<bool> reached(clusters.count, false);
        double n = 0;
        for (const auto& [f, run, cluster] : clusters.members) {
            if (run < given_) continue;
            reached[cluster] = true;
            ++n;
        }
        const auto w = static_cast<double>(std::ranges::count(reached, true));
        Coverage coverage{.minima_found = static_cast<std::size_t>(w),
                          .minima_expected = {},
                          .volume_covered = {},
                          .unseen_probability = {}};
        if (n > w + 2) coverage.minima_expected = w * (n - 1) / (n - w - 2);
        if (n > 1) {
            coverage.volume_covered = std::max(0.0, (n - w - 1) * (n + w) / (n * (n - 1)));
            coverage.unseen_probability = std::min(1.0, w * (w + 1) / (n * (n - 1)));
        }
        return coverage;
    }

    const Objective* objective_;
    const Box* box_;
    double sign_;
    std::size_t given_;
    std::size_t iterations_;
    std::size_t most_minima_;
    const Engine* engine_;
    const SearchEnd<T>* end_;
    std::size_t best_run_ = 0;
};

}  // namespace

template <class T>
Result report(const Objective& objective, const Box& box, const Options& options, const Starts& starts,
              const Engine& engine, const SearchEnd<T>& end) {
    return Report<T>(objective, box, options, starts, engine, end).result();
}

template Result report(const Objective&, const Box&, const Options&, const Starts&, const Engine&,
                       const SearchEnd<double>&);
template Result report(const Objective&, const Box&, const Options&, const Starts&, const Engine&,
                       const SearchEnd<float>&);

}  // namespace lanewise
