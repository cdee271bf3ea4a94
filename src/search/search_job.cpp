#include "search_job.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

#include "digest.hpp"
#include "found_part.hpp"
#include "handed.hpp"
#include "lanewise/part.hpp"
#include "region.hpp"
#include "report.hpp"
#include "search.hpp"
#include "tail.hpp"

namespace lanewise {

namespace {

const Options& validated(const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    return options;
}

}  // namespace

SearchJob::SearchJob(const Objective& objective, const Box& box, const Options& options)
    : setting_(objective, box, validated(objective, box, options)), halt_(options) {}

Outcome SearchJob::begin() {
    take_handed(setting_);
    compile_before(setting_);
    find_region(setting_, halt_);
    return outcome_of(search(setting_, engine(), halt_));
}

Outcome SearchJob::resume(OpenState saved) {
    take_handed(setting_);
    require_same(saved, setting_);
    setting_.narrow(saved.region, 0, saved.is_region_known);
    if (saved.of == StateOf::done_part) return read_found(saved, *setting_.box).outcome;
    compile_before(setting_);
    if (!saved.is_region_known) find_region(setting_, halt_);
    return outcome_of(lanewise::resume(setting_, engine(), halt_, saved.rest));
}

Outcome SearchJob::found(const OpenState& saved) {
    if (saved.of == StateOf::done_part)
        throw std::invalid_argument("the part is done: its state has minima to merge, and no runs");
    setting_.narrow(saved.region, 0, saved.is_region_known);
    setting_.is_handed = saved.handed != digest({});
    return outcome_of(lanewise::found(setting_, engine(), halt_, saved.rest));
}

Result SearchJob::tell(Outcome outcome) {
    const Options& options = *setting_.options;
    const double tail_share = share_of_tail(outcome.tail_halvings);
    Result result = report(setting_, std::move(outcome), engine(), halt_);
    if (options.part > 0)
        result.parts = PartsTold{.of = options.parts, .numbers = {options.part}, .tail_share = tail_share};
    if (!options.profile) return result;
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - end_of_search_).count();
    Profile::Thread& caller = profile_.threads.front();
    caller.spans.push_back({Activity::decide, profile_.seconds, profile_.seconds + seconds});
    caller.seconds[static_cast<std::size_t>(Activity::decide)] += seconds;
    profile_.seconds += seconds;
    options.profile(profile_);
    return result;
}

/// An engine of another place would be made here.
Engine& SearchJob::engine() {
    if (!engine_) engine_ = make_local_engine(setting_, halt_);
    return *engine_;
}

Outcome SearchJob::outcome_of(Findings findings) {
    end_of_search_ = std::chrono::steady_clock::now();
    profile_ = std::move(findings.profile);
    const Options& options = *setting_.options;
    const std::size_t most =
        options.part == 0 ? options.most_minima : std::numeric_limits<std::size_t>::max();
    Outcome outcome = lanewise::outcome_of(setting_, findings, engine(), halt_, most);
    if (options.part == 0) return outcome;
    leave_untold(outcome, setting_);
    if (options.checkpoint && is_done(outcome.status)) {
        const std::string state = write_found(setting_, outcome);
        halt_.call([&] { options.checkpoint(state); });
    }
    return outcome;
}

}  // namespace lanewise
