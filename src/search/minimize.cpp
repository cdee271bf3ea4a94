#include "lanewise/minimize.hpp"

#include <numeric>

#include "lanewise/saved.hpp"
#include "report.hpp"
#include "search.hpp"
#include "state.hpp"

namespace lanewise {

std::size_t Result::runs_started() const noexcept {
    return std::accumulate(runs.begin(), runs.end(), std::size_t{0});
}

Result minimize(const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    const Setting setting(objective, box, options);
    return report(setting, search(setting));
}

SavedSearch read_saved(std::string_view state) {
    return open_state(state).search;
}

Result resume(std::string_view state, const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    const Setting setting(objective, box, options);
    const OpenState saved = open_state(state);
    require_same(saved, setting);
    return report(setting, resume(setting, saved.rest));
}

Result saved_result(std::string_view state, const Objective& objective, const Nearness& same,
                    std::size_t most_minima) {
    OpenState saved = open_state(state);
    saved.search.options.same = same;
    saved.search.options.most_minima = most_minima;
    require_same_formula(saved, objective);
    validate(objective, saved.search.box, saved.search.options);
    const Setting setting(objective, saved.search.box, saved.search.options);
    return report(setting, found(setting, saved.rest));
}

}  // namespace lanewise
