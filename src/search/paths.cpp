#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "evaluator.hpp"
#include "isa.hpp"
#include "lanewise/minimize.hpp"
#include "schedule.hpp"
#include "search.hpp"
#include "swarm.hpp"

namespace lanewise {

namespace {

/// One tile of runs, taken again an iteration at a time. Bits do not depend on tile or neighbours, so these
/// are the paths of the search itself.
template <class T>
void visit_tile(const Objective& objective, const Box& box, const Options& options,
                std::span<const std::uint64_t> start_ids, std::size_t iterations,
                const std::function<void(const PathPoint&)>& visit) {
    constexpr std::size_t lanes = kernels::lane_group;
    const std::size_t d = box.dimension();
    const Isa isa = choose_isa(options.isa);
    const double sign = options.maximize ? -1 : 1;
    const Starts starts(box, options);
    Swarm<T> swarm(start_ids.size(), box, options.scale, lanes);
    const Workspace<T> workspace(lanes, d, objective.scratch_rows());
    Evaluator<T> evaluator{&objective, isa, options.maximize, workspace.scratch.data()};
    const kernels::Functions<T>& functions = kernels::functions<T>(kernel_table(isa));

    std::vector<double> x(d);
    swarm.begin(0, starts, start_ids, x);
    const kernels::Tile<T> tile = swarm.unpack(0, workspace);

    struct Point {
        double f;
        std::vector<double> x;
    };
    std::vector<std::vector<Point>> paths(start_ids.size());
    for (std::size_t k = 0; k < iterations; ++k) {
        const kernels::Step<T> step = step_at<T>(options, k);
        functions.advance_adam(tile, &step, 1, evaluator.callback());
        // The value at the new point; a lane that broke there is frozen, and its path over.
        functions.settle(tile, T(0), evaluator.callback());
        bool any_live = false;
        for (std::size_t lane = 0; lane < start_ids.size(); ++lane) {
            if (tile.status[lane] != T(kernels::live)) continue;
            any_live = true;
            for (std::size_t j = 0; j < d; ++j) x[j] = static_cast<double>(tile.x[j * lanes + lane]);
            paths[lane].push_back({sign * static_cast<double>(tile.f[lane]), x});
        }
        if (!any_live) break;
    }
    for (std::size_t lane = 0; lane < start_ids.size(); ++lane) {
        for (std::size_t k = 0; k < paths[lane].size(); ++k)
            visit(
                {.start_id = start_ids[lane], .iteration = k, .f = paths[lane][k].f, .x = paths[lane][k].x});
    }
}

}  // namespace

void visit_paths(const Objective& objective, const Box& box, const Options& options,
                 std::span<const std::uint64_t> start_ids, std::size_t iterations,
                 const std::function<void(const PathPoint&)>& visit) {
    validate(objective, box, options);
    const std::size_t runs = Starts(box, options).count();
    for (const std::uint64_t id : start_ids) {
        if (id >= runs)
            throw std::invalid_argument(fmt::format("start id {}: there are {} starts", id, runs));
    }
    const std::size_t bounded = std::min(iterations, options.iterations);
    for (std::size_t first = 0; first < start_ids.size(); first += kernels::lane_group) {
        const auto tile = start_ids.subspan(first, std::min(kernels::lane_group, start_ids.size() - first));
        if (options.precision == Precision::f64) {
            visit_tile<double>(objective, box, options, tile, bounded, visit);
        } else {
            visit_tile<float>(objective, box, options, tile, bounded, visit);
        }
    }
}

}  // namespace lanewise
