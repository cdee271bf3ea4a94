#include "lanewise/minimize.hpp"

#include <numeric>

#include "lanewise/parts.hpp"
#include "lanewise/saved.hpp"
#include "search_job.hpp"
#include "state.hpp"

namespace lanewise {

std::size_t Result::runs_started() const noexcept {
    return std::accumulate(runs.begin(), runs.end(), std::size_t{0});
}

Result minimize(const Objective& objective, const Box& box, const Options& options) {
    if (options.parts > 0 && options.part == 0) return minimize_parts(objective, box, options, {});
    SearchJob job(objective, box, options);
    return job.tell(job.begin());
}

SavedSearch read_saved(std::string_view state) {
    return open_state(state).search;
}

Result resume(std::string_view state, const Objective& objective, const Box& box, const Options& options) {
    SearchJob job(objective, box, options);
    return job.tell(job.resume(open_state(state)));
}

Result saved_result(std::string_view state, const Objective& objective, double same_distance,
                    std::size_t most_minima) {
    OpenState saved = open_state(state);
    Options& options = saved.search.options;
    options.same_distance = same_distance;
    options.most_minima = most_minima;
    options.jit = Jit::off;  // nothing is run
    require_same_formula(saved, objective);
    SearchJob job(objective, saved.search.box, options);
    return job.tell(job.found(saved));
}

}  // namespace lanewise
