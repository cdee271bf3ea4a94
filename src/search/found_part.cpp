#include "found_part.hpp"

#include <utility>

#include "archive.hpp"
#include "digest.hpp"
#include "handed.hpp"
#include "state_rules.hpp"
#include "tail.hpp"

namespace lanewise {

bool is_done(SearchStatus status) noexcept {
    return status == SearchStatus::completed || status == SearchStatus::target ||
           status == SearchStatus::max_evaluations;
}

void leave_untold(Outcome& outcome, const Setting& setting) {
    const Options& options = *setting.options;
    outcome.tail_halvings = shorten_tail(outcome.minima, *setting.box);
    if (!options.start_ids) outcome.minima.start_ids.clear();
    if (round_of(options.part, options) == options.rounds) outcome.parents.clear();
}

std::uint64_t digest_of(Outcome& outcome) {
    Writer found;
    found(outcome);
    return digest(found.bytes());
}

std::string write_found(const Setting& setting, Outcome& outcome) {
    Writer writer = begin_state(setting, StateOf::done_part);
    writer(search_digest(setting), setting.handed_of);
    Writer found;
    found(outcome);
    writer(found.bytes());
    outcome.archive_work(writer);
    return end_state(std::move(writer));
}

FoundPart read_found(OpenState& state, const Box& box) {
    FoundPart part{.number = state.search.options.part,
                   .search = 0,
                   .handed_of = 0,
                   .found = 0,
                   .outcome = {.minima = {.dimension = box.dimension()}}};
    std::string found;
    Reader& reader = state.rest;
    reader(part.search, part.handed_of, found);
    part.outcome.archive_work(reader);
    Reader::require(reader.at_end());
    Reader of_found(found);
    of_found(part.outcome);
    Reader::require(of_found.at_end());
    part.found = digest(found);
    require_rules(part, state.search.options, box);
    return part;
}

}  // namespace lanewise
