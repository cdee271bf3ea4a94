#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "crew.hpp"
#include "evaluator.hpp"
#include "isa.hpp"
#include "lanewise/minimize.hpp"
#include "schedule.hpp"
#include "subnormals.hpp"
#include "swarm.hpp"

namespace lanewise {

namespace {

/// One run, taken again an iteration at a time in a tile of its own. Bits do not depend on tile or
/// neighbours, so this is the path of the search itself.
template <class T>
void visit_path(const Objective& objective, const Box& box, const Options& options, std::uint64_t start_id,
                std::size_t iterations, const std::function<void(const PathPoint&)>& visit) {
    const std::size_t d = box.dimension();
    const Isa isa = choose_isa(options.isa);
    const double sign = options.maximize ? -1 : 1;
    const std::vector<std::size_t> fixed = fixed_coordinates(box);
    const Starts starts(box, options);
    Swarm<T> swarm(0, 1, box, options, kernels::lane_group);
    Workspace<T> workspace(kernels::lane_group, d, objective.scratch_rows());
    Evaluator<T> evaluator{&objective, isa, options.maximize, workspace.scratch.data(), fixed};
    const kernels::Functions<T>& functions = kernels::functions<T>(kernel_table(isa));
    const auto advance = functions.advance[kernel_method(options.rule)];

    std::vector<double> x(d);
    {
        const SubnormalsAsZero<T> scope;
        begin_tile(swarm, 0, start_id, starts, functions, evaluator, workspace, nullptr);
    }
    const kernels::Tile<T> tile = swarm.unpack(0, workspace);
    for (std::size_t k = 0; k < iterations; ++k) {
        const kernels::Step<T> step = step_at<T>(options, k);
        {
            const SubnormalsAsZero<T> scope;
            advance(tile, &step, 0, 1, evaluator.callback());
            // The value at the new point; a run that breaks there is frozen, and its path over.
            functions.look(tile, T(0), evaluator.callback());
        }
        if (tile.status[0] != T(kernels::live)) return;
        for (std::size_t j = 0; j < d; ++j) x[j] = swarm.coordinate(0, Swarm<T>::Which::current, j);
        visit({.start_id = start_id, .iteration = k, .f = sign * static_cast<double>(tile.f[0]), .x = x});
    }
}

}  // namespace

void visit_paths(const Objective& objective, const Box& box, const Options& options,
                 std::span<const std::uint64_t> start_ids, std::size_t iterations,
                 const std::function<void(const PathPoint&)>& visit) {
    validate(objective, box, options);
    const std::size_t runs = count_starts(options);
    for (const std::uint64_t id : start_ids) {
        if (id >= runs)
            throw std::invalid_argument(fmt::format("start id {}: there are {} starts", id, runs));
    }
    const std::size_t bounded = std::min(iterations, options.iterations);
    for (const std::uint64_t id : start_ids) {
        if (options.precision == Precision::f64) {
            visit_path<double>(objective, box, options, id, bounded, visit);
        } else {
            visit_path<float>(objective, box, options, id, bounded, visit);
        }
    }
}

}  // namespace lanewise
