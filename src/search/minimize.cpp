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

/// The result of what find(setting, engine, halt) finds. An engine of another place would be made here.
template <class Find>
Result with_engine(const Objective& objective, const Box& box, const Options& options, Find find) {
    Setting setting(objective, box, options);
    compile_before(setting);
    Halt halt(options);
    find_region(setting, halt);
    const std::unique_ptr<Engine> engine = make_local_engine(setting, halt);
    return tell(setting, *engine, halt, find(setting, *engine, halt));
}

}  // namespace

Result minimize(const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    return with_engine(objective, box, options, [](const Setting& setting, Engine& engine, Halt& halt) {
        return search(setting, engine, halt);
    });
}

SavedSearch read_saved(std::string_view state) {
    return open_state(state).search;
}

Result resume(std::string_view state, const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    const OpenState saved = open_state(state);
    require_same(saved, Setting(objective, box, options));
    return with_engine(objective, box, options, [&](const Setting& setting, Engine& engine, Halt& halt) {
        return resume(setting, engine, halt, saved.rest);
    });
}

Result saved_result(std::string_view state, const Objective& objective, double same_distance,
                    std::size_t most_minima) {
    OpenState saved = open_state(state);
    saved.search.options.same_distance = same_distance;
    saved.search.options.most_minima = most_minima;
    saved.search.options.jit = Jit::off;  // nothing is run
    require_same_formula(saved, objective);
    validate(objective, saved.search.box, saved.search.options);
    return with_engine(objective, saved.search.box, saved.search.options,
                       [&](const Setting& setting, Engine& engine, Halt& halt) {
                           return found(setting, engine, halt, saved.rest);
                       });
}

}  // namespace lanewise
