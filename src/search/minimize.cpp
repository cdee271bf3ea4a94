#include "lanewise/minimize.hpp"

#include <chrono>
#include <memory>
#include <numeric>
#include <utility>

#include "engine/engine.hpp"
#include "lanewise/saved.hpp"
#include "region.hpp"
#include "report.hpp"
#include "search.hpp"
#include "state.hpp"

namespace lanewise {

std::size_t Result::runs_started() const noexcept {
    return std::accumulate(runs.begin(), runs.end(), std::size_t{0});
}

namespace {

Result tell(const Setting& setting, Engine& engine, const Halt& halt, Findings findings) {
    const auto begin = std::chrono::steady_clock::now();
    Result result = report(setting, findings, engine, halt);
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

/// The result of what find(engine, halt) finds. An engine of another place would be made here.
template <class Find>
Result with_engine(const Setting& setting, Halt& halt, Find find) {
    const std::unique_ptr<Engine> engine = make_local_engine(setting, halt);
    return tell(setting, *engine, halt, find(*engine, halt));
}

}  // namespace

Result minimize(const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    Setting setting(objective, box, options);
    compile_before(setting);
    Halt halt(options);
    find_region(setting, halt);
    return with_engine(setting, halt, [&](Engine& engine, Halt& at) { return search(setting, engine, at); });
}

SavedSearch read_saved(std::string_view state) {
    return open_state(state).search;
}

Result resume(std::string_view state, const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    Setting setting(objective, box, options);
    const OpenState saved = open_state(state);
    require_same(saved, setting);
    setting.narrow(saved.region, 0, saved.is_region_known);
    compile_before(setting);
    Halt halt(options);
    if (!saved.is_region_known) find_region(setting, halt);
    return with_engine(setting, halt,
                       [&](Engine& engine, Halt& at) { return resume(setting, engine, at, saved.rest); });
}

Result saved_result(std::string_view state, const Objective& objective, double same_distance,
                    std::size_t most_minima) {
    OpenState saved = open_state(state);
    saved.search.options.same_distance = same_distance;
    saved.search.options.most_minima = most_minima;
    saved.search.options.jit = Jit::off;  // nothing is run
    require_same_formula(saved, objective);
    validate(objective, saved.search.box, saved.search.options);
    Setting setting(objective, saved.search.box, saved.search.options);
    setting.narrow(saved.region, 0, saved.is_region_known);
    Halt halt(saved.search.options);
    return with_engine(setting, halt,
                       [&](Engine& engine, Halt& at) { return found(setting, engine, at, saved.rest); });
}

}  // namespace lanewise
