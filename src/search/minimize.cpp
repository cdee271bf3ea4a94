#include "lanewise/minimize.hpp"

#include <chrono>
#include <numeric>

#include "lanewise/saved.hpp"
#include "report.hpp"
#include "search.hpp"
#include "state.hpp"

namespace lanewise {

std::size_t Result::runs_started() const noexcept {
    return std::accumulate(runs.begin(), runs.end(), std::size_t{0});
}

namespace {

Result tell(const Setting& setting, Findings findings) {
    const auto begin = std::chrono::steady_clock::now();
    Result result = report(setting, findings);
    if (!setting.options->profile) return result;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    Profile& profile = findings.profile;
    Profile::Thread& caller = profile.threads.front();
    caller.spans.push_back({Activity::decide, profile.seconds, profile.seconds + seconds});
    caller.seconds[static_cast<std::size_t>(Activity::decide)] += seconds;
    profile.seconds += seconds;
    setting.options->profile(profile);
    return result;
}

}  // namespace

Result minimize(const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    const Setting setting(objective, box, options);
    return tell(setting, search(setting));
}

SavedSearch read_saved(std::string_view state) {
    return open_state(state).search;
}

Result resume(std::string_view state, const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    const Setting setting(objective, box, options);
    const OpenState saved = open_state(state);
    require_same(saved, setting);
    return tell(setting, resume(setting, saved.rest));
}

Result saved_result(std::string_view state, const Objective& objective, const Nearness& same,
                    std::size_t most_minima) {
    OpenState saved = open_state(state);
    saved.search.options.same = same;
    saved.search.options.most_minima = most_minima;
    saved.search.options.jit = Jit::off;  // nothing is run
    require_same_formula(saved, objective);
    validate(objective, saved.search.box, saved.search.options);
    const Setting setting(objective, saved.search.box, saved.search.options);
    return tell(setting, found(setting, saved.rest));
}

}  // namespace lanewise
